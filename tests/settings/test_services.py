"""Settings of turn-api and of the edge: defaults, and the rules of each."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from pixelstream.errors import SettingsError
from pixelstream.settings.base import parse
from pixelstream.settings.edge import EdgeSettings, EdgeStream
from pixelstream.settings.turnapi import RelayEntry, TurnApiSettings
from pixelstream.turn.pool import Relay


def test_turn_api_needs_no_settings_at_all() -> None:
    read = parse(TurnApiSettings, "")
    assert (read.listen.host, read.listen.port) == ("0.0.0.0", 3000)
    assert read.credentials.lifetime == 12 * 3600
    assert read.sources.static == ()
    assert read.sources.file is None


def test_an_entry_of_the_settings_is_a_relay_field_by_field() -> None:
    seen = {"ready"}  # of a pod; what the settings name is taken to be there
    assert list(RelayEntry.model_fields) == [one.name for one in fields(Relay) if one.name not in seen]
    assert Relay(**RelayEntry(host="192.0.2.1").model_dump()) == Relay("192.0.2.1")


def test_addresses_of_relays_are_written_in_one_way() -> None:
    read = parse(TurnApiSettings, "sources: {static: [{host: '2001:DB8:0::1'}, {host: turn-1.example.org}]}")
    assert [entry.host for entry in read.sources.static] == ["2001:db8::1", "turn-1.example.org"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("credentials: {lifetime: 10}", "credentials.lifetime = 10: must be at least 60"),
        ("maxRelays: 0", "maxRelays = 0: must be at least 1"),
        ("sources: {file: {path: a, interval: 0}}", "sources.file.interval = 0: must be at least 0.05"),
        ("sources: {static: [{host: a, tls: 0}]}", "sources.static[0].tls = 0: must be at least 1"),
        ("turnSecret: north", "turnSecret: secrets aren't read from settings"),
    ],
)
def test_turn_api_says_what_it_cannot_use(text: str, fault: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(TurnApiSettings, text)
    [line] = caught.value.faults
    assert line.startswith(fault)


def test_the_edge_needs_a_page_and_knows_each_stream_once() -> None:
    with pytest.raises(SettingsError, match="pageDir: missing"):
        parse(EdgeSettings, "")
    read = parse(EdgeSettings, "pageDir: page\nstreams: [{id: a, url: 'ws://127.0.0.1:1/'}]")
    assert read.page_dir == Path("page")
    assert read.streams == (EdgeStream(id="a", url="ws://127.0.0.1:1"),)
    twice = "pageDir: page\nstreams: [{id: a, url: 'ws://a'}, {id: a, url: 'ws://b'}]"
    with pytest.raises(SettingsError, match="each id may be given once, not so a"):
        parse(EdgeSettings, twice)
