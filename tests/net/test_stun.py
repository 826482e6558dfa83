"""The STUN question, against servers that answer, lie and stay silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from pixelstream.net.stun import binding


class Server(asyncio.DatagramProtocol):
    def __init__(self, answer: Callable[[bytes], bytes | None]) -> None:
        self._answer = answer

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._answer(data)
        if answer is not None:
            self._transport.sendto(answer, addr)


@pytest.mark.parametrize(
    ("answer", "answers"),
    [
        (lambda data: b"\x01\x01\x00\x00" + data[4:20], True),
        (lambda data: b"\x01\x11\x00\x00" + data[4:20], False),
        (lambda data: b"\x01\x01\x00\x00" + data[4:8] + bytes(12), False),
        (lambda _: b"", False),
        (lambda _: None, False),
    ],
)
async def test_only_a_success_for_our_own_question_counts(
    answer: Callable[[bytes], bytes | None],
    answers: bool,  # noqa: FBT001
) -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Server(answer), local_addr=("127.0.0.1", 0)
    )
    port = transport.get_extra_info("sockname")[1]
    assert await binding("127.0.0.1", port, 0.2) is answers
    transport.close()
    assert not await binding("127.0.0.1", port, 0.01)
