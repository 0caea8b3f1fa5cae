"""Connections to public addresses only, against server-side request forgery (SSRF).

A name is resolved once and the connection is made to an address that was checked, so
that a name server that answers differently the second time (DNS rebinding) gains
nothing. langchain-core has a guard of its own, in a module that asks not to be used
by others (`langchain_core._security`, read 2026-11-27).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

import anyio.to_thread
import httpcore

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]

_SCHEMES = frozenset({"http", "https"})
_CLUSTER = ".svc.cluster.local"
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
_COMPATIBLE = ipaddress.IPv6Network("::/96")  # RFC 4291, deprecated


class AddressNotPublicError(Exception):
    """A URL points, or may point, to an address that is not public.

    The address is not shown: it would tell a stranger what a name means in there.
    """

    def __init__(self, part: str, value: str) -> None:
        """Name the part of the URL that is in the way."""
        super().__init__(
            f"its {part} {value!r} is not a public address (protection against SSRF)"
        )


def check_url(scheme: str, host: str) -> None:
    """Reject URLs that can be rejected without a DNS lookup.

    Args:
        scheme: Scheme of a URL.
        host: Its host.

    Raises:
        AddressNotPublicError: If it is neither `http` nor `https`, has no host, or
            names a service inside a Kubernetes cluster.
    """
    if scheme not in _SCHEMES:
        raise AddressNotPublicError("scheme", scheme)
    if not host or host.lower().rstrip(".").endswith(_CLUSTER):
        raise AddressNotPublicError("host", host)


def check_addresses(host: str, found: Iterable[str]) -> list[str]:
    """Return the addresses of a host if all of them are public.

    Args:
        host: The host, named in the error.
        found: Its IPv4 and IPv6 addresses.

    Raises:
        AddressNotPublicError: If one is not public, or there is none.

    Example:
        >>> check_addresses("example.com", ["93.184.216.34"])
        ['93.184.216.34']
    """
    addresses = list(found)
    if addresses and all(map(_is_public, map(ipaddress.ip_address, addresses))):
        return addresses
    raise AddressNotPublicError("host", host)


class PublicBackend(httpcore.AsyncNetworkBackend):
    """Opens connections to public addresses, for a pool of httpcore.

    Args:
        backend: What opens them.
        resolve: Returns the addresses of a host; the system's look-up if left out.
    """

    def __init__(
        self, backend: httpcore.AsyncNetworkBackend, resolve: Resolve | None = None
    ) -> None:
        """Keep both."""
        self._backend, self._resolve = backend, resolve or _resolved

    async def connect_tcp(
        self, host: str, port: int, *args: Any, **kwargs: Any
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of a host that answers.

        Raises:
            AddressNotPublicError: If an address of the host is not public.
            httpcore.ConnectError: If the host is unknown or no address answers.
        """
        *first, last = check_addresses(host, await self._resolve(host, port))
        for address in first:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._backend.connect_tcp(address, port, *args, **kwargs)
        return await self._backend.connect_tcp(last, port, *args, **kwargs)

    async def connect_unix_socket(
        self, path: str, *_: Any, **__: Any
    ) -> httpcore.AsyncNetworkStream:
        """Refuse: no public address is a file."""
        raise AddressNotPublicError("path", path)

    async def sleep(self, seconds: float) -> None:
        """Wait before another attempt."""
        await self._backend.sleep(seconds)


async def _resolved(host: str, port: int) -> list[str]:
    # The executor of an event loop is waited for when the loop ends, however long a
    # name server takes (asyncio.run in 3.10 to 3.14); these threads are not.
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = await anyio.to_thread.run_sync(look_up, abandon_on_cancel=True)
    except (OSError, OverflowError, UnicodeError) as error:
        message = f"the host {host!r} cannot be found"
        raise httpcore.ConnectError(message) from error
    return [str(address[0]) for *_, address in found]


def _is_public(address: Address) -> bool:
    """Tell whether an address, and the IPv4 address inside it, is a public one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not (address.is_multicast or address.is_reserved)
    if address in _NAT64 or address in _COMPATIBLE:
        return _is_public(ipaddress.IPv4Address(address.packed[-4:]))
    if address.ipv4_mapped is not None:
        return _is_public(address.ipv4_mapped)
    inside = [address.sixtofour, *(address.teredo or ())]
    return (
        address.is_global
        and not (address.is_multicast or address.is_reserved or address.is_site_local)
        and all(_is_public(one) for one in inside if one is not None)
    )
