"""Which store the settings ask for. The client of the shared one is only loaded where it is used."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pixelstream.errors import SettingsError
from pixelstream.matchmaking.books import Rules
from pixelstream.settings.base import (
    SENTINEL_PASSWORD_ENV,
    STORE_PASSWORD_ENV,
    STORE_USERNAME_ENV,
    read_secret,
)
from pixelstream.settings.matchmaker import StoreSettings
from pixelstream.store.base import Store
from pixelstream.store.memory import MemoryStore
from pixelstream.store.usage import MemoryUsage, Retention, UsageLog

if TYPE_CHECKING:
    from pixelstream.store.clients import Address


def make_store(settings: StoreSettings, rules: Rules) -> Store:
    """Make the store; a shared one connects by itself, now or when its server is there.

    Raises:
        SettingsError: a password's file can't be read.
    """
    if settings.kind == "memory" or settings.url is None:
        return MemoryStore(rules)
    from pixelstream.store.valkey import ValkeyStore  # noqa: PLC0415 - 10 MB that one replica doesn't need

    address = partial(_address, settings, settings.url)
    address()  # so that a fault of its files ends the start
    return ValkeyStore(rules, address, presence=settings.presence)


def make_usage(settings: StoreSettings, retention: Retention, clock: Callable[[], float]) -> UsageLog:
    """Make what keeps the rows of sessions that are over, where the store is.

    Raises:
        SettingsError: as for `make_store`.
    """
    if settings.kind == "memory" or settings.url is None:
        return MemoryUsage(retention)
    from valkey.exceptions import ValkeyError  # noqa: PLC0415 - as above

    from pixelstream.store.clients import connect  # noqa: PLC0415 - as above
    from pixelstream.store.usage import SharedUsage  # noqa: PLC0415 - beside its client

    clients = connect(_address(settings, settings.url))
    return SharedUsage(clients, settings.prefix, retention, (ValkeyError, OSError), clock)


def _address(settings: StoreSettings, url: str) -> Address:
    from pixelstream.store.clients import Address  # noqa: PLC0415 - as above

    return Address(
        url=url,
        username=settings.username or read_secret(settings.username_file, STORE_USERNAME_ENV),
        password=read_secret(settings.password_file, STORE_PASSWORD_ENV),
        sentinel_password=read_secret(settings.sentinel_password_file, SENTINEL_PASSWORD_ENV),
        ca=_readable(settings.ca_file),
        certificate=_readable(settings.certificate_file),
        key=_readable(settings.key_file),
        server_name=settings.server_name,
        prefix=settings.prefix,
        timeout=settings.timeout,
    )


def _readable(file: Path | None) -> str | None:
    """Return the path of a file that the client reads; by itself it would not say what is wrong."""
    if file is None:
        return None
    try:
        file.read_bytes()
    except OSError as error:
        raise SettingsError(str(file), [f"cannot be read: {error.strerror}"]) from error
    return str(file)
