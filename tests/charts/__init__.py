"""The charts without a cluster: what is rendered, refused, documented."""
