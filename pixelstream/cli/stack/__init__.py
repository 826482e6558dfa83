"""The whole stack on one machine, as processes that are configured as they would be in a cluster."""
