"""The services: thin shells of sockets and HTTP around the rules."""
