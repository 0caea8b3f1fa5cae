"""URLs are fetched only where the user allows it, within limits, from public hosts."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import time
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpcore
import httpx
import pytest
from langchain_core.messages import HumanMessage
from typing_extensions import Self

from langchain_unified import UnifiedChatModel, default_registry
from langchain_unified.errors import InvalidParameterError, UnsupportedError
from langchain_unified.history import aprepared, prepared, traits_of
from langchain_unified.history.media import fetching
from langchain_unified.history.media.reading import Media
from langchain_unified.planner import plan
from langchain_unified.reliability.exchange import Exchange
from langchain_unified.types import CallPlan, Invocation
from tests.unit_tests.media.forms import FILES

URL = "https://example.com/blue.png"
PNG = (FILES / "blue.png").read_bytes()
MESSAGES = [HumanMessage([{"type": "image", "url": URL}])]
Serve = Callable[[httpx.Request], httpx.Response]


def planned(*, fetch_urls: bool, model: str = "gemini-2.5-flash") -> CallPlan:
    """Return the plan of a call with a picture by URL."""
    call = Invocation(
        model, params={"fetch_urls": fetch_urls}, traits=traits_of(MESSAGES)
    )
    return plan(call, default_registry().resolve(model))


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Callable[[Serve], None]:
    """Return a function that puts a server in place of the web."""

    def serve(handler: Serve) -> None:
        monkeypatch.setattr(fetching, "_pool", partial(Web, handler))

    return serve


class Web:
    """Connections to a server that a function plays."""

    def __init__(self, handler: Serve) -> None:
        """Keep the function."""
        self._handler = handler

    async def __aenter__(self) -> Self:
        """Open nothing."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close nothing."""

    @asynccontextmanager
    async def stream(
        self, method: str, url: httpcore.URL, *, headers: Any, extensions: Any
    ) -> AsyncIterator[httpcore.Response]:
        """Give the function's answer."""
        del extensions
        address = bytes(url).decode()
        answer = self._handler(httpx.Request(method, address, headers=headers))
        body: Any = answer.stream
        yield httpcore.Response(
            answer.status_code, headers=answer.headers.raw, content=body
        )


def test_nothing_is_fetched_unasked() -> None:
    """Without fetch_urls a URL that the wire cannot take is refused before sending."""
    with pytest.raises(UnsupportedError, match="fetch_urls=True"):
        planned(fetch_urls=False)


def test_an_allowed_url_is_fetched_and_on_record(web: Callable[[Serve], None]) -> None:
    """With fetch_urls the client downloads the picture, and the plan says so."""
    web(lambda _: httpx.Response(200, stream=httpx.ByteStream(PNG)))
    call = planned(fetch_urls=True)
    block = prepared(call, MESSAGES)[0].content[0]

    assert {"type": "media", "mime_type": "image/png", "data": PNG} == block
    assert ["fetch_urls"] == [change.parameter for change in call.changes]


async def test_fetching_leaves_the_loop_alone(web: Callable[[Serve], None]) -> None:
    """Asynchronous calls fetch in a thread and get the same messages."""
    web(lambda _: httpx.Response(200, stream=httpx.ByteStream(PNG)))
    call = planned(fetch_urls=True)

    assert prepared(call, MESSAGES) == await aprepared(call, MESSAGES)


def test_a_wire_that_takes_urls_fetches_nothing() -> None:
    """OpenAI gets the URL itself, whether or not fetching is allowed."""
    call = planned(fetch_urls=True, model="gpt-4o")

    assert not call.fetches


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/a.png",
        "http://localhost/a.png",
        "http://10.0.0.1/a.png",
        "http://192.168.1.1/a.png",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/a.png",
        "ftp://example.com/a.png",
    ],
)
def test_private_addresses_are_never_fetched(url: str) -> None:
    """Loopback, private and metadata addresses and other schemes are refused."""
    with pytest.raises(InvalidParameterError, match="SSRF"):
        fetching.fetched(Media("image", "url", url))


