"""Nodes of a simulated cluster: streams are packed on them, further ones come, empty ones go.

The trap: a place that carries no stream costs as much as one that does, and a node costs from the moment that
it is ordered.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from pixelstream.cli.simulator.agenda import Agenda
from pixelstream.cli.simulator.model import Nodes
from pixelstream.cli.simulator.streams import SPARE, Meter, Node, SimStream


class Cluster:
    """Places for streams.

    Args:
        settings: None if there is always room, and nothing to pay for what is empty.
        placed: called with a stream once its node is ready.
    """

    def __init__(
        self,
        settings: Nodes | None,
        agenda: Agenda,
        meter: Meter,
        dice: random.Random,
        placed: Callable[[SimStream], None],
    ) -> None:
        self._settings, self._agenda, self._meter, self._dice = settings, agenda, meter, dice
        self._placed = placed
        self.nodes: list[Node] = []
        for _ in range(settings.warm if settings else 0):
            self._add(Node(warm=True, ready=True))

    def place(self, stream: SimStream) -> None:
        """Give a stream a node, the fullest that has room; order one if none has."""
        if self._settings is None:
            stream.node = Node(warm=False, ready=True)
            self._placed(stream)
            return
        room = [node for node in self.nodes if len(node.streams) < self._settings.streams]
        node = max(room, key=lambda one: (one.ready, len(one.streams)), default=None) or self._order()
        node.streams.append(stream)
        stream.node = node
        self._meter.change(self._agenda.now, SPARE, -1)
        if node.ready:
            self._placed(stream)

    def leave(self, stream: SimStream) -> None:
        """Take a stream off its node."""
        node, stream.node = stream.node, None
        if self._settings is None or node is None:
            return
        node.streams.remove(stream)
        self._meter.change(self._agenda.now, SPARE, 1)
        if not node.streams and not node.warm:
            node.emptied += 1
            time = node.emptied
            self._agenda.after(self._settings.idle, lambda: self._give_back(node, time))

    def _order(self) -> Node:
        assert self._settings  # noqa: S101 - only asked where there are nodes
        node = Node(warm=False)
        self._add(node)

        def come() -> None:
            node.ready = True
            for stream in list(node.streams):
                self._placed(stream)
            if not node.streams:
                node.emptied += 1
                self._give_back(node, node.emptied)

        self._agenda.after(self._settings.start.draw(self._dice), come)
        return node

    def _add(self, node: Node) -> None:
        self.nodes.append(node)
        self._meter.change(self._agenda.now, SPARE, self._settings.streams if self._settings else 0)

    def _give_back(self, node: Node, time: int) -> None:
        if self._settings and node.ready and not node.streams and node.emptied == time and node in self.nodes:
            self.nodes.remove(node)
            self._meter.change(self._agenda.now, SPARE, -self._settings.streams)
