"""The stack's plan fits the services' settings, and its processes start, are watched and end."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from pixelstream.cli.serve import SERVICES
from pixelstream.cli.stack.plan import Keys, Options, plan
from pixelstream.cli.stack.ports import LOCALHOST, free_ports, is_free, page_port
from pixelstream.cli.stack.processes import Service, StackError, Supervisor
from pixelstream.settings.base import load
from pixelstream.turn.pool import Relay


def find(place: str) -> type:
    module, _, name = place.partition(":")
    found = getattr(__import__(module, fromlist=[name]), name)
    assert isinstance(found, type)
    return found


def test_every_planned_settings_file_loads_into_its_service(tmp_path: Path) -> None:
    planned = plan(Options(streams=3), tmp_path, Keys.make(tmp_path), tmp_path, Relay("127.0.0.1"))
    assert len(planned.services) == 3 + 2 * 3
    for service in planned.services.values():
        kind, file = service.argv[3], service.argv[5]
        load(find(SERVICES[kind].settings), file)


def test_keys_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    keys = Keys.make(tmp_path)
    for name in ("control-key", "turn-secret", "lease-keys"):
        assert Path(keys.file(name)).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("host", LOCALHOST)
def test_a_port_that_is_taken_on_any_localhost_is_not_chosen(host: str) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as held:
        try:
            held.bind((host, 0))
        except OSError:
            assert page_port(free_ports(1)[0])  # no such address here, and that is no hindrance
            return
        held.listen()
        port = held.getsockname()[1]
        assert not is_free(port, host)
        assert page_port(port) != port
    assert len(set(free_ports(20))) == 20


async def test_a_service_that_ends_by_itself_is_told_with_its_last_words(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path)
    service = Service(
        "weak", (sys.executable, "-c", "print('no such thing'); raise SystemExit(3)"), "http://127.0.0.1:9/"
    )
    await supervisor.start(service)
    with pytest.raises(StackError, match=r"weak: ended with exit code 3\n  no such thing"):
        await supervisor.wait_ready(service)
    with pytest.raises(StackError, match="weak: ended"):
        await supervisor.watch()


async def test_a_service_that_never_gets_ready_is_given_up(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path)
    url = f"http://127.0.0.1:{free_ports(1)[0]}/"
    service = Service("slow", (sys.executable, "-c", "import time; time.sleep(60)"), url)
    await supervisor.start(service)
    with pytest.raises(StackError, match="slow: not ready within"):
        await supervisor.wait_ready(service, deadline=0.3)
    await supervisor.stop()
    assert service.process is not None
    assert service.process.returncode is not None


async def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="gone: cannot run /nowhere/at-all"):
        await Supervisor(tmp_path).start(Service("gone", ("/nowhere/at-all",)))
