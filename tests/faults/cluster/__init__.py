"""The ground of a cluster: the charts on a real node, and sessions that play in them."""
