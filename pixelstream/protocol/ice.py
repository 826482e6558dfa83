"""ICE servers as the browser's RTCConfiguration has them, and the `config` message around them.

The trap: Unreal 4.25 and 4.26 read `urls` only if it is a list, and every engine up to 5.1 hangs up on
a `config` without `peerConnectionOptions`.
"""

from __future__ import annotations

from typing import Annotated, Literal

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from pixelstream.errors import PixelstreamError

PROTOCOL_VERSION = "1.3.0"
"""What Epic calls SIGNALLING_VERSION."""


class IceError(PixelstreamError):
    """Text that is no RTCConfiguration."""


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class _Verbatim(BaseModel):
    """Unknown fields survive: a browser may know more of RTCConfiguration than we."""

    model_config = ConfigDict(
        extra="allow", frozen=True, alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True
    )


class IceServer(_Verbatim):
    """One entry of `iceServers`; `urls` is always a list when written."""

    urls: Annotated[list[str], BeforeValidator(_as_list), Field(min_length=1)]
    username: str | None = None
    credential: str | None = None


class PeerConnectionOptions(_Verbatim):
    """An RTCConfiguration."""

    ice_transport_policy: Literal["all", "relay"] | None = None
    ice_servers: list[IceServer] = []

    @classmethod
    def parse(cls, text: bytes) -> PeerConnectionOptions:
        """Read an RTCConfiguration from JSON.

        Raises:
            IceError: it is none.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise IceError(str(error)) from error

    def to_json(self) -> bytes:
        """Write it as JSON, absent fields left out."""
        return self.model_dump_json(exclude_none=True).encode()


def config_message(options: bytes, *, version: bool) -> bytes:
    """Write the `config` message around an RTCConfiguration.

    Args:
        options: the RTCConfiguration as JSON; it goes out as it is, save that `urls` become lists.
        version: whether to name the protocol's version, as from 5.5 on.

    Raises:
        IceError: `options` are no JSON object.
    """
    try:
        parsed = orjson.loads(options)
    except orjson.JSONDecodeError as error:
        raise IceError(str(error)) from None
    if not isinstance(parsed, dict):
        raise IceError("an RTCConfiguration is an object")
    servers = parsed.get("iceServers")
    for server in servers if isinstance(servers, list) else ():
        if isinstance(server, dict) and isinstance(server.get("urls"), str):
            server["urls"] = [server["urls"]]
    message = {"type": "config", "peerConnectionOptions": parsed}
    if version:
        message["protocolVersion"] = PROTOCOL_VERSION
    return orjson.dumps(message)
