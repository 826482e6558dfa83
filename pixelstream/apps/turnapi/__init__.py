"""turn-api: tells peers which relays there are, with credentials made for each caller."""
