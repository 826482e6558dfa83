"""Programs from Go modules: compiled once, packed with zstd, unpacked on demand.

The cache holds packed programs and not Go's own build cache, which is twenty times larger.
Trap: several groups share one module, so that the Kubernetes libraries are compiled once; a
version changed in that module's go.mod makes all of its groups new.
"""

import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from tests.cluster.node import copies
from tests.cluster.node.keys import GO_FLAGS, group_key
from tests.cluster.node.locks import lock
from tests.cluster.node.paths import PACKED, PROGRAMS
from tests.cluster.node.pins import Group, pins
from tests.cluster.node.progress import Step, step
from tests.cluster.node.shell import CommandError, run

COMPILE_SECONDS = 3600.0
ENVIRONMENT = {"CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off", "GOTOOLCHAIN": "local"}


@cache
def go_version() -> str:
    """Version of the Go compiler on PATH, as `go1.26.8`.

    Raises:
        CommandError: there is no usable Go compiler.
    """
    if shutil.which("go") is None:
        raise CommandError(
            ["go"], 127, "a Go compiler is needed to build the cluster's programs; none is on PATH"
        )
    return run(["go", "env", "GOVERSION"]).strip()


def program(name: str) -> Path:
    """Path of a program (`kubectl`, `helm`, `ct`, ...), built first when the cache lacks it.

    Raises:
        KeyError: no group of versions.toml builds it.
        CommandError: the build failed.
    """
    return ensure(pins().group_of(name)) / name


def ensure(name: str) -> Path:
    """Folder with the programs of a group; builds or unpacks what is missing."""
    group = pins().groups[name]
    key = f"{name}-{group_key(group, go_version())}"
    folder, packed = PROGRAMS / key, PACKED / f"{key}.tar.zst"
    if folder.is_dir():
        return folder
    with lock(f"group-{name}"):
        if not packed.is_file():
            _make(name, group, packed)
        if not folder.is_dir():
            _unpack(packed, folder)
    return folder


def _make(name: str, group: Group, packed: Path) -> None:
    PACKED.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PACKED) as scratch:
        out = Path(scratch) / "out"
        compile_group(name, group, out)
        part = Path(scratch) / "packed"
        run(["tar", "--create", "--file", part, "--use-compress-program", "zstd -3", "--directory", out, "."])
        _drop_older(name)
        part.rename(packed)


def _drop_older(name: str) -> None:
    """Packed and unpacked programs of older keys are never used again."""
    pattern = re.compile(rf"{re.escape(name)}-[0-9a-f]{{16}}(\.tar\.zst)?")
    for folder in (PACKED, PROGRAMS):
        for old in folder.glob(f"{name}-*"):
            if not pattern.fullmatch(old.name):
                continue
            if old.is_dir():
                shutil.rmtree(old)
            else:
                old.unlink()


def _unpack(packed: Path, folder: Path) -> None:
    PROGRAMS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PROGRAMS) as scratch:
        out = Path(scratch) / "out"
        out.mkdir()
        run(["tar", "--extract", "--file", packed, "--use-compress-program", "zstd", "--directory", out])
        out.rename(folder)


def compile_group(name: str, group: Group, out: Path) -> None:
    """Compile a group's programs into the folder `out`, named as versions.toml names them."""
    out.mkdir(parents=True)
    source = copies.prepare(group) if group.copies else group.folder
    packages = sorted(group.programs.values())
    options = [*GO_FLAGS, f"-tags={','.join(group.tags)}", f"-ldflags={group.linker_flags()}"]
    with step(f"build {name} {group.version}", _package_count(source, options, packages)) as shown:
        _go_build(["go", "build", "-v", *options, "-o", f"{out}/", *packages], source, shown)
    for wanted, package in group.programs.items():
        (out / default_name(package)).rename(out / wanted)


def default_name(package: str) -> str:
    """The file name that `go build` gives to a package's program: a major version is passed over."""
    *parents, last = package.split("/")
    return parents[-1] if re.fullmatch(r"v[0-9]+", last) and parents else last


def _package_count(source: Path, options: list[str], packages: list[str]) -> int:
    listed = run(
        ["go", "list", "-deps", *options, *packages], cwd=source, env=_environment(), timeout=COMPILE_SECONDS
    )
    return listed.count("\n")


def _environment() -> dict[str, str]:
    return {**os.environ, **ENVIRONMENT}


def _go_build(argv: list[str], source: Path, shown: Step) -> None:
    """Run the compiler; it names each package that it compiles, which moves the bar."""
    said: list[str] = []
    with subprocess.Popen(
        argv, cwd=source, env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        for line in process.stderr or ():
            said.append(line)
            shown.advance(line.strip()[-60:])
    if process.returncode:
        raise CommandError(argv, process.returncode, "".join(said))
