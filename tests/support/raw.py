"""HTTP requests that no client library would send."""

from __future__ import annotations

import asyncio

DEADLINE = 10.0


async def raw_get(port: int, target: str, *headers: str) -> bytes:
    """Send `target` as it stands and return the whole answer, head and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [f"GET {target} HTTP/1.1", "Host: edge", "Connection: close", *headers, "", ""]
    async with asyncio.timeout(DEADLINE):
        writer.write("\r\n".join(lines).encode())
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    return answer
