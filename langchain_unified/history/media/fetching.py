"""Downloading media, only where the user allows it.

Uses langchain-core's guard against server-side request forgery, as langchain-openai
does: it refuses private, loopback, link-local and cloud metadata addresses and pins
the address that it checked. Redirects are not followed.
"""

from __future__ import annotations

import base64
import time
from functools import lru_cache
from typing import Any

import httpx
from langchain_core._security import SSRFBlockedError, ssrf_safe_client

from langchain_unified.errors import InvalidParameterError
from langchain_unified.history.media.reading import Media, kind_of
from langchain_unified.history.media.sniffing import (
    canonical_mime,
    mime_of_bytes,
    mime_of_name,
)

MAX_BYTES = 20 * 1024 * 1024
"""Largest download; Gemini takes requests of 20 MB (ai.google.dev, 2026-11-23)."""

MAX_SECONDS = 20.0
"""Longest download, from the first byte asked for to the last received."""


@lru_cache(maxsize=1)
def _client() -> Any:
    return ssrf_safe_client(follow_redirects=False, timeout=MAX_SECONDS)


def fetched(media: Media) -> Media:
    """Return media with what is at its URL in place of the URL.

    Raises:
        InvalidParameterError: If the address is private, the server does not answer
            with the content, or there is too much of it.
    """
    try:
        data, said = _download(str(media.value))
    except (SSRFBlockedError, httpx.HTTPError) as error:
        raise InvalidParameterError("messages", media.value, f"{error}.") from error
    mime = mime_of_bytes(data) or canonical_mime(said) or mime_of_name(media.value)
    value = base64.b64encode(data).decode()
    kind = kind_of(media.kind, "base64", mime)
    return media._replace(kind=kind, source="base64", value=value, mime=mime)


def _download(url: str) -> tuple[bytes, str]:
    started, size = time.monotonic(), 0
    parts: list[bytes] = []
    with _client().stream("GET", url) as response:
        response.raise_for_status()
        for part in response.iter_bytes():
            parts.append(part)
            size += len(part)
            _check_limits(url, size, time.monotonic() - started)
        return b"".join(parts), response.headers.get("content-type", "")


def _check_limits(url: str, size: int, seconds: float) -> None:
    if size > MAX_BYTES:
        accepted = f"a download may have {MAX_BYTES // 1024 // 1024} MB."
        raise InvalidParameterError("messages", url, accepted)
    if seconds > MAX_SECONDS:
        accepted = f"a download may take {MAX_SECONDS:.0f} seconds."
        raise InvalidParameterError("messages", url, accepted)
