"""`pixelstream keys show | add | promote | retire`: key files on their way through a rotation.

Reads a file or standard input, writes to standard output and nowhere else. It takes a key file as services
do, or a whole Kubernetes Secret as JSON, so that `kubectl get ... -o json | pixelstream keys add | kubectl
replace -f -` is one step; `replace` refuses if somebody else changed the Secret in between. The trap:
`show` is for eyes and screens, and shows no secret; all others write the secrets, as they must.
"""

from __future__ import annotations

import base64
import binascii
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from pixelstream.auth import rotation
from pixelstream.auth.rotation import Ring
from pixelstream.cli.guard import guarded
from pixelstream.errors import SettingsError
from pixelstream.settings.base import MAX_FILE

STDIN = Path("-")

File = Annotated[
    Path, typer.Argument(metavar="[FILE]", help="Key file or Secret as JSON; standard input without one.")
]
Entry = Annotated[str, typer.Option("--entry", help="Which entry of a Secret: lease-keys, control-key, ...")]
Id = Annotated[str, typer.Argument(metavar="ID", help="As `show` tells it.")]

keys = typer.Typer(
    name="keys",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Look at keys and change them, one step of a rotation at a time; see docs/rotation.md.",
)


@keys.command()
@guarded
def show(file: File = STDIN, entry: Entry = "lease-keys") -> None:
    """Show the keys by their ids, and which one is in use; never a secret."""
    ring, _ = _read(file, entry)
    _write(orjson.dumps(rotation.show(ring), option=orjson.OPT_INDENT_2).decode())


@keys.command()
@guarded
def add(
    file: File = STDIN,
    entry: Entry = "lease-keys",
    new_id: Annotated[str | None, typer.Option("--id", help="Of the new key of leases.")] = None,
) -> None:
    """Add a fresh key: it is accepted, and not used yet."""
    _change(file, entry, lambda ring: rotation.add(ring, _name(file), new_id=new_id))


@keys.command()
@guarded
def promote(key: Id, file: File = STDIN, entry: Entry = "lease-keys") -> None:
    """Use a key from now on; the former one is still accepted."""
    _change(file, entry, lambda ring: rotation.promote(ring, key, _name(file)))


@keys.command()
@guarded
def retire(key: Id, file: File = STDIN, entry: Entry = "lease-keys") -> None:
    """Drop a key that isn't in use: it is no longer accepted."""
    _change(file, entry, lambda ring: rotation.retire(ring, key, _name(file)))


def _change(file: Path, entry: str, step: Callable[[Ring], Ring]) -> None:
    ring, secret = _read(file, entry)
    text = step(ring).text
    if secret is None:
        _write(text)
        return
    secret["data"][entry] = base64.b64encode(text.encode()).decode()
    _write(orjson.dumps(secret, option=orjson.OPT_INDENT_2).decode())


def _read(file: Path, entry: str) -> tuple[Ring, dict[str, Any] | None]:
    """Return the keys, and the Secret that they came in, if they did."""
    if file == STDIN:
        data = sys.stdin.buffer.read(MAX_FILE + 1)
    else:
        with file.open("rb") as source:
            data = source.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise SettingsError(_name(file), [f"is larger than {MAX_FILE} bytes"])
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise SettingsError(_name(file), ["must be UTF-8 text"]) from None
    secret = _secret(text)
    if secret is None:
        return rotation.read(text, _name(file)), None
    return rotation.read(_entry(secret, entry, _name(file)), f"{_name(file)}: {entry}"), secret


def _secret(text: str) -> dict[str, Any] | None:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) and found.get("kind") == "Secret" else None


def _entry(secret: dict[str, Any], entry: str, name: str) -> str:
    entries = secret.get("data")
    if not isinstance(entries, dict) or not isinstance(entries.get(entry), str):
        has = ", ".join(sorted(entries)) if isinstance(entries, dict) else "nothing"
        raise SettingsError(name, [f'this Secret has no entry "{entry}", but {has}'])
    try:
        return base64.b64decode(entries[entry], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise SettingsError(name, [f'entry "{entry}" is not base64 of UTF-8 text']) from None


def _name(file: Path) -> str:
    return "standard input" if file == STDIN else str(file)


def _write(text: str) -> None:
    sys.stdout.write(text + "\n")
