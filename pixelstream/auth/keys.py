"""Keys that sign leases, and secrets that both ends of a link share.

Either may be several at once, so that one can take another's place while everything runs. The trap: the
first one signs (or is said) and all verify (or are accepted), so a rotation is: add the new key at the end
everywhere, then move it to the front, then drop the old one when its last lease has ended.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pixelstream.errors import SettingsError

MAX_KEYS = 16
"""Keys of a set; a rotation needs two."""
MIN_KEY_BYTES = 32
"""RFC 7518, 3.2: a key for HS256 has at least the size of the hash."""


class _KeyEntry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kid: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
    k: str


class _KeyFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    keys: Annotated[list[_KeyEntry], Field(min_length=1, max_length=MAX_KEYS)]


@dataclass(frozen=True, slots=True)
class LeaseKeys:
    """The keys of leases by their id, in the file's order; `repr` doesn't show them."""

    by_kid: dict[str, bytes] = field(repr=False)

    @property
    def signing(self) -> tuple[str, bytes]:
        """Id and bytes of the key that signs."""
        return next(iter(self.by_kid.items()))

    @classmethod
    def parse(cls, text: str, file: str = "lease keys") -> LeaseKeys:
        """Read `{"keys": [{"kid": "a", "k": "<base64url of 32 bytes or more>"}]}`.

        Args:
            text: the JSON.
            file: the name that faults are reported under.

        Raises:
            SettingsError: it is not that; no key is shown in the text.
        """
        try:
            entries = _KeyFile.model_validate_json(text).keys
        except ValidationError as error:
            faults = error.errors(include_url=False, include_input=False)
            raise SettingsError(
                file, [f"{'.'.join(map(str, fault['loc'])) or 'text'}: {fault['msg']}" for fault in faults]
            ) from None
        keys = {entry.kid: _decode(entry.k) for entry in entries}
        faults_found = [
            f'key "{kid}" must be base64url of at least {MIN_KEY_BYTES} bytes'
            for kid, key in keys.items()
            if len(key) < MIN_KEY_BYTES
        ]
        if len(keys) < len(entries):
            faults_found.append("each kid may be given once")
        if faults_found:
            raise SettingsError(file, faults_found)
        return cls(keys)


def _decode(text: str) -> bytes:
    """Bytes of unpadded or padded base64url; empty for what is neither."""
    bare = text.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


@dataclass(frozen=True, slots=True)
class SharedKeys:
    """A shared secret, or several while one takes another's place; `repr` doesn't show them.

    Attributes:
        lines: the first is what we say, each of them is accepted from others.
    """

    lines: tuple[str, ...] = field(repr=False)

    @property
    def said(self) -> str:
        """The one that we say."""
        return self.lines[0]

    @classmethod
    def parse(cls, text: str, file: str = "key") -> SharedKeys:
        """Read one secret from each line that isn't blank; a tab separates them as well.

        With tabs the whole text may be said in a header by who knows no better (`accepts`).

        Raises:
            SettingsError: there is none, there are more than `MAX_KEYS`, or one has control characters;
                no secret is shown in the text.
        """
        lines = tuple(line.strip() for line in re.split(r"[\t\r\n]+", text) if line.strip())
        faults = [] if lines else ["secret is empty; write it into this file"]
        if len(lines) > MAX_KEYS:
            faults.append(f"holds {len(lines)} lines; a secret may be {MAX_KEYS} of them at most")
        # They go into headers and into coturn's options as they are.
        faults += [
            f"line {number} must be printable ASCII"
            for number, line in enumerate(lines, 1)
            if not (line.isascii() and line.isprintable())
        ]
        if faults:
            raise SettingsError(file, faults)
        return cls(lines)

    def accepts(self, given: str) -> bool:
        """Whether `given` is one of them, or several of which the first is; compared in constant time."""
        said = given.partition("\t")[0].encode()
        return any(hmac.compare_digest(said, line.encode()) for line in self.lines)

    def admits(self, authorization: str | None) -> bool:
        """Whether an `Authorization` header carries one of them as bearer token."""
        return self.accepts(bearer_of(authorization))


def bearer_of(authorization: str | None) -> str:
    """Return the token of an `Authorization` header of scheme bearer; empty if it has none."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
