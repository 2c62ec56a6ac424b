"""Whose request it is: the address of the browser, also behind a reverse proxy.

A proxy adds the address that it sees to `X-Forwarded-For`. Only what the proxies that school.yaml names have added is
believed; whatever a browser wrote there itself stands further left and is not looked at.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

Network: TypeAlias = str
_Address: TypeAlias = IPv4Address | IPv6Address
_OF_ONE_HOUSEHOLD: Final = 64
"""So many leading bits of an IPv6 address belong to one customer; the rest is theirs to choose."""


class Proxies:
    """The proxies that are believed."""

    def __init__(self, networks: Iterable[Network]) -> None:
        self._networks = tuple(ip_network(network, strict=False) for network in networks)

    def client_of(self, remote: str | None, forwarded: Sequence[str]) -> str:
        """The address of the browser. `forwarded` are the `X-Forwarded-For` headers in their order."""
        client = _parsed(remote)
        hops = [hop for header in forwarded for hop in header.split(",")]
        while hops and self._is_proxy(client):
            before = _parsed(hops.pop())
            if before is None:
                break
            client = before
        return "" if client is None else str(client)

    def _is_proxy(self, address: _Address | None) -> bool:
        """Who has no address comes through a socket of this machine."""
        return address is None or any(address in network for network in self._networks)


def household(address: str) -> str:
    """What attempts are counted by: the address, or the part of it that its owner cannot choose anew each time."""
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, _OF_ONE_HOUSEHOLD), strict=False))
    return address


def _parsed(text: str | None) -> _Address | None:
    try:
        address = ip_address((text or "").strip().strip("[]"))
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
