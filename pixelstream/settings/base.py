"""Closed, frozen camelCase models and how they are read: one YAML file, every fault named at once.

The trap: Python code builds a model by its snake_case field names, a file only ever by camelCase keys.
A `Listen` in a service's model needs a default port of its own, so each service subclasses it; a plain
default instance would lose its port as soon as a file names only the host.
"""

import os
from collections.abc import Hashable
from pathlib import Path
from typing import Any, Literal, TypeVar

import orjson
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from pixelstream.errors import SettingsError
from pixelstream.settings.types import HttpUrl, Name, Port, Seconds, WsUrl, parse_seconds

__all__ = [
    "CONTROL_KEY_ENV",
    "LEASE_KEYS_ENV",
    "SENTINEL_PASSWORD_ENV",
    "STORE_PASSWORD_ENV",
    "STORE_USERNAME_ENV",
    "TURN_SECRET_ENV",
    "HttpUrl",
    "Listen",
    "Log",
    "Model",
    "Name",
    "Port",
    "Seconds",
    "WsUrl",
    "check",
    "load",
    "parse",
    "parse_seconds",
    "read_secret",
]

CONTROL_KEY_ENV = "PIXELSTREAM_CONTROL_KEY"
"""Key shared by control links, callers of turn-api and the admin routes."""

LEASE_KEYS_ENV = "PIXELSTREAM_LEASE_KEYS"
"""Key set that signs and verifies leases."""

TURN_SECRET_ENV = "PIXELSTREAM_TURN_SECRET"  # noqa: S105 - the name of a variable
"""The `static-auth-secret` of coturn."""

STORE_USERNAME_ENV = "PIXELSTREAM_STORE_USERNAME"
"""User of the shared store, if its name is a secret as well."""

STORE_PASSWORD_ENV = "PIXELSTREAM_STORE_PASSWORD"  # noqa: S105 - the name of a variable
"""Password of the shared store."""

SENTINEL_PASSWORD_ENV = "PIXELSTREAM_SENTINEL_PASSWORD"  # noqa: S105 - the name of a variable
"""Password of the Sentinels that know where the shared store is."""

MAX_FILE = 1 << 20
"""Bytes; a larger file is no settings file, whatever it is."""

_M = TypeVar("_M", bound="Model")


class Model(BaseModel):
    """A closed, frozen block of settings; its keys in a file are camelCase. Use tuples for lists."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        allow_inf_nan=False,
    )


class Listen(Model):
    """Where a service listens. Each service subclasses it to give `port` its default."""

    host: str = "0.0.0.0"
    port: Port


class Log(Model):
    """What a service logs: from which level up, as JSON for machines or as lines for people."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


def load(kind: type[_M], path: Path | str) -> _M:
    """Read settings of `kind` from the YAML file `path`; an empty file means all defaults.

    Raises:
        SettingsError: the file can't be read or isn't YAML (with line and column), or any key or
            value of it is wrong; then all of them are named.
    """
    try:
        with Path(path).open("rb") as file:
            text = file.read(MAX_FILE + 1)
    except OSError as error:
        raise SettingsError(str(path), [f"cannot be read: {error.strerror}"]) from error
    if len(text) > MAX_FILE:
        raise SettingsError(str(path), [f"is larger than {MAX_FILE} bytes"])
    return parse(kind, text, str(path))


def parse(kind: type[_M], text: str | bytes, file: str = "settings") -> _M:
    """Read settings of `kind` from YAML text; `file` is the name that faults are reported under.

    Raises:
        SettingsError: as for `load`.
    """
    return check(kind, _read_yaml(text, file), file)


def check(kind: type[_M], data: object, file: str = "settings") -> _M:
    """Make settings of `kind` from what a file held; for files that aren't YAML.

    Raises:
        SettingsError: as for `load`.
    """
    try:
        # Strict JSON rules: "80" is no number and 1 is no true, yet text may become a path or an enum.
        wire = orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS)
        return kind.model_validate_json(wire, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        from pixelstream.settings.faults import describe  # noqa: PLC0415 - 3 MB that a good file never needs

        raise SettingsError(file, describe(kind, data, error)) from None
    except orjson.JSONEncodeError as error:
        raise SettingsError(file, [f"holds a value that no setting takes: {error}"]) from None


def read_secret(file: Path | None, env: str) -> str | None:
    """Return the secret from `file` if one is named, else from the variable `env`, stripped; else None.

    Raises:
        SettingsError: the file can't be read, is empty or isn't UTF-8. The text never shows a secret.
    """
    if file is None:
        return os.environ.get(env, "").strip() or None
    try:
        secret = file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(str(file), [f"secret cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError:
        raise SettingsError(str(file), ["secret must be UTF-8 text"]) from None
    if not secret:
        raise SettingsError(str(file), ["secret is empty; write it into this file"])
    return secret


class _Loader(yaml.CSafeLoader):
    """YAML's safe loader, which also refuses a key given twice: the last would win without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                words = f'key "{key.value}" is given twice'
                raise yaml.constructor.ConstructorError(None, None, words, key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep=deep)


def _read_yaml(text: str | bytes, file: str) -> object:
    try:
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 - a subclass of the safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        words = " ".join(filter(None, (error.context, error.problem)))
        raise SettingsError(file, [f"{where}not valid YAML: {words}"]) from None
    except yaml.YAMLError as error:
        raise SettingsError(file, [f"not valid YAML: {' '.join(str(error).split())}"]) from None
    return {} if data is None else data
