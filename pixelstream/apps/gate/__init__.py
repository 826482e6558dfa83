"""The gate: says to the proxy beside it whether a lease is good, and where its stream is."""