def test_too_much_is_cut_off(
    web: Callable[[Serve], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A download that is larger than the limit ends with an error."""
    monkeypatch.setattr(fetching, "MAX_BYTES", 10)
    web(lambda _: httpx.Response(200, stream=httpx.ByteStream(PNG)))
    with pytest.raises(InvalidParameterError, match="may have"):
        fetching.fetched(Media("image", "url", URL))


def test_too_slow_is_cut_off(
    web: Callable[[Serve], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A download that takes longer than the limit ends with an error."""
    monkeypatch.setattr(fetching, "MAX_SECONDS", 0.2)

    async def drip() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x"
            await asyncio.sleep(0.05)

    web(lambda _: httpx.Response(200, content=drip()))
    with pytest.raises(InvalidParameterError, match="may take"):
        fetching.fetched(Media("image", "url", URL))


@pytest.mark.parametrize("packed", ["gzip, gzip", "br", "gzip, br", "zstd"])
def test_what_cannot_be_bounded_is_refused(
    web: Callable[[Serve], None], packed: str
) -> None:
    """Encodings that would be unpacked without a limit are refused unread."""
    headers = {"content-encoding": packed}
    web(lambda _: httpx.Response(200, stream=httpx.ByteStream(PNG), headers=headers))
    with pytest.raises(InvalidParameterError, match="compressed it"):
        fetching.fetched(Media("image", "url", URL))


def test_a_packed_download_is_counted_unpacked(web: Callable[[Serve], None]) -> None:
    """A small body that unpacks to more than the limit ends with an error."""
    bomb = gzip.compress(bytes(fetching.MAX_BYTES + 1))
    stream, headers = httpx.ByteStream(bomb), {"content-encoding": "gzip"}
    web(lambda _: httpx.Response(200, stream=stream, headers=headers))
    with pytest.raises(InvalidParameterError, match="may have"):
        fetching.fetched(Media("image", "url", URL))


def test_the_pictures_of_a_call_share_the_limit(
    web: Callable[[Serve], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A prompt with many addresses takes up no more memory than one with one."""
    monkeypatch.setattr(fetching, "MAX_BYTES", 2 * len(PNG) + 1)
    web(lambda _: httpx.Response(200, stream=httpx.ByteStream(PNG)))

    with Exchange(), pytest.raises(InvalidParameterError, match="may have"):
        prepared(planned(fetch_urls=True), MESSAGES * 3)


@pytest.mark.parametrize(
    ("headers", "body"),
    [({}, b""), ({"content-type": "text/html"}, b"<html>Sorry</html>")],
    ids=["nothing", "a page"],
)
def test_what_is_no_picture_is_refused(
    headers: dict[str, str], body: bytes, web: Callable[[Serve], None]
) -> None:
    """Neither nothing nor a page of the server is sent in place of a picture."""
    stream = httpx.ByteStream(body)
    web(lambda _: httpx.Response(200, stream=stream, headers=headers))
    with pytest.raises(InvalidParameterError, match="its server answers with"):
        fetching.fetched(Media("image", "url", URL))


@pytest.mark.parametrize("host", ["me:s3cret@10.0.0.1", "xn--", "10.0.0.1"])
def test_no_secret_of_a_url_is_shown(host: str) -> None:
    """An error names the address without its password and its query."""
    with pytest.raises(InvalidParameterError) as refused:
        fetching.fetched(Media("image", "url", f"http://{host}/a.png?sig=s3cret"))

    assert "s3cret" not in "".join(traceback.format_exception_only(refused.value))
    assert refused.value.__cause__ is None


def test_a_slow_name_server_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A download ends in time though the look-up of its host does not."""
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(30))
    started = time.monotonic()
    with pytest.raises(InvalidParameterError, match="may take"):
        fetching.fetched(Media("image", "url", URL), 0.2)

    over.set()
    assert time.monotonic() - started < 10


def test_a_packed_picture_is_read(web: Callable[[Serve], None]) -> None:
    """A server that packs although it was not asked to is understood."""
    stream, headers = httpx.ByteStream(gzip.compress(PNG)), {"content-encoding": "gzip"}
    web(lambda _: httpx.Response(200, stream=stream, headers=headers))

    assert "image/png" == fetching.fetched(Media("image", "url", URL)).mime


@pytest.mark.parametrize("status", [302, 404, 500])
def test_only_an_answer_counts(web: Callable[[Serve], None], status: int) -> None:
    """A redirect or an error is no content."""
    web(lambda _: httpx.Response(status, headers={"location": "http://10.0.0.1/"}))
    with pytest.raises(InvalidParameterError, match="messages="):
        fetching.fetched(Media("image", "url", URL))


def test_the_bytes_count_not_the_name(web: Callable[[Serve], None]) -> None:
    """What comes back is judged by its bytes, and refused if unreadable."""
    web(lambda _: httpx.Response(200, stream=httpx.ByteStream(b"GIF89a")))
    with pytest.raises(UnsupportedError, match="image/gif"):
        prepared(planned(fetch_urls=True), MESSAGES)


@pytest.mark.parametrize("given", ["constructor", "call"])
def test_a_user_who_allows_it_is_still_safe(
    given: str, model: Callable[..., UnifiedChatModel], provider_emulator: Any
) -> None:
    """With fetch_urls an address of the own network is refused, and nothing sent."""
    url = f"{provider_emulator.openai_base_url}/models"
    asked = [HumanMessage([{"type": "image", "url": url}])]
    settings = {"fetch_urls": True}
    of_model, of_call = (settings, {}) if given == "constructor" else ({}, settings)
    with pytest.raises(InvalidParameterError, match="SSRF"):
        model("gemini-2.5-flash", **of_model).invoke(asked, **of_call)

    assert [] == provider_emulator.requests
