"""How the matchmaker grows: many streams, many players, one matchmaker, a real API server.

Pods are kwok's, so they cost no machine; their EndpointSlices, labels and watches are real. Control links
and players are real sockets, held by this process. `python -m tests.cluster.scale` is the long form.
"""
