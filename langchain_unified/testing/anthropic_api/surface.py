"""The Anthropic paths."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.anthropic_api.answer import message_body, message_events
from langchain_unified.testing.anthropic_api.call import AnthropicCall, refuse
from langchain_unified.testing.anthropic_api.checks import (
    fields,
    messages,
    sampling,
    thinking,
    tools,
)
from langchain_unified.testing.anthropic_api.prompt import prompt_tokens
from langchain_unified.testing.anthropic_api.rules import AnthropicRules, load_models
from langchain_unified.testing.errors import run_checks
from langchain_unified.testing.recording import api_key_of
from langchain_unified.testing.signing import digest_of
from langchain_unified.testing.wire import HttpReply

if TYPE_CHECKING:
    from langchain_unified.testing.recording import RecordedRequest
    from langchain_unified.testing.settings import Settings
    from langchain_unified.testing.wire import HttpRequest

MESSAGES = "/v1/messages"
MODELS = "/v1/models"
CHECKS = (
    fields.check_fields,
    fields.check_max_tokens,
    fields.check_stop,
    fields.check_service_tier,
    sampling.check_sampling,
    thinking.check_thinking,
    thinking.check_effort,
    thinking.check_format,
    sampling.check_sampling_beside_thinking,
    tools.check_tools,
    tools.check_tool_choice,
    messages.check_messages,
    messages.check_tool_turns,
    messages.check_last_turn,
)


class AnthropicSurface:
    """Answers `/v1/messages`, and `/v1/models` to Anthropic's clients."""

    provider = "anthropic"

    def claims(self, request: HttpRequest) -> bool:
        """Tell whether a request is for Anthropic."""
        own = "anthropic-version" in request.headers
        return request.path == MESSAGES or (own and request.path.startswith(MODELS))

    def describe(self, recorded: RecordedRequest) -> None:
        """Fill in endpoint, model and streaming of a record."""
        body = recorded.body if isinstance(recorded.body, dict) else {}
        recorded.endpoint = "messages" if recorded.path == MESSAGES else "models"
        recorded.model = body.get("model")
        recorded.streaming = bool(body.get("stream"))

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
        _check_head(request, settings, api_key_of(request))
        if recorded.endpoint == "models":
            return _json(_models())
        call = admit(recorded, settings)
        if call.body.get("stream"):
            chunks = message_events(call, number)
            kind = {"content-type": "text/event-stream; charset=utf-8"}
            return HttpReply(200, kind, chunks=chunks)
        return _json(message_body(call, number))

    def headers(self, number: int) -> dict[str, str]:
        """Return the headers every reply carries."""
        return {"request-id": f"req_{digest_of('anthropic request', number)}"}

    def reset(self) -> None:
        """Forget nothing: the Messages API keeps no state."""


def _rules_of(name: str | None) -> AnthropicRules:
    if not name:
        refuse("model: Field required")
    rules = load_models().get(name)
    if rules is None:
        refuse(f"model: {name}", 404, "not_found_error")
    return rules


def admit(recorded: RecordedRequest, settings: Settings) -> AnthropicCall:
    """Check a request from top to bottom.

    Raises:
        RefusalError: With the status and body the API would send.
    """
    if not isinstance(recorded.body, dict):
        refuse("The request body is not valid JSON")
    rules = _rules_of(recorded.body.get("model"))
    call = AnthropicCall(recorded.body, rules, settings, recorded)
    run_checks(call, CHECKS)
    tokens = prompt_tokens(call)
    if tokens > rules.context:
        refuse(f"prompt is too long: {tokens} tokens > {rules.context} maximum")
    return call


def _check_head(request: HttpRequest, settings: Settings, key: str | None) -> None:
    if "anthropic-version" not in request.headers:
        refuse("anthropic-version: header is required")
    if not key:
        refuse("x-api-key header is required", 401, "authentication_error")
    if not settings.accepts_key("anthropic", key):
        refuse("invalid x-api-key", 401, "authentication_error")


def _models() -> dict[str, Any]:
    data = [
        {
            "type": "model",
            "id": name,
            "display_name": name.replace("-", " ").title(),
            "created_at": "2026-01-01T00:00:00Z",
        }
        for name in load_models()
    ]
    first, last = data[0]["id"], data[-1]["id"]
    return {"data": data, "has_more": False, "first_id": first, "last_id": last}


def _json(value: Any) -> HttpReply:
    body = json.dumps(value, ensure_ascii=False).encode()
    return HttpReply(200, {"content-type": "application/json"}, body)
