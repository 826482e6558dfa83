"""Sockets: websockets without ASGI, one listener for them and for HTTP, clients of our own services."""
