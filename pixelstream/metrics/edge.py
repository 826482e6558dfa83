"""Metrics of the edge: what it served, what it joined, and what it refused."""

from enum import StrEnum

from prometheus_client import CollectorRegistry, Gauge

from pixelstream.metrics.common import Tally


class Answer(StrEnum):
    """How an HTTP request ended."""

    PAGE = "page"
    MISSING = "missing"
    FORWARDED = "forwarded"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


class Join(StrEnum):
    """How a websocket ended or began; `lease_...` are the codes of `LeaseError`."""

    JOINED = "joined"
    UNREACHABLE = "unreachable"
    NO_ROUTE = "no_route"
    LEASE_MALFORMED = "lease_malformed"
    LEASE_FORGED = "lease_forged"
    LEASE_EXPIRED = "lease_expired"
    LEASE_UNKNOWN_KEY = "lease_unknown_key"
    LEASE_UNKNOWN_STREAM = "lease_unknown_stream"


class Target(StrEnum):
    """Whom a websocket is joined with."""

    MATCHMAKER = "matchmaker"
    STREAM = "stream"


class EdgeMetrics:
    """Every series of the edge; all exist from the start, at zero."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.answers = Tally("edge_requests", "HTTP requests by how they ended", "result", Answer, registry)
        self.joins = Tally("edge_joins", "Websockets by how joining them ended", "result", Join, registry)
        sockets = Gauge("edge_sockets", "Websockets open by whom they lead to", ["target"], registry=registry)
        self.sockets = {target: sockets.labels(target) for target in Target}
