"""The stack in a cluster, as people at a terminal see it: Helm, kubectl, and what the two tell."""
