"""Which addresses a URL that someone else chose may lead to: those of the public internet and no others."""

import ipaddress
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_UNICAST: Final = ipaddress.ip_network("2000::/3")
# Public by the registry, and yet a way to another address, or to none.
_INDIRECT: Final = tuple(
    ipaddress.ip_network(block)
    for block in (
        "2001::/32",  # Teredo, RFC 4380
        "2002::/16",  # 6to4, RFC 3056
        "3fff::/20",  # documentation, RFC 9637
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
    )
)


def is_public(text: str) -> bool:
    """Return whether a numeric address is one of the public internet, reached directly: not private, loopback,
    link-local, multicast, reserved, nor one that holds an IPv4 address (mapped, NAT64, 6to4, Teredo). Of IPv6 only
    global unicast (2000::/3, RFC 4291 §2.4) counts; a zone (`fe80::1%eth0`) never does."""
    try:
        address: Address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if getattr(address, "scope_id", None):
        return False
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if address.version == 6 and address not in _UNICAST:
        return False
    return not any(address in block for block in _INDIRECT if block.version == address.version)


def is_loopback(text: str) -> bool:
    """Return whether a numeric address is this machine's own."""
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False
