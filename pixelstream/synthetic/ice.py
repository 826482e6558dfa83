"""From the signalling messages' ICE servers and candidates to aiortc's.

The traps: aiortc uses one STUN and one TURN server, the first that it finds, and a public STUN server if
it is given none at all; a server that does not answer holds up every offer by 5 s. And aioice counts an
answer to a consent check that took half a second as none, so a busy machine alone could end a connection.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from aioice import ice as aioice_ice
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCIceCandidate, RTCIceServer
from aiortc.rtcicetransport import parse_stun_turn_uri
from aiortc.sdp import candidate_from_sdp

CONSENT_FAILURES: Final = 12
"""Checks in a row, 5 s apart, without an answer in time: a minute, as long as a seat is kept."""

aioice_ice.CONSENT_FAILURES = CONSENT_FAILURES

MAX_CANDIDATES: Final = 64
"""Candidates of one player that are looked at; browsers send about a dozen."""


def configuration(options: object, *, servers: bool = True) -> RTCConfiguration:
    """Return how to connect, from the `peerConnectionOptions` of a `config` message.

    Takes the first STUN server and the first TURN server over UDP. `iceTransportPolicy` is the browser's
    to obey: if it must use a relay, the streamer's own address behind that relay still serves.
    """
    chosen = list(_choose(_entries(options))) if servers else []
    return RTCConfiguration(iceServers=chosen, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)


def candidate(message: object) -> RTCIceCandidate | None:
    """Return the candidate of an `iceCandidate` message; None if it is empty, over TCP or unreadable."""
    line = message.get("candidate") if isinstance(message, dict) else None
    if not isinstance(line, str) or not line.strip():
        return None
    return _candidate_of(line.removeprefix("a=").removeprefix("candidate:"))


def candidates_of(sdp: str) -> list[RTCIceCandidate]:
    """Return the candidates that a description holds in any of its sections."""
    lines = (line for line in sdp.splitlines() if line.startswith("a=candidate:"))
    found = (_candidate_of(line.removeprefix("a=candidate:")) for line in lines)
    return [each for each in found if each is not None][:MAX_CANDIDATES]


def _candidate_of(line: str) -> RTCIceCandidate | None:
    try:
        made = candidate_from_sdp(line)
    except (ValueError, AssertionError, IndexError):
        return None
    return made if made.protocol.lower() == "udp" else None


def _entries(options: object) -> Iterator[tuple[str, dict[str, Any]]]:
    servers = options.get("iceServers") if isinstance(options, dict) else None
    for server in servers if isinstance(servers, list) else ():
        if not isinstance(server, dict):
            continue
        urls = server.get("urls")
        for url in urls if isinstance(urls, list) else [urls]:
            if isinstance(url, str):
                yield url, server


def _choose(entries: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[RTCIceServer]:
    wanted = {"stun", "turn"}
    for url, server in entries:
        scheme = _scheme(url)
        if scheme in wanted:
            wanted.remove(scheme)
            name, password = server.get("username"), server.get("credential")
            yield RTCIceServer(urls=url, username=name, credential=password)


def _scheme(url: str) -> str | None:
    try:
        parsed = parse_stun_turn_uri(url)
    except ValueError:
        return None
    return str(parsed["scheme"]) if parsed.get("transport", "udp") == "udp" else None
