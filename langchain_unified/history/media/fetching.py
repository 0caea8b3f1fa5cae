"""Downloading media, only where the user allows it.

Only public addresses are connected to (see `addresses`), no proxy is asked, and
redirects are not followed.

A download runs on an event loop of its own, because only there a time limit holds for
connecting, headers and body alike: a synchronous read ends when the server likes.
"""

from __future__ import annotations

import asyncio
import base64
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
from langchain_unified.transport.pools import open_pool

MAX_BYTES = 20 * 1024 * 1024
"""Largest download, packed or not; Gemini takes requests of 20 MB (ai.google.dev,
2026-11-23)."""

MAX_SECONDS = 20.0
"""Longest download, from the first byte asked for to the last received."""

_PIECE = 64 * 1024
_PACKED = {
    "gzip": zlib.MAX_WBITS | 16,
    "x-gzip": zlib.MAX_WBITS | 16,
    "deflate": zlib.MAX_WBITS,
}


def fetched(media: Media, seconds: float | None = None) -> Media:
    """Return media with what is at its URL in place of the URL.

    Args:
        media: The media, with a URL.
        seconds: Seconds the call allows, if it says; never more than `MAX_SECONDS`.

    Raises:
        InvalidParameterError: If the address is private, the server does not answer
            with the content, or there is too much of it.
    """
    url = str(media.value)
    allowed = MAX_SECONDS if seconds is None else min(seconds, MAX_SECONDS)
    try:
        with ThreadPoolExecutor(1) as worker:
            data, said = worker.submit(asyncio.run, _in_time(url, allowed)).result()
    except (AddressNotPublicError, httpx.HTTPError, httpx.InvalidURL) as error:
        raise InvalidParameterError("messages", url, f"{error}.") from error
    except (TimeoutError, asyncio.TimeoutError) as error:
        accepted = f"a download may take {allowed:g} seconds."
        raise InvalidParameterError("messages", url, accepted) from error
    mime = mime_of_bytes(data) or canonical_mime(said) or mime_of_name(url)
    value = base64.b64encode(data).decode()
    kind = kind_of(media.kind, "base64", mime)
    return media._replace(kind=kind, source="base64", value=value, mime=mime)


def _client() -> httpx.AsyncClient:
    """Return a client that reaches public addresses only."""
    backend = PublicBackend(httpcore.AnyIOBackend())
    pool = open_pool(httpx, {}, None, is_async=True, network_backend=backend)
    return httpx.AsyncClient(transport=pool, timeout=MAX_SECONDS)


async def _in_time(url: str, seconds: float) -> tuple[bytes, str]:
    return await asyncio.wait_for(_download(url), seconds)


async def _download(url: str) -> tuple[bytes, str]:
    parts = httpx.URL(url)
    check_url(parts.scheme, parts.host)
    headers = {"accept-encoding": "identity"}
    async with (
        _client() as client,
        client.stream("GET", url, headers=headers) as response,
    ):
        response.raise_for_status()
        body = _Body(url, response.headers.get("content-encoding", ""))
        async for chunk in response.aiter_raw(_PIECE):
            body.take(chunk)
        return body.whole(), response.headers.get("content-type", "")


class _Body:
    """The bytes of a download, unpacked a piece at a time and counted at each step.

    httpx unpacks a whole network read at once: 1.7 KB packed twice became 1.9 GB
    (httpx 0.28.1 `_decoders.py`, read 2026-11-27).
    """

    def __init__(self, url: str, encodings: str) -> None:
        self._url, self._size = url, 0
        self._parts: list[bytes] = []
        named = [name.strip().lower() for name in encodings.split(",")]
        packed = [name for name in named if name not in {"", "identity"}]
        if len(packed) > 1 or not set(packed) <= _PACKED.keys():
            accepted = f"its server packs it as {encodings[:60]!r}, unasked."
            raise InvalidParameterError("messages", url, accepted)
        self._unpacker: Any = zlib.decompressobj(_PACKED[packed[0]]) if packed else None

    def take(self, chunk: bytes) -> None:
        """Take some bytes, if they are not too many."""
        for part in self._unpacked(chunk):
            self._size += len(part)
            if self._size > MAX_BYTES:
                self._parts.clear()
                accepted = f"a download may have {MAX_BYTES // 1024 // 1024} MB."
                raise InvalidParameterError("messages", self._url, accepted)
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
        except zlib.error as error:
            accepted = "its server packs it in a way that cannot be read."
            raise InvalidParameterError("messages", self._url, accepted) from error
