"""The signalserver: Epic's signalling protocol on real sockets around the pure relay."""
