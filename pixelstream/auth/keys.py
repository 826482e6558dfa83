"""Keys that sign leases, and the check of the shared control key.

The trap: the first key signs and all verify, so a rotation is: add the new key at the end
everywhere, then move it to the front, then drop the old one when its last lease has ended.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pixelstream.errors import SettingsError

MIN_KEY_BYTES = 32
"""RFC 7518, 3.2: a key for HS256 has at least the size of the hash."""


class _KeyEntry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kid: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
    k: str


class _KeyFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    keys: Annotated[list[_KeyEntry], Field(min_length=1, max_length=16)]


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


def bearer_matches(authorization: str | None, key: str) -> bool:
    """Whether an `Authorization` header carries `key` as bearer token; compared in constant time."""
    scheme, _, token = (authorization or "").partition(" ")
    given = token.strip().encode()
    return hmac.compare_digest(given, key.encode()) and scheme.lower() == "bearer"
