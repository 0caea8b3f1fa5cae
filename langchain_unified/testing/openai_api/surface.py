"""The OpenAI paths."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.errors import refuse
from langchain_unified.testing.openai_api.admission import admit, check_key
from langchain_unified.testing.openai_api.chat import chat_chunks, chat_completion
from langchain_unified.testing.openai_api.checks.items import kind_of
from langchain_unified.testing.openai_api.models import get_model, list_models
from langchain_unified.testing.openai_api.response_events import response_chunks
from langchain_unified.testing.openai_api.responses import opening, response_body
from langchain_unified.testing.openai_api.store import ResponseStore
from langchain_unified.testing.signing import digest_of
from langchain_unified.testing.wire import HttpReply, lists_googles_models

if TYPE_CHECKING:
    from langchain_unified.testing.recording import RecordedRequest
    from langchain_unified.testing.settings import Settings
    from langchain_unified.testing.wire import HttpRequest

MODELS = "/v1/models"
_KEPT = re.compile(r"^/v1/responses/(?P<id>resp_[^/]+)(?P<part>/cancel|/input_items)?$")
ENDPOINTS = {"/v1/chat/completions": "chat", "/v1/responses": "responses"}
_BODY = {"chat": chat_completion, "responses": response_body}
_CHUNKS = {"chat": chat_chunks, "responses": response_chunks}


class OpenAISurface:
    """Answers the requests below `/v1`."""

    provider = "openai"

    def __init__(self) -> None:
        """Start without kept responses."""
        self._store = ResponseStore()

    def claims(self, request: HttpRequest) -> bool:
        """Tell whether a request is for OpenAI."""
        of_google = ":" in request.path or lists_googles_models(request)
        return request.path.startswith("/v1/") and not of_google

    def describe(self, recorded: RecordedRequest) -> None:
        """Fill in endpoint, model and streaming of a record."""
        body = recorded.body if isinstance(recorded.body, dict) else {}
        recorded.endpoint = ENDPOINTS.get(recorded.path)
        recorded.model = body.get("model")
        recorded.streaming = bool(body.get("stream"))
        if recorded.path.startswith(MODELS):
            recorded.endpoint = "models"
            recorded.model = recorded.path[len(MODELS) + 1 :] or None

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
        if recorded.endpoint == "models" and request.method == "GET":
            name = recorded.model
            found = get_model(settings, name) if name else list_models(settings)
            return _json(found)
        kept = _KEPT.match(request.path)
        if kept is not None:
            return _json(self._kept(kept, request.method))
        if recorded.endpoint not in _BODY or request.method != "POST":
            refuse(f"Invalid URL ({request.method} {request.path})", status=404)
        endpoint = recorded.endpoint
        call = admit(endpoint, recorded, settings, self._store)
        if call.body.get("stream"):
            chunks = _CHUNKS[endpoint](call, number)
            return HttpReply(
                200, {"content-type": "text/event-stream; charset=utf-8"}, chunks=chunks
            )
        return _json(_BODY[endpoint](call, number))

    def _kept(self, found: re.Match[str], method: str) -> dict[str, Any]:
        """Return a kept response or its input, deleted or cancelled if that is asked.

        Raises:
            RefusalError: If it was not kept, or there is nothing to cancel.
        """
        name, part = found["id"], found["part"]
        body = self._store.body(name)
        if body is None:
            refuse(f"Response with id '{name}' not found.", status=404)
        if (method, part) == ("GET", "/input_items"):
            return self._input_items(body)
        if (method, part) == ("DELETE", None):
            self._store.forget(name)
            return {"id": name, "object": "response", "deleted": True}
        if (method, part) == ("POST", "/cancel"):
            if not body["background"]:
                refuse("Cannot cancel a synchronous response.")
            body = {**opening(body), "status": "cancelled"}
            self._store.keep_body(body)
        return body

    def _input_items(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return what a response was asked, newest first, as a page of items."""
        conversation = self._store.conversation(body["id"]) or []
        asked = conversation[: len(conversation) - len(body["output"])]
        items = [
            _as_stored(item, f"{body['id']}-{index}")
            for index, item in enumerate(asked)
        ][::-1]
        ends = [items[-1]["id"], items[0]["id"]] if items else [None, None]
        return {
            "object": "list",
            "data": items,
            "first_id": ends[1],
            "last_id": ends[0],
            "has_more": False,
        }

    def headers(self, number: int) -> dict[str, str]:
        """Return the headers every reply carries."""
        return {
            "x-request-id": f"req_{digest_of('request', number)}",
            "openai-processing-ms": "1",
            "openai-version": "2020-10-01",
            "openai-organization": "emulator",
        }

    def reset(self) -> None:
        """Forget the kept responses."""
        self._store.clear()


def _json(value: Any) -> HttpReply:
    body = json.dumps(value, ensure_ascii=False).encode()
    return HttpReply(200, {"content-type": "application/json"}, body)


def _as_stored(item: dict[str, Any], seed: str) -> dict[str, Any]:
    """Return an input item as the API gives it back: with an id, text as a part."""
    if kind_of(item) != "message":
        return {"id": f"item_{digest_of(seed)}", **item}
    said = item.get("content")
    kind = "output_text" if item["role"] == "assistant" else "input_text"
    content = [{"type": kind, "text": said}] if isinstance(said, str) else said
    head = {"type": "message", "id": f"msg_{digest_of(seed)}", "status": "completed"}
    return {**head, **item, "content": content}
