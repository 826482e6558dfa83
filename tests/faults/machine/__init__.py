"""The ground of one machine: real processes, as many of each kind as a cluster has, and sessions on them."""
