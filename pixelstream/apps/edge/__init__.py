"""The edge: the page, the way to the matchmaker and to each stream, on one port of one machine."""
