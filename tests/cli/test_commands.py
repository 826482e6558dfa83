import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest
from typer.testing import CliRunner, Result

import pixelstream
from pixelstream.cli import main, serve
from pixelstream.cli.stack.ports import free_ports
from pixelstream.cli.stack.processes import Service, Supervisor
from pixelstream.settings.base import Model
from pixelstream.settings.streamer import StreamerSettings

IN_PROCESS = [name for name, service in serve.SERVICES.items() if service.lean is None]


@pytest.fixture(autouse=True)
def _these_tests_stay_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def execv(_: str, argv: list[str]) -> None:
        pytest.fail(f"the process of the tests was to become {argv}")

    monkeypatch.setattr(os, "execv", execv)


def run(*args: str) -> Result:
    return CliRunner().invoke(main.app, args)


def test_the_version_is_the_packages() -> None:
    assert run("--version").stdout == f"pixelstream {pixelstream.__version__}\n"


def test_help_names_every_command() -> None:
    first = {line.split()[1] for line in run("--help").stdout.splitlines() if line.startswith("│ ")}
    assert {*serve.SERVICES, *main.LAZY} <= first


def test_without_a_command_there_is_help() -> None:
    result = run()
    assert result.exit_code == 2
    assert "signalserver" in result.output


@pytest.mark.parametrize("args", [("nonsense",), ("turn-api",), ("bench", "--rounds", "0")])
def test_wrong_usage_ends_with_2_and_words(args: tuple[str, ...]) -> None:
    result = run(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage" in result.stderr


@pytest.mark.parametrize("name", IN_PROCESS)
def test_a_wrong_key_ends_with_1_and_names_file_and_key(name: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("lgo: {level: info}\n")
    result = run(name, "--config", str(file))
    assert (result.exit_code, result.stdout) == (1, "")
    assert str(file) in result.stderr
    assert "lgo" in result.stderr


def test_errors_are_red_on_a_terminal(tmp_path: Path) -> None:
    result = CliRunner().invoke(main.app, [IN_PROCESS[0], "--config", str(tmp_path / "none")], color=True)
    assert result.stderr.startswith("\x1b[31m")
    assert "cannot be read" in result.stderr


def test_a_port_that_is_taken_ends_with_1_and_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(_: object) -> None:
        raise OSError(98, "address already in use")

    monkeypatch.setattr("pixelstream.apps.edge.app.run", taken)
    (tmp_path / "edge.yaml").write_text(f"pageDir: {tmp_path}\n")
    result = run("edge", "--config", str(tmp_path / "edge.yaml"))
    assert (result.exit_code, result.stderr) == (1, "[Errno 98] address already in use\n")


@pytest.mark.parametrize("name", serve.SERVICES)
def test_every_service_has_its_settings_and_something_that_runs(name: str) -> None:
    service = serve.SERVICES[name]
    assert issubclass(serve.find(service.settings), Model)
    assert callable(serve.find(service.run))


@pytest.mark.parametrize("name", IN_PROCESS)
def test_a_service_runs_with_the_settings_of_its_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    got: list[Model] = []
    service = serve.SERVICES[name]
    module, _, function = service.run.partition(":")
    monkeypatch.setattr(f"{module}.{function}", got.append)
    (tmp_path / "it.yaml").write_text(
        json.dumps({"log": {"level": "error"}} | ({"pageDir": "."} if name == "edge" else {}))
    )
    result = run(name, "--config", str(tmp_path / "it.yaml"))
    assert result.exit_code == 0, result.output
    assert [type(one) for one in got] == [serve.find(service.settings)]
    assert got[0].log.level == "error"  # type: ignore[attr-defined]


def test_a_streamers_profile_may_be_given_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    got: list[StreamerSettings] = []
    monkeypatch.setattr("pixelstream.synthetic.streamer.run", got.append)
    file = tmp_path / "it.yaml"
    file.write_text("{profile: 5.2, fps: 25, sessionLinger: 5m, cacheDir: /var/cache}")
    for args in ((), ("--profile", "4.27")):
        assert run("streamer", "--config", str(file), *args).exit_code == 0
    assert [one.profile for one in got] == ["5.2", "4.27"]
    assert got[1] == got[0].model_copy(update={"profile": "4.27"})
    result = run("streamer", "--config", str(file), "--profile", "3.9")
    assert (result.exit_code, result.stdout) == (1, "")
    assert 'profile = "3.9": must be one of 4.26, 4.27, 5.0, 5.2, 5.5' in result.stderr


def test_the_signalserver_gives_up_its_process_for_a_lean_one(monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []

    def execv(program: str, argv: list[str]) -> None:
        became.append([program, *argv])
        raise SystemExit(0)

    monkeypatch.setattr(os, "execv", execv)
    run("signalserver", "--config", "some.yaml")
    lean = ["-m", "pixelstream.apps.signalserver", "--config", "some.yaml"]
    assert became == [[sys.executable, sys.executable, *lean]]


def test_the_command_line_alone_imports_nothing_that_serves() -> None:
    heavy = ("fastapi", "uvicorn", "prometheus_client", "httpx", "aiortc", "av", "uvloop", "psutil")
    script = f"import sys, pixelstream.cli.main; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


async def test_a_signalserver_that_was_started_by_the_command_serves_without_its_libraries(
    tmp_path: Path,
) -> None:
    players, streamers = free_ports(2)
    settings = {
        "listen": {"host": "127.0.0.1", "port": players},
        "streamers": {"port": streamers},
        "sfu": {"enabled": False},
    }
    (tmp_path / "it.yaml").write_text(json.dumps(settings))
    argv = (sys.executable, "-m", "pixelstream", "signalserver", "--config", str(tmp_path / "it.yaml"))
    service = Service("it", argv, f"http://127.0.0.1:{players}/healthz")
    supervisor = Supervisor(tmp_path)
    await supervisor.start(service)
    try:
        await supervisor.wait_ready(service)
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"http://127.0.0.1:{players}/healthz")
        assert answer.json()["version"] == pixelstream.__version__
        assert service.process is not None
        assert "pixelstream.apps.signalserver" in psutil.Process(service.process.pid).cmdline()
    finally:
        await supervisor.stop()
    assert service.process.returncode == 0


def test_python_m_is_the_same_command() -> None:
    argv = [sys.executable, "-m", "pixelstream", "--version"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout == f"pixelstream {pixelstream.__version__}\n"
