"""Who is here: streamers and SFUs by streamer id, players by player id, leased players by session.

The trap: a streamer's id can change while players are subscribed, so the registry alone renames.
"""

from __future__ import annotations

from collections.abc import Iterator

from pixelstream.protocol import ids
from pixelstream.relay.peers import Player, Sfu, Streamer


class Registry:
    """The peers of one relay.

    Attributes:
        streamers: streamers and SFUs by streamer id, in the order they came.
        players: players by player id, those that are away among them.
        sessions: the players that came with a lease, by session.
        player_ids: the counter that players and SFUs share.
    """

    def __init__(self, first_player: int = 1) -> None:
        self.streamers: dict[str, Streamer] = {}
        self.players: dict[str, Player] = {}
        self.sessions: dict[str, Player] = {}
        self.player_ids = ids.PlayerIds(first_player)

    def unnamed(self) -> str:
        """An id for a streamer that hasn't told one yet."""
        return ids.streamer_id(None, self.streamers)

    def add_streamer(self, streamer: Streamer) -> None:
        """Enter a streamer or SFU under its id, which must be free."""
        self.streamers[streamer.id] = streamer

    def rename(self, streamer: Streamer, wanted: object) -> bool:
        """Give a streamer the id it wants, or one like it if that is another's; True if it changed."""
        others = self.streamers.keys() - {streamer.id}
        return self._rename(streamer, ids.streamer_id(wanted, others))

    def name_silent(self, streamer: Streamer) -> None:
        """Give a streamer that says nothing the id that Epic's older server gave."""
        self._rename(streamer, ids.silent_streamer_id(self.streamers))

    def remove_streamer(self, streamer: Streamer) -> None:
        """Forget a streamer or SFU."""
        del self.streamers[streamer.id]

    def add_player(self, player: Player) -> None:
        """Enter a player, in place of the one with its id."""
        self.players[player.player_id] = player
        if player.seat.session:
            self.sessions[player.seat.session] = player

    def remove_player(self, player: Player) -> None:
        """Forget a player."""
        del self.players[player.player_id]
        self.sessions.pop(player.seat.session, None)

    def engines(self) -> Iterator[Streamer]:
        """Streamers that are no SFU, in the order they came."""
        return (streamer for streamer in self.streamers.values() if not isinstance(streamer, Sfu))

    def first(self, *, sfu: bool = False) -> Streamer | None:
        """Whom a player gets that names nobody: the first streamer, or SFU, that streams."""
        return next(
            (one for one in self.streamers.values() if one.streaming and isinstance(one, Sfu) is sfu), None
        )

    def _rename(self, streamer: Streamer, new: str) -> bool:
        if new == streamer.id:
            return False
        old, streamer.id = streamer.id, new
        self.streamers = {new if name == old else name: one for name, one in self.streamers.items()}
        return True
