"""What the emulator remembers of each request."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from langchain_unified.testing.wire import HttpRequest

MASK = "***"
SECRET_HEADERS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "api-key",
        "x-api-key",
        "x-goog-api-key",
        "cookie",
    }
)


PLAIN_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "anthropic-version",
        "connection",
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
        "user-agent",
    }
)
"""Headers that a log file shows. Any other may carry a token of a gateway."""


@dataclass
class RecordedRequest:
    """One request the emulator received, with its secrets masked.

    Attributes:
        method: HTTP method.
        path: URL path.
        query: Query parameters; an API key in them is masked.
        headers: Lower-case names; credentials are masked. A log file masks every
            header that is not known to be harmless.
        body: The parsed JSON body, or None.
        raw: The body as bytes.
        provider: `openai`, `google_genai` or None.
        endpoint: `chat`, `responses`, `models`, `generateContent`,
            `streamGenerateContent`, `countTokens` or None.
        model: The model asked for, or None.
        streaming: Whether a streamed answer was asked for.
        key_tail: Last four characters of the API key, or None.
        key_fingerprint: First 12 hex digits of the key's SHA-256, or None.
        connection: Number of the TCP connection, counted from 1.
        status: Status of the reply; 0 while it is being handled.
        error: The JSON error body of a 4xx or 5xx, or None.
        ignored: Parameters that were accepted and have no effect.
        scripted: Whether a scripted reply or a random fault answered.
        failure: The traceback, if the emulator itself failed on the request.
        let_through: Bodies of the errors that were not given, as `strict` asks for
            stronger evidence.
        evidence: How a refusal is known: `recorded`, `documented` or `inferred`; None
            for a request that was not refused.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    raw: bytes = field(repr=False)
    provider: str | None = None
    endpoint: str | None = None
    model: str | None = None
    streaming: bool = False
    key_tail: str | None = None
    key_fingerprint: str | None = None
    connection: int = 0
    status: int = 0
    error: Any = None
    ignored: list[str] = field(default_factory=list)
    scripted: bool = False
    evidence: str | None = None
    failure: str | None = None
    let_through: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> str:
        """Return the record as one line of JSON, without the raw bytes."""
        headers = {k: v if _is_plain(k) else MASK for k, v in self.headers.items()}
        shown = {**asdict(self), "headers": headers, "raw": None}
        return json.dumps(shown, ensure_ascii=False)


def record(request: HttpRequest) -> RecordedRequest:
    """Describe a request; provider, endpoint and model are filled in later."""
    key = api_key_of(request)
    return RecordedRequest(
        method=request.method,
        path=request.path,
        query=_mask(request.query, frozenset({"key"})),
        headers=_mask(request.headers, SECRET_HEADERS),
        body=_parsed(request.raw),
        raw=request.raw,
        key_tail=key[-4:] if key else None,
        key_fingerprint=hashlib.sha256(key.encode()).hexdigest()[:12] if key else None,
        connection=request.connection,
    )


def api_key_of(request: HttpRequest) -> str | None:
    """Return the credential a request carries: "" if empty, None if absent."""
    bearer = request.headers.get("authorization")
    if bearer is not None:
        return bearer[7:].strip() if bearer[:7].lower() == "bearer " else ""
    for name in ("x-goog-api-key", "x-api-key", "api-key"):
        if name in request.headers:
            return request.headers[name]
    return request.query.get("key")


def _is_plain(header: str) -> bool:
    return header in PLAIN_HEADERS or header.startswith("x-stainless-")


def _mask(values: Mapping[str, str], secret: frozenset[str]) -> dict[str, str]:
    return {name: MASK if name in secret else value for name, value in values.items()}


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw, parse_constant=_no_json) if raw else None
    except (ValueError, RecursionError):
        return None


def _no_json(word: str) -> NoReturn:
    """Refuse NaN and the infinities, which Python reads and JSON does not have."""
    message = f"{word} is no JSON."
    raise ValueError(message)
