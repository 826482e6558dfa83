"""One step of a rotation at a time, on the text of a key file: look, add, promote, retire.

The file of lease keys is JSON, all others are secrets with tabs or line ends between; which it is shows by
its first character. Tabs are written, since KEDA says a Secret's whole entry in a header, which takes no line
end. The trap: a key that signs or is said must be known everywhere first, hence the steps: what is
added comes last, only what is there can be promoted, and the first one can't be retired.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from pixelstream.auth.keys import MAX_KEYS, MIN_KEY_BYTES, LeaseKeys, SharedKeys
from pixelstream.errors import SettingsError

SHOWN = 12
"""Characters of the hash by which a secret without a name is called."""


@dataclass(frozen=True, slots=True)
class Ring:
    """The keys of one file in their order; `repr` shows no secret.

    Attributes:
        ids: by which they are called: the `kid`, or the beginning of the secret's SHA-256.
        text: of the file that holds them.
        json: whether they are keys of leases.
    """

    ids: tuple[str, ...]
    text: str
    json: bool

    def __repr__(self) -> str:
        """Tell the ids alone."""
        return f"Ring({', '.join(self.ids)})"


def read(text: str, file: str) -> Ring:
    """Read a key file of either kind.

    Raises:
        SettingsError: it is neither; no secret is shown in the text.
    """
    if text.lstrip().startswith("{"):
        keys = LeaseKeys.parse(text, file)
        return _leases(list(keys.by_kid.items()))
    return _lines(list(SharedKeys.parse(text, file).lines))


def show(ring: Ring) -> dict[str, Any]:
    """Return what may be shown of the keys: ids in their order, and which one is in use."""
    kind = "lease keys" if ring.json else "secrets"
    keys = [
        {"id": one, "use": "signs and verifies" if ring.json else "said and accepted"} for one in ring.ids
    ]
    for later in keys[1:]:
        later["use"] = "verifies" if ring.json else "accepted"
    return {"kind": kind, "keys": keys}


def add(
    ring: Ring, file: str, *, new_id: str | None = None, random: Callable[[int], bytes] = secrets.token_bytes
) -> Ring:
    """Add a fresh key at the end, where it verifies and doesn't sign yet.

    Args:
        ring: what there is.
        file: the name that faults are reported under.
        new_id: of a key of leases; without one, the next free number.
        random: makes so many bytes.

    Raises:
        SettingsError: there are too many, or the id is taken, no id, or no use for secrets in lines.
    """
    if len(ring.ids) >= MAX_KEYS:
        raise SettingsError(file, [f"holds {MAX_KEYS} keys already; retire some"])
    fresh = base64.urlsafe_b64encode(random(MIN_KEY_BYTES)).rstrip(b"=").decode()
    if not ring.json:
        if new_id is not None:
            raise SettingsError(file, ["its secrets have no names: leave out the id"])
        return _lines([*SharedKeys.parse(ring.text).lines, fresh])
    if new_id in ring.ids:
        raise SettingsError(file, [f'key "{new_id}" is there already'])
    kid = new_id or next(str(number) for number in range(1, MAX_KEYS + 2) if str(number) not in ring.ids)
    entries = [*orjson.loads(ring.text)["keys"], {"kid": kid, "k": fresh}]
    return read(orjson.dumps({"keys": entries}).decode(), file)


def promote(ring: Ring, wanted: str, file: str) -> Ring:
    """Move a key to the front: from now on it signs, or is the one that is said.

    Raises:
        SettingsError: there is no such key.
    """
    place = _find(ring, wanted, file)
    return _order(ring, [place, *(other for other in range(len(ring.ids)) if other != place)])


def retire(ring: Ring, wanted: str, file: str) -> Ring:
    """Drop a key: what it signed is refused from now on.

    Raises:
        SettingsError: there is no such key, or it is the one in use.
    """
    place = _find(ring, wanted, file)
    if place == 0:
        raise SettingsError(file, [f'key "{wanted}" is in use: promote another one first'])
    return _order(ring, [other for other in range(len(ring.ids)) if other != place])


def _find(ring: Ring, wanted: str, file: str) -> int:
    if wanted not in ring.ids:
        raise SettingsError(file, [f'there is no key "{wanted}", but {", ".join(ring.ids)}'])
    return ring.ids.index(wanted)


def _order(ring: Ring, places: list[int]) -> Ring:
    if ring.json:
        entries = list(LeaseKeys.parse(ring.text).by_kid.items())
        return _leases([entries[place] for place in places])
    lines = SharedKeys.parse(ring.text).lines
    return _lines([lines[place] for place in places])


def _leases(entries: list[tuple[str, bytes]]) -> Ring:
    keys = [{"kid": kid, "k": base64.urlsafe_b64encode(key).rstrip(b"=").decode()} for kid, key in entries]
    return Ring(tuple(kid for kid, _ in entries), orjson.dumps({"keys": keys}).decode(), json=True)


def _lines(lines: list[str]) -> Ring:
    ids = tuple(hashlib.sha256(line.encode()).hexdigest()[:SHOWN] for line in lines)
    return Ring(ids, "\t".join(lines), json=False)
