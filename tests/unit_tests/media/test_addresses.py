"""Only public addresses are connected to, however they are spelled."""

from __future__ import annotations

from typing import Any

import httpcore
import httpx
import pytest

from langchain_unified.errors import InvalidParameterError
from langchain_unified.history.media import fetching
from langchain_unified.history.media.addresses import (
    AddressNotPublicError,
    PublicBackend,
    check_addresses,
    check_url,
)
from langchain_unified.history.media.reading import Media
from langchain_unified.transport.pools import open_pool

PUBLIC = "93.184.216.34"
ANSWER = [b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"]


class Recording(httpcore.AsyncNetworkBackend):
    """Answers every connection, but those to addresses that are down."""

    def __init__(self, *down: str) -> None:
        """Remember nothing yet."""
        self.down, self.connected = down, []
        self._inner = httpcore.AsyncMockBackend(ANSWER)

    async def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        """Connect and remember where."""
        self.connected.append((host, port))
        if host in self.down:
            raise httpcore.ConnectError(host)
        return await self._inner.connect_tcp(host, port, *args, **kwargs)


async def _get(url: str, network: Recording, *answers: list[str]) -> int:
    """Ask for a URL; each look-up of its host gives the next answer."""
    given = iter(answers)

    async def resolve(_: str, __: int) -> list[str]:
        return next(given)

    backend = PublicBackend(network, resolve)
    pool = open_pool(httpx, {}, None, is_async=True, network_backend=backend)
    async with pool:
        status: int = (await pool.request("GET", url)).status
        return status


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - refused, not listened on
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.8.9.10",
        "169.254.169.254",
        "169.254.170.2",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::10.0.0.1",
        "2001:0:c000:201::f5ff:fffe",
        "2001:db8::1",
        "2002:0a00:0001::1",
        "2002:7f00:0001::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fe80::a9fe:a9fe",
        "fec0::1",
        "ff02::1",
    ],
)
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    """Loopback, private, link-local and special ones, and IPv6 with one inside."""
    with pytest.raises(AddressNotPublicError, match="SSRF"):
        check_addresses("example.com", [PUBLIC, address])


@pytest.mark.parametrize(
    "address",
    [
        PUBLIC,
        "8.8.8.8",
        "172.32.0.1",
        "2606:2800:220:1:248:1893:25c8:1946",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
    ],
)
def test_public_addresses_are_taken(address: str) -> None:
    """Also a public IPv4 address as a network of IPv6 alone shows it."""
    assert [address] == check_addresses("example.com", [address])


def test_a_host_without_an_address_is_refused() -> None:
    """Nothing is not public either."""
    with pytest.raises(AddressNotPublicError, match=r"example\.com"):
        check_addresses("example.com", [])


@pytest.mark.parametrize(
    ("scheme", "host"),
    [
        ("ftp", "example.com"),
        ("file", ""),
        ("gopher", "example.com"),
        ("http", ""),
        ("http", "api.default.svc.cluster.local"),
        ("https", "API.default.svc.cluster.local."),
    ],
)
def test_urls_that_need_no_look_up_are_refused(scheme: str, host: str) -> None:
    """Other schemes, no host, and services inside a cluster."""
    with pytest.raises(AddressNotPublicError, match="SSRF"):
        check_url(scheme, host)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST.",
        "127.1",
        "0177.0.0.1",
        "0x7f000001",
        "2130706433",
        "[::ffff:7f00:1]",
        "user:secret@127.0.0.1",
        "127.0.0.1:80",
        "0",
    ],
)
def test_every_spelling_of_this_machine_is_refused(host: str) -> None:
    """The system's look-up reads decimal, octal and short spellings; they count."""
    refusal = r"SSRF|cannot be found|Invalid IPv4"
    with pytest.raises(InvalidParameterError, match=refusal):
        fetching.fetched(Media("image", "url", f"http://{host}/a.png"))


async def test_what_was_checked_is_connected_to() -> None:
    """A name server that answers differently the second time is asked once only."""
    network = Recording()

    assert 200 == await _get("http://example.com/", network, [PUBLIC], ["127.0.0.1"])
    assert [(PUBLIC, 80)] == network.connected


async def test_a_second_connection_is_checked_again() -> None:
    """A name that became private in the meantime is refused, and nobody called."""
    network = Recording()
    await _get("http://example.com/", network, [PUBLIC])
    with pytest.raises(AddressNotPublicError):
        await _get("http://example.com/", network, ["10.0.0.1"])

    assert [(PUBLIC, 80)] == network.connected


async def test_one_private_address_among_public_ones_refuses_all() -> None:
    """Which of them is connected to would be the stranger's choice."""
    network = Recording()
    with pytest.raises(AddressNotPublicError):
        await _get("http://example.com/", network, [PUBLIC, "10.0.0.1"])

    assert [] == network.connected


async def test_the_next_address_is_tried() -> None:
    """A host with an address that does not answer is reached by its others."""
    network = Recording("2606:2800::1")

    assert 200 == await _get("http://a.example/", network, ["2606:2800::1", PUBLIC])
    assert [("2606:2800::1", 80), (PUBLIC, 80)] == network.connected


async def test_no_address_answers() -> None:
    """Then the error is that of any host that is down."""
    with pytest.raises(httpcore.ConnectError):
        await _get("http://a.example/", Recording(PUBLIC), [PUBLIC])


def test_the_error_shows_no_address() -> None:
    """What a name means inside a network is not told to whoever named it."""
    with pytest.raises(AddressNotPublicError) as caught:
        check_addresses("intern.example.com", ["10.1.2.3"])

    assert "10.1.2.3" not in str(caught.value)
