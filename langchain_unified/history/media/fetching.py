"""Downloads of media, only if the user allows them.

Only public addresses are connected to (see `addresses`), no proxy is asked, and
redirects are not followed.

A download runs on an event loop of its own, because only there a time limit holds for
connecting, headers and body alike: a synchronous read ends when the server likes.
"""

from __future__ import annotations

import asyncio
import base64
import contextvars
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpcore
import httpx

from langchain_unified.errors import InvalidParameterError
from langchain_unified.history.media.addresses import (
    AddressNotPublicError,
    PublicBackend,
    check_url,
)
from langchain_unified.history.media.reading import Media, kind_of
from langchain_unified.history.media.sniffing import (
    canonical_mime,
    mime_of_bytes,
    mime_of_name,
)
from langchain_unified.reliability.exchange import current
from langchain_unified.transport.packages import failures
from langchain_unified.transport.pools import core_url, open_pool
from langchain_unified.transport.secrets import masked_url

MAX_BYTES = 20 * 1024 * 1024
"""Most that a call downloads, unpacked; Gemini takes requests of 20 MB (ai.google.dev,
2026-11-23)."""

MAX_SECONDS = 20.0
"""Longest download, from the first byte asked for to the last received."""

_NO_TEXT = frozenset({"image", "audio", "video"})
"""A page that comes in place of one of these is what a server says of its troubles."""

_PIECE = 64 * 1024
_GOOD = range(200, 300)
_FAILED: tuple[type[Exception], ...]
_FAILED = (*failures(httpx), httpx.InvalidURL, UnicodeError)
_HEADERS = {
    "accept": "*/*",
    "accept-encoding": "identity",
    "user-agent": f"python-httpx/{httpx.__version__}",
}
"""What httpx sends: some servers refuse a program without a name."""

_PACKED = {
    "gzip": zlib.MAX_WBITS | 16,
    "x-gzip": zlib.MAX_WBITS | 16,
    "deflate": zlib.MAX_WBITS,
}


def fetched(media: Media, seconds: float | None = None) -> Media:
    """Return media with the downloaded data in place of the URL.

    Args:
        media: The media, with a URL.
        seconds: Seconds the call allows, if it says; never more than `MAX_SECONDS`.

    Raises:
        InvalidParameterError: If the address is private, the server does not answer
            with the content, or there is too much of it. What may be a secret in the
            URL is not in it: credentials and query.
    """
    url = str(media.value)
    allowed = MAX_SECONDS if seconds is None else min(seconds, MAX_SECONDS)
    try:
        with ThreadPoolExecutor(1) as worker:
            run = contextvars.copy_context().run
            data, said = worker.submit(
                run, asyncio.run, _in_time(url, allowed)
            ).result()
    except AddressNotPublicError as error:
        raise _refused(url, str(error)) from None
    except _FAILED as error:
        raise _refused(url, str(error) or "the server closed the connection") from None
    except (TimeoutError, asyncio.TimeoutError):
        raise _refused(url, f"a download may take {allowed:g} seconds") from None
    mime = mime_of_bytes(data) or canonical_mime(said) or mime_of_name(url)
    value = base64.b64encode(data).decode()
    kind = kind_of(media.kind, "base64", mime)
    if not data or (kind == "text" and media.kind in _NO_TEXT):
        raise _refused(url, f"its server answers with {mime if data else 'nothing'}")
    return media._replace(kind=kind, source="base64", value=value, mime=mime)


def _refused(url: str, why: str) -> InvalidParameterError:
    shown = masked_url(url.partition("?")[0])
    return InvalidParameterError("messages", shown, f"{why.rstrip('.')}.")


def _pool() -> httpcore.AsyncConnectionPool:
    """Return connections to public addresses only."""
    backend = PublicBackend(httpcore.AnyIOBackend())
    pool: httpcore.AsyncConnectionPool = open_pool(
        httpx, {}, None, is_async=True, network_backend=backend
    )
    return pool


async def _in_time(url: str, seconds: float) -> tuple[bytes, str]:
    return await asyncio.wait_for(_download(url), seconds)


_PHASES = dict.fromkeys(("connect", "read", "write", "pool"), MAX_SECONDS)


async def _download(url: str) -> tuple[bytes, str]:
    request = httpx.Request("GET", url, headers=_HEADERS)
    check_url(request.url.scheme, request.url.host)
    async with (
        _pool() as pool,
        pool.stream(
            "GET",
            core_url(httpx, request.url),
            headers=request.headers.raw,
            extensions={"timeout": _PHASES},
        ) as response,
    ):
        if response.status not in _GOOD:
            raise _refused(url, f"its server answers with status {response.status}")
        headers = httpx.Headers(response.headers)
        body = _Body(url, headers.get("content-encoding", ""))
        async for chunk in response.aiter_stream():
            body.take(chunk)
        return body.whole(), headers.get("content-type", "")


class _Body:
    """The bytes of a download, unpacked a piece at a time and counted at each step.

    httpx unpacks a whole network read at once: 1.7 KB packed twice became 1.9 GB
    (httpx 0.28.1 `_decoders.py`, read 2026-11-27).
    """

    def __init__(self, url: str, encodings: str) -> None:
        self._url, self._exchange = url, current()
        self._parts: list[bytes] = []
        named = [name.strip().lower() for name in encodings.split(",")]
        packed = [name for name in named if name not in {"", "identity"}]
        if len(packed) > 1 or not set(packed) <= _PACKED.keys():
            raise _refused(url, f"the server compressed it as {encodings[:60]!r}")
        self._unpacker: Any = zlib.decompressobj(_PACKED[packed[0]]) if packed else None

    def take(self, chunk: bytes) -> None:
        """Take some bytes, if they are not too many."""
        for part in self._unpacked(chunk):
            self._exchange.downloaded += len(part)
            if self._exchange.downloaded > MAX_BYTES:
                self._parts.clear()
                most = MAX_BYTES // 1024 // 1024
                raise _refused(
                    self._url, f"the downloads of one call may have at most {most} MB"
                )
            self._parts.append(part)

    def whole(self) -> bytes:
        """Return everything."""
        return b"".join(self._parts)

    def _unpacked(self, chunk: bytes) -> Iterator[bytes]:
        if self._unpacker is None:
            yield chunk
            return
        try:
            while chunk:
                yield self._unpacker.decompress(chunk, _PIECE)
                chunk = self._unpacker.unconsumed_tail
        except zlib.error:
            raise _refused(self._url, "its compression cannot be read") from None
