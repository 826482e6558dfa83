"""Which store the settings ask for. The client of the shared one is only loaded where it is used."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pixelstream.matchmaking.books import Rules
from pixelstream.settings.base import SENTINEL_PASSWORD_ENV, STORE_PASSWORD_ENV, read_secret
from pixelstream.settings.matchmaker import StoreSettings
from pixelstream.store.base import Store
from pixelstream.store.memory import MemoryStore
from pixelstream.store.usage import MemoryUsage, Retention, UsageLog

if TYPE_CHECKING:
    from pixelstream.store.server import Address


def make_store(settings: StoreSettings, rules: Rules) -> Store:
    """Make the store; a shared one connects by itself, now or when its server is there.

    Raises:
        SettingsError: a password's file can't be read.
    """
    if settings.kind == "memory" or settings.url is None:
        return MemoryStore(rules)
    from pixelstream.store.valkey import ValkeyStore  # noqa: PLC0415 - 10 MB that one replica doesn't need

    return ValkeyStore(rules, _address(settings, settings.url), presence=settings.presence)


def make_usage(settings: StoreSettings, retention: Retention, clock: Callable[[], float]) -> UsageLog:
    """Make what keeps the rows of sessions that are over, where the store is.

    Raises:
        SettingsError: as for `make_store`.
    """
    if settings.kind == "memory" or settings.url is None:
        return MemoryUsage(retention)
    from valkey.exceptions import ValkeyError  # noqa: PLC0415 - as above

    from pixelstream.store.server import connect  # noqa: PLC0415 - as above
    from pixelstream.store.usage import SharedUsage  # noqa: PLC0415 - beside its client

    client = connect(_address(settings, settings.url))[0]
    return SharedUsage(client, settings.prefix, retention, (ValkeyError, OSError), clock)


def _address(settings: StoreSettings, url: str) -> Address:
    from pixelstream.store.server import Address  # noqa: PLC0415 - as above

    return Address(
        url=url,
        username=settings.username,
        password=read_secret(settings.password_file, STORE_PASSWORD_ENV),
        sentinel_password=read_secret(settings.sentinel_password_file, SENTINEL_PASSWORD_ENV),
        ca=str(settings.ca_file) if settings.ca_file else None,
        prefix=settings.prefix,
        timeout=settings.timeout,
    )
