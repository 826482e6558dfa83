"""What a peer is told of the relays: an RTCConfiguration (W3C WebRTC, 4.2.1).

The trap: `urls` is always a list, since Unreal's reader takes nothing else, and a server without urls
makes browsers refuse the whole configuration, so no relays means no servers.
"""

from collections.abc import Sequence
from ipaddress import IPv6Address
from typing import Any, Literal

from pixelstream.turn.credentials import Credentials
from pixelstream.turn.pool import Relay

Policy = Literal["all", "relay"]


def rtc_configuration(
    relays: Sequence[Relay], credentials: Credentials, policy: Policy = "all"
) -> dict[str, Any]:
    """Return the RTCConfiguration for `relays`, as JSON would hold it.

    One server carries all urls, by what peers should try first: STUN, TURN over UDP, TCP, then TLS.
    """
    urls = ice_urls(relays)
    if not urls:
        return {"iceTransportPolicy": policy, "iceServers": []}
    server = {"urls": urls, "username": credentials.username, "credential": credentials.credential}
    return {"iceTransportPolicy": policy, "iceServers": [server]}


def ice_urls(relays: Sequence[Relay]) -> list[str]:
    """Return the urls of `relays` (RFC 7064, RFC 7065) by transport, best first."""
    udp = [f"{bracket(r.host)}:{r.udp}" for r in relays if r.udp]
    tcp = [f"{bracket(r.host)}:{r.tcp}" for r in relays if r.tcp]
    tls = [f"{bracket(r.tls_host or r.host)}:{r.tls}" for r in relays if r.tls]
    return [
        *(f"stun:{place}" for place in udp),
        *(f"turn:{place}?transport=udp" for place in udp),
        *(f"turn:{place}?transport=tcp" for place in tcp),
        *(f"turns:{place}?transport=tcp" for place in tls),
    ]


def bracket(host: str) -> str:
    """Return `host` as a URL holds it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host and _is_v6(host) else host


def _is_v6(host: str) -> bool:
    try:
        IPv6Address(host)
    except ValueError:
        return False
    return True
