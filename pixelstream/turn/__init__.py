"""The rules of TURN: credentials for one caller, which relays are offered, what a browser is told."""
