"""The Ollama paths."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.ollama_api.call import admit, load_data, refuse
from langchain_unified.testing.ollama_api.chat import chat_body, chat_lines
from langchain_unified.testing.wire import HttpReply

if TYPE_CHECKING:
    from langchain_unified.testing.recording import RecordedRequest
    from langchain_unified.testing.settings import Settings
    from langchain_unified.testing.wire import HttpRequest

CHAT = "/api/chat"


class OllamaSurface:
    """Answers the requests below `/api`."""

    provider = "ollama"

    def claims(self, request: HttpRequest) -> bool:
        """Tell whether a request is for Ollama."""
        return request.path.startswith("/api/")

    def describe(self, recorded: RecordedRequest) -> None:
        """Fill in endpoint, model and streaming of a record."""
        body = recorded.body if isinstance(recorded.body, dict) else {}
        recorded.endpoint = "api_chat" if recorded.path == CHAT else "models"
        recorded.model = body.get("model")
        recorded.streaming = body.get("stream") is not False

    def answer(
        self,
        request: HttpRequest,
        recorded: RecordedRequest,
        settings: Settings,
        number: int,
    ) -> HttpReply:
        """Answer a request.

        Raises:
            RefusalError: With the error the server would send.
        """
        if request.path == "/api/tags":
            return _json(_tags())
        if request.path == "/api/version":
            return _json({"version": "0.13.0"})
        if request.path != CHAT or request.method != "POST":
            refuse("404 page not found", 404)
        call = admit(recorded, settings)
        if not recorded.streaming:
            return _json(chat_body(call, number))
        chunks = chat_lines(call, number)
        return HttpReply(200, {"content-type": "application/x-ndjson"}, chunks=chunks)

    def headers(self, number: int) -> dict[str, str]:
        """Return the headers every reply carries: none of its own."""
        del number
        return {}

    def reset(self) -> None:
        """Forget nothing: the server keeps no state."""


def _details(family: str) -> dict[str, Any]:
    return {
        "parent_model": "",
        "format": "gguf",
        "family": family,
        "families": [family],
        "parameter_size": "8B",
        "quantization_level": "Q4_K_M",
    }


def _tags() -> dict[str, Any]:
    return {
        "models": [
            {
                "name": model["name"],
                "model": model["name"],
                "modified_at": "2026-11-01T00:00:00Z",
                "size": 1_000_000_000,
                "digest": "0" * 64,
                "details": _details(model["family"]),
                "capabilities": model["capabilities"],
            }
            for model in load_data()["models"]
        ]
    }


def _json(value: Any) -> HttpReply:
    body = json.dumps(value, ensure_ascii=False).encode()
    return HttpReply(200, {"content-type": "application/json"}, body)
