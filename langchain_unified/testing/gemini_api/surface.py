"""The Gemini paths."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.errors import google_refuse
from langchain_unified.testing.gemini_api.admission import (
    admit,
    check_key,
    find_model,
    parse_body,
)
from langchain_unified.testing.gemini_api.generate import content_body, content_chunks
from langchain_unified.testing.gemini_api.models import get_model, list_models
from langchain_unified.testing.gemini_api.prompt import contents_tokens
from langchain_unified.testing.signing import digest_of
from langchain_unified.testing.wire import HttpReply, lists_googles_models

if TYPE_CHECKING:
    from langchain_unified.testing.recording import RecordedRequest
    from langchain_unified.testing.settings import Settings
    from langchain_unified.testing.wire import HttpRequest

_PATH = re.compile(
    r"^/(?P<version>v1beta1|v1beta|v1)"
    r"(?:/projects/[^/]+/locations/[^/]+)?(?:/publishers/google)?"
    r"/models(?:/(?P<model>[^:/]+))?(?::(?P<method>\w+))?$"
)


class GeminiSurface:
    """Answers the requests below `/v1beta`."""

    provider = "google_genai"

    def claims(self, request: HttpRequest) -> bool:
        """Tell whether a request is for Gemini."""
        own_path = request.path.startswith("/v1beta") or ":" in request.path
        return own_path or lists_googles_models(request)

    def describe(self, recorded: RecordedRequest) -> None:
        """Fill in endpoint, model and streaming of a record."""
        found = _PATH.match(recorded.path)
        if found is None:
            return
        recorded.endpoint = found["method"] or "models"
        recorded.model = found["model"]
        recorded.streaming = recorded.endpoint == "streamGenerateContent"

    def answer(
        self,
        request: HttpRequest,
        recorded: RecordedRequest,
        settings: Settings,
        number: int,
    ) -> HttpReply:
        """Answer a request.

        Raises:
            RefusalError: With the error the API would send.
        """
        check_key(request, settings)
        found = _PATH.match(request.path)
        if found is None:
            google_refuse(f"Not found: {request.path}", 404)
        name, version = found["model"], found["version"]
        if recorded.endpoint == "models" and request.method == "GET":
            if name:
                return _json(get_model(settings, name))
            return _json(list_models(settings, request.query))
        if request.method != "POST" or not name:
            google_refuse(f"Not found: {request.method} {request.path}", 404)
        if recorded.endpoint == "countTokens":
            return _json(_count(recorded, settings, name, version))
        if recorded.endpoint not in ("generateContent", "streamGenerateContent"):
            google_refuse(f"Unknown method {recorded.endpoint}", 404)
        call = admit(recorded, settings, name, version)
        if not recorded.streaming:
            return _json(content_body(call, number))
        return _streamed(content_chunks(call, number), request)

    def headers(self, number: int) -> dict[str, str]:
        """Return the headers every reply carries."""
        return {
            "x-request-id": digest_of("gemini request", number),
            "server-timing": "gfet4t7; dur=1",
        }

    def reset(self) -> None:
        """Forget nothing: Gemini keeps no state."""


def _count(
    recorded: RecordedRequest, settings: Settings, name: str, version: str
) -> dict[str, Any]:
    find_model(settings, name, version, "countTokens")
    body = parse_body(recorded.body, "CountTokensRequest")
    inner = body.get("generateContentRequest") or body
    contents = inner.get("contents") or []
    if not contents:
        google_refuse("* CountTokensRequest.contents: contents is not specified\n")
    tokens = contents_tokens([*contents, inner.get("systemInstruction") or {}])
    details = [{"modality": "TEXT", "tokenCount": tokens}]
    return {"totalTokens": tokens, "promptTokensDetails": details}


def _streamed(chunks: list[bytes], request: HttpRequest) -> HttpReply:
    if request.query.get("alt") == "sse":
        return HttpReply(200, {"content-type": "text/event-stream"}, chunks=chunks)
    bodies = [chunk.removeprefix(b"data: ").rstrip() for chunk in chunks]
    joined = b"[" + b",\n".join(bodies) + b"]"
    return HttpReply(200, {"content-type": "application/json; charset=UTF-8"}, joined)


def _json(value: Any) -> HttpReply:
    body = json.dumps(value, ensure_ascii=False).encode()
    return HttpReply(200, {"content-type": "application/json; charset=UTF-8"}, body)
