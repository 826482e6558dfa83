"""What leases and tickets are made of: parts in base64url, and a MAC over them (RFC 4648, RFC 2104).

The trap: base64 has many spellings of the same bytes; only the canonical one is read, or one token would
have several texts, each of which a log or a list would take for another.
"""

import base64
import binascii
import hashlib
import hmac

from pixelstream.errors import LeaseError


def mac(key: bytes, data: str) -> bytes:
    """Return the HMAC-SHA256 of a text."""
    return hmac.digest(key, data.encode(), hashlib.sha256)


def encode(data: bytes) -> str:
    """Return unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Bytes of unpadded base64url in its one canonical spelling.

    Raises:
        LeaseError: `malformed`.
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data or encode(data) != text:
        raise LeaseError("malformed", "a part is not base64url")
    return data
