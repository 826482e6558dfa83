"""The two sides that a relay is plugged between: one port for each socket, one host for all.

Effects are calls, not objects: a relayed message costs no allocation but its bytes. The trap: a
port's methods must not call back into the relay before they have returned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pixelstream.protocol.control import EndedReason
from pixelstream.relay.vocabulary import Phase

if TYPE_CHECKING:
    from pixelstream.relay.peers import Peer, Player


class Port(Protocol):
    """One peer's socket, as far as the relay needs it; `pixelstream.net.websocket.WebSocket` is one."""

    @property
    def last_seen(self) -> float:
        """When the last bytes came, on the clock that the relay's `now` is read from."""

    def send(self, data: bytes, /) -> None:
        """Send one text message; nothing happens once the socket is closing."""

    def ping(self) -> None:
        """Send a websocket ping; the answer shows in `last_seen`."""

    def close(self, code: int, reason: str, /) -> None:
        """Say goodbye and hang up; `reason` fits a close frame."""

    def abort(self) -> None:
        """Drop the connection without a goodbye."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease whose signature, stream and expiry the host has checked (`pixelstream.auth.lease`)."""

    session: str
    fence: int


@dataclass(frozen=True, slots=True)
class Hello:
    """What a peer's handshake said.

    `query` is the raw query string, `subprotocols` are those *offered*, in order.
    """

    query: str = ""
    subprotocols: tuple[str, ...] = ()
    lease: Lease | None = None


@dataclass(frozen=True, slots=True)
class ControlRequest:
    """A player's request to the streamer's REST API that the allow-list has let through.

    `path` is relative, without scheme, host or leading slash, and may carry a query.
    `payload` is JSON and present for POST only.
    """

    action: str
    method: str
    path: str
    payload: bytes | None


class Host(Protocol):
    """What the relay asks of the shell around it.

    No call may raise, and none may call the relay back before it has returned, except `want_config`,
    which may call `Relay.configure` at once.
    """

    def want_config(self, peer: Peer) -> None:
        """Fetch ICE servers for this peer, then call `Relay.configure`; again when a player asks again."""

    def control(self, player: Player, request: ControlRequest) -> None:
        """Ask the streamer's REST API, then call `Relay.respond` exactly once."""

    def reset(self, request: ControlRequest) -> None:
        """Ask the streamer's REST API to reset it, then call `Relay.reset_answered` exactly once."""

    def changed(self) -> None:
        """Something in `Relay.snapshot` changed."""

    def ended(self, session: str, reason: EndedReason, seconds: float) -> None:
        """A leased session is over; `seconds` since its player first came (0 if it never did)."""

    def phase(self, player: Player, phase: Phase, since_opened: float, since_previous: float) -> None:
        """A player's visit reached a phase for the first time (after each subscribe, anew)."""

    def left(self, player: Player, reason: EndedReason, seconds: float) -> None:
        """A player's visit is over, leased or not."""

    def drained(self) -> None:
        """The relay is draining and the last seat is free; called once."""
