"""The value types that settings share: durations, ports, URLs.

They stay plain floats, ints and strings once read; only the reading is strict. Each carries the JSON
schema of what may be *written*, which differs from what is held (`"5m"` is held as 300.0).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
"""Seconds in each unit that a duration may be written in."""

_PART = r"\d+(?:\.\d+)?(?:ms|s|m|h|d)"
_DURATION = re.compile(rf"(?:{_PART})+")
_DURATION_WORDS = 'must be a number of seconds or a duration such as "30s", "5m", "2h" or "1h30m"'


def parse_seconds(value: object) -> float:
    """Read a duration: a number of seconds, or text such as `"30s"`, `"1h30m"`, `"250ms"`.

    Raises:
        ValueError: it is neither, or it is negative or not finite.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(_DURATION_WORDS)  # noqa: TRY004 - pydantic takes no TypeError
    if isinstance(value, str):
        if not _DURATION.fullmatch(value):
            raise ValueError(_DURATION_WORDS)
        return sum(float(n) * UNITS[unit] for n, unit in re.findall(r"([\d.]+)(ms|s|m|h|d)", value))
    if not 0 <= value < float("inf"):
        raise ValueError(_DURATION_WORDS)
    return float(value)


class _Duration:
    """The schema of what may be written for a duration, with the bounds that a field sets on it."""

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        number = handler(core_schema)
        return {"minimum": 0, **number, "type": ["number", "string"], "pattern": rf"^(?:{_PART})+$"}


Seconds = Annotated[float, BeforeValidator(parse_seconds), _Duration()]
"""A duration, held in seconds; 0 is allowed, so add `Field(gt=0)` where it must not be."""

Port = Annotated[int, Field(ge=0, le=65535)]
"""A TCP or UDP port; 0 lets the system choose one."""


@dataclass(frozen=True, slots=True)
class Words:
    """Says what a pattern wants, for whoever broke it; stands beside the pattern in a type's annotation."""

    text: str


NAME_WORDS = Words("must be letters, digits and ._- between, beginning and ending with a letter or digit")

Name = Annotated[str, Field(max_length=63, pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"), NAME_WORDS]
"""A name of a fleet or stream: fits a Kubernetes label value, a URL path and a metric label."""


def version_text(value: object) -> object:
    """Give back the text of a version that YAML read as a number; Helm even writes `5.0` as `5`."""
    return str(float(value)) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def version_schema(*versions: str) -> WithJsonSchema:
    """Return the schema of a choice of versions, each of which may be written as text or as a number."""
    numbers = [float(version) for version in versions if version.replace(".", "").isdigit()]
    return WithJsonSchema({"enum": [*versions, *numbers]})


def _url_of(*schemes: str) -> Callable[[str], str]:
    words = " or ".join(f"{scheme}://host[:port]" for scheme in schemes)

    def check(value: str) -> str:
        try:
            parts = urlsplit(value)
            fits = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        except ValueError:  # urlsplit on a bad port or a half-open bracket
            fits = False
        if not fits:
            raise ValueError(f"must be a URL {words}")
        if parts.username is not None or parts.password is not None:
            raise ValueError("must carry no user name and password: secrets come by file or environment")
        return value.rstrip("/")

    return check


HttpUrl = Annotated[
    str,
    AfterValidator(_url_of("http", "https")),
    WithJsonSchema({"type": "string", "pattern": "^https?://"}),
]
"""An http or https URL, without a slash at the end."""

WsUrl = Annotated[
    str,
    AfterValidator(_url_of("ws", "wss")),
    WithJsonSchema({"type": "string", "pattern": "^wss?://"}),
]
"""A ws or wss URL, without a slash at the end."""
