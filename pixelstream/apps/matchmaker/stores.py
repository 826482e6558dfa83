"""Which store the settings ask for. The client of the shared one is only loaded where it is used."""

from __future__ import annotations

from pixelstream.matchmaking.books import Rules
from pixelstream.settings.base import SENTINEL_PASSWORD_ENV, STORE_PASSWORD_ENV, read_secret
from pixelstream.settings.matchmaker import StoreSettings
from pixelstream.store.base import Store
from pixelstream.store.memory import MemoryStore


def make_store(settings: StoreSettings, rules: Rules) -> Store:
    """Make the store; a shared one connects by itself, now or when its server is there.

    Raises:
        SettingsError: a password's file can't be read.
    """
    if settings.kind == "memory" or settings.url is None:
        return MemoryStore(rules)
    from pixelstream.store.server import Address  # noqa: PLC0415 - 10 MB that one replica doesn't need
    from pixelstream.store.valkey import ValkeyStore  # noqa: PLC0415 - as above

    address = Address(
        url=settings.url,
        username=settings.username,
        password=read_secret(settings.password_file, STORE_PASSWORD_ENV),
        sentinel_password=read_secret(settings.sentinel_password_file, SENTINEL_PASSWORD_ENV),
        ca=str(settings.ca_file) if settings.ca_file else None,
        prefix=settings.prefix,
        timeout=settings.timeout,
    )
    return ValkeyStore(rules, address, presence=settings.presence)
