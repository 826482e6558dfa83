"""Secrets of a running service, followed: a file that changes is read again, and no restart is needed.

The kubelet swaps a symbolic link when a Secret changes, so the *text* behind the path is compared, not
its time. The trap: a file that was written badly must not take the service with it, so the old secret
stays in force until a good one is there; the fault is told once, without any secret in it. Secrets from the
environment can't change and aren't followed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

import structlog

from pixelstream.auth.keys import LeaseKeys, SharedKeys
from pixelstream.errors import SettingsError
from pixelstream.settings.base import LEASE_KEYS_ENV, read_secret

POLL = 1.0
"""Seconds between two looks at the files; what follows a change should follow within a few."""

log = structlog.get_logger(__name__)
_T = TypeVar("_T")


class Followed(Generic[_T]):
    """One secret as its file says now.

    Attributes:
        value: the secret; read it anew at each use.
        on_change: called after it has changed.
    """

    def __init__(self, file: Path | None, env: str, text: str, parse: Callable[[str, str], _T]) -> None:
        self._file, self._env, self._parse = file, env, parse
        self._text, self._told = text, ""
        self.value: _T = parse(text, str(file or env))
        self.on_change: Callable[[], None] = _nothing

    def look(self) -> bool:
        """Read the file again; True if there is a new value."""
        if self._file is None:
            return False
        try:
            text = read_secret(self._file, self._env) or ""
            if text == self._text:
                self._told = ""
                return False
            value = self._parse(text, str(self._file))
        except SettingsError as error:
            self._keep(error)
            return False
        self._text, self._told, self.value = text, "", value
        log.info("key file taken over", file=str(self._file))
        self.on_change()
        return True

    def _keep(self, error: SettingsError) -> None:
        if self._told != str(error):
            self._told = str(error)
            log.error("key file not usable, the old keys stay", file=error.file, faults=error.faults)


class Secrets:
    """All secrets of one service; run `follow` while it serves."""

    def __init__(self) -> None:
        self._held: list[Followed[Any]] = []

    def take(self, file: Path | None, env: str, parse: Callable[[str, str], _T]) -> Followed[_T] | None:
        """Read a secret from `file`, else from the variable `env`; None if neither is there.

        Args:
            file: named in the settings.
            env: name of the variable.
            parse: makes the value of text and name; it raises SettingsError.

        Raises:
            SettingsError: it can't be read or isn't one; the text shows no secret.
        """
        text = read_secret(file, env)
        if text is None:
            return None
        held = Followed(file, env, text, parse)
        self._held.append(held)
        return held

    def shared(self, file: Path | None, env: str) -> Followed[SharedKeys] | None:
        """Take a secret that both ends of a link have; see `take`."""
        return self.take(file, env, SharedKeys.parse)

    def lease_keys(self, file: Path | None) -> Followed[LeaseKeys] | None:
        """Take the keys of leases; see `take`."""
        return self.take(file, LEASE_KEYS_ENV, LeaseKeys.parse)

    def look(self) -> None:
        """Read all files again."""
        for held in self._held:
            held.look()

    async def follow(self) -> None:
        """Look at the files for ever; ends only by being cancelled."""
        while True:
            await asyncio.sleep(POLL)
            self.look()


def _nothing() -> None:
    """Care about no change."""


def said(held: Followed[SharedKeys] | None) -> Callable[[], str | None]:
    """Return what tells the secret that we say at the moment, None where there is none."""
    return lambda: held.value.said if held is not None else None
