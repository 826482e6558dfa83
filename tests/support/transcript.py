"""Transcripts of signalling as text files: who opens, says, hears and leaves, line by line.

    options profile=4.27
    streamer S opens
    S hears {"type":"identify"}
    S says {"type":"endpointId","id":"Robot"}
    player P opens query=preferSFU=true
    P closed 1013 Streamer is not connected
    P leaves 1001
    wait 5

Lines that begin with # are comments. `hears` holds byte for byte, but for the white space of JSON, and
nothing may be heard that no line tells. `...` for a field's value matches anything.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from pixelstream.relay import Hello, Lease, Role
from tests.support.stage import Actor, Stage

ANY = "..."


def play(path: Path) -> None:
    """Play a transcript against a relay of its own; an AssertionError names the line that failed."""
    stage = Stage()
    actors: dict[str, Actor] = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        where = f"{path.name}:{number}: {line}"
        if words[0] == "options":
            stage = Stage(**dict(word.split("=", 1) for word in words[1:]))
        elif words[0] == "wait":
            stage.wait(float(words[1]), living=tuple(actors.values()))
        else:
            _line(stage, actors, words, line, where)
    for name, actor in actors.items():
        assert actor.hears_bytes() == [], f"{path.name}: {name} heard more than was told"


def _line(stage: Stage, actors: dict[str, Actor], words: list[str], line: str, where: str) -> None:
    if words[0] in {"streamer", "player", "sfu"}:
        actors[words[1]] = Actor(stage, Role(words[0]), _hello(words[3:]))
        return
    actor = actors[words[0]]
    rest = line.split(maxsplit=2)[2] if len(words) > 2 else ""
    if words[1] == "hears":
        assert actor.port.sent, f"{where}\n  heard nothing"
        heard = actor.port.sent.pop(0)
        assert same(orjson.loads(rest), orjson.loads(heard)), f"{where}\n  heard {heard!r}"
        return
    if words[1] == "closed":
        assert actor.port.closing == (int(words[2]), " ".join(words[3:])), f"{where}\n  {actor.port.closing}"
        return
    for name, other in actors.items():
        assert other.port.sent == [], f"{where}\n  before it, {name} heard {other.port.sent!r}"
    assert actor.port.closing is None, f"{where}\n  but it was closed: {actor.port.closing}"
    if words[1] == "says":
        actor.says_bytes(rest.encode())
    else:
        assert words[1] == "leaves", where
        actor.leaves(int(words[2]))


def _hello(words: list[str]) -> Hello:
    given = dict(word.split("=", 1) for word in words)
    session, _, fence = given.get("lease", "").partition(":")
    return Hello(
        query=given.get("query", ""),
        subprotocols=tuple(filter(None, given.get("subprotocols", "").split(","))),
        lease=Lease(session, int(fence)) if session else None,
    )


def same(told: Any, heard: Any) -> bool:
    """Equal, keys in the same order, values of the same type."""
    if told == ANY:
        return True
    if isinstance(told, dict) and isinstance(heard, dict):
        return list(told) == list(heard) and all(same(told[key], heard[key]) for key in told)
    return type(told) is type(heard) and told == heard
