"""Cassettes of vcrpy and of Ruby's VCR, and HTTP archives."""

from __future__ import annotations

import base64
import binascii
import gzip
import importlib
import json
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

_REDACTED = "**"
_PLACEHOLDERS = (
    ("<VERTEX_LOCATION>", "global"),
    ("<VERTEX_PROJECT_ID>", "project"),
)


def interactions_of(text: str) -> Iterator[dict[str, Any]]:
    """Yield the requests of a cassette with their answers.

    Args:
        text: The cassette: `requests` and `responses` side by side, or pairs of them
            in `interactions` or `http_interactions`.

    Yields:
        Objects with `host`, `path`, `query`, `status`, `request` and `response` or
        `sse`; requests without a JSON body are left out.
    """
    loaded = _yaml().load(text, Loader=_loader())
    if not isinstance(loaded, dict):
        return
    pairs = loaded.get("interactions") or loaded.get("http_interactions") or ()
    both = [(pair["request"], pair["response"]) for pair in pairs]
    both += zip(
        loaded.get("requests") or (), loaded.get("responses") or (), strict=False
    )
    yield from filter(None, (_exchange(*one) for one in both))


def entries_of(text: str) -> Iterator[dict[str, Any]]:
    """Yield the requests of an HTTP archive (HAR), as browsers and proxies write it.

    Args:
        text: The archive.

    Yields:
        Objects as `interactions_of` yields them.
    """
    loaded = json.loads(text)
    entries = (loaded.get("log") or {}).get("entries") or ()
    for entry in entries:
        asked, answered = entry["request"], entry["response"]
        content = answered.get("content") or {}
        kept = "base64_string" if content.get("encoding") == "base64" else "string"
        found = _exchange(
            {
                "uri": asked["url"],
                "body": {"string": (asked.get("postData") or {}).get("text")},
            },
            {"status": answered.get("status"), "body": {kept: content.get("text")}},
        )
        if found is not None:
            yield found


def _exchange(
    request: dict[str, Any], response: dict[str, Any]
) -> dict[str, Any] | None:
    body = _json(request.get("parsed_body") or _body(request))
    if not isinstance(body, dict):
        return None
    parts = _address(str(request.get("uri") or ""))
    status = response.get("status") or {}
    raw = response.get("parsed_body") or _body(response)
    answer = _json(raw)
    found = {
        "host": parts.netloc,
        "path": unquote(parts.path),
        "query": dict(parse_qsl(parts.query)),
        "status": status.get("code") if isinstance(status, dict) else status,
        "request": body,
    }
    return {**found, "sse": raw} if answer is None else {**found, "response": answer}


def _address(uri: str) -> SplitResult:
    """Return a recorded address in its parts, without the recorder's placeholders."""
    for placeholder, value in _PLACEHOLDERS:
        uri = uri.replace(placeholder, value)
    return urlsplit("" if uri.startswith(_REDACTED) else uri)


def _body(message: dict[str, Any]) -> Any:
    body = message.get("body")
    if isinstance(body, dict) and "base64_string" in body:
        body = base64.b64decode(body["base64_string"])
    elif isinstance(body, dict):
        body = body.get("string")
    return _text(body) if isinstance(body, bytes) else body


def _text(body: bytes) -> str:
    try:
        return (gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body).decode()
    except (OSError, EOFError, zlib.error, binascii.Error, UnicodeDecodeError):
        return ""


def _json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return None


def _yaml() -> Any:
    """Return PyYAML, which langchain-core brings along."""
    return importlib.import_module("yaml")


def _loader() -> Any:
    """Return the safe loader written in C where there is one, as it is fast."""
    return getattr(_yaml(), "CSafeLoader", _yaml().SafeLoader)
