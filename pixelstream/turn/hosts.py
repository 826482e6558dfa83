"""What may stand for a relay's host in the URLs that browsers get.

The trap: a browser refuses the whole configuration for one malformed URL in it, so nothing is offered
that isn't an address or a name.
"""

import re
from ipaddress import ip_address

_NAME = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)


def host(value: str) -> str:
    """Return an address in its usual spelling, or a DNS name as it is.

    Raises:
        ValueError: it is neither; an IPv6 address has no brackets here, and nothing has a port.
    """
    try:
        return str(ip_address(value))
    except ValueError:
        if _NAME.fullmatch(value) and not value.rpartition(".")[2].isdigit():
            return value
        raise ValueError(
            "must be an address (IPv6 without brackets) or a host name, without a port"
        ) from None
