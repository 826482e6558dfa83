"""One question to a STUN server: does it answer a binding over UDP (RFC 8489)?

The trap: a server that refuses the port answers with ICMP at once and a missing one not at all, so both
take the whole wait, or a caller that asks until it answers would spin.
"""

import asyncio
import secrets
import socket

REQUEST = b"\x00\x01\x00\x00\x21\x12\xa4\x42"
"""Binding request without attributes, with the magic cookie; the transaction id follows."""
SUCCESS = b"\x01\x01"


async def binding(host: str, port: int, wait: float) -> bool:
    """Ask a STUN server for a binding (RFC 8489) over UDP; whether it answered within `wait` seconds."""
    loop = asyncio.get_running_loop()
    transaction = secrets.token_bytes(12)
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        try:
            async with asyncio.timeout(wait):
                await loop.sock_connect(sock, (host, port))
                await loop.sock_sendall(sock, REQUEST + transaction)
                answer = await loop.sock_recv(sock, 2048)
        except TimeoutError:
            return False
        except OSError:
            await asyncio.sleep(wait)  # refused: nobody listens yet
            return False
    return answer[:2] == SUCCESS and answer[8:20] == transaction
