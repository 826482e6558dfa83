"""Pixel Streaming on Kubernetes: signalling, matchmaking and TURN credentials for Unreal Engine."""

__version__ = "0.1.0"
