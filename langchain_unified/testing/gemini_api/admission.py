"""From an HTTP request to a checked Gemini call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_unified.testing.errors import google_refuse, run_checks, weighed
from langchain_unified.testing.gemini_api.call import GeminiCall, is_vertex
from langchain_unified.testing.gemini_api.checks import (
    config,
    contents,
    signatures,
    thinking,
    tools,
)
from langchain_unified.testing.gemini_api.fields import parse_message, with_camel_keys
from langchain_unified.testing.gemini_api.prompt import prompt_tokens
from langchain_unified.testing.rules import is_shut_down

if TYPE_CHECKING:
    from langchain_unified.testing.recording import RecordedRequest
    from langchain_unified.testing.rules import ModelRules
    from langchain_unified.testing.settings import Settings
    from langchain_unified.testing.wire import HttpRequest

CHECKS = (
    contents.check_contents,
    contents.check_cached_content,
    contents.check_system_instruction,
    thinking.check_thinking,
    config.check_sampling,
    config.check_penalties,
    config.check_candidates,
    config.check_streaming,
    config.check_stop,
    config.check_token_cap,
    config.check_logprobs,
    config.check_media_resolution,
    config.check_modalities,
    tools.check_tools,
    tools.check_tool_config,
    tools.check_response_schema,
    config.check_json,
    contents.check_turns,
    contents.check_function_turns,
    signatures.check_signatures,
)


_NO_KEY = (
    "Method doesn't allow unregistered callers (callers without established identity). "
    "Please use API Key or other form of API consumer identity to call this API."
)
_WRONG_KEY = "API key not valid. Please pass a valid API key."
_KEY_INVALID = {
    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
    "reason": "API_KEY_INVALID",
    "domain": "googleapis.com",
    "metadata": {"service": "generativelanguage.googleapis.com"},
}


def check_key(request: HttpRequest, settings: Settings) -> None:
    """Refuse a missing API key with 403 and a wrong one with 400."""
    key = request.headers.get("x-goog-api-key", request.query.get("key"))
    if key is None:
        google_refuse(_NO_KEY, 403)
    if not settings.accepts_key("google_genai", key):
        google_refuse(_WRONG_KEY, details=[_KEY_INVALID])


def admit(
    recorded: RecordedRequest, settings: Settings, model: str, version: str
) -> GeminiCall:
    """Check a request from top to bottom.

    Args:
        recorded: The request.
        settings: Doors of the emulator.
        model: Model name in the path.
        version: API version in the path.

    Returns:
        The call, ready to be answered.

    Raises:
        RefusalError: With the status and body the API would send.
    """
    rules = find_model(settings, model, version, recorded.endpoint or "")
    body = with_camel_keys(recorded.body)
    with weighed(settings, recorded):
        body = parse_body(
            recorded.body, "GenerateContentRequest", vertex=is_vertex(recorded.path)
        )
    call = GeminiCall(
        body=body,
        rules=rules,
        settings=settings,
        recorded=recorded,
        version=version,
        streaming=recorded.streaming,
    )
    run_checks(call, CHECKS)
    _check_context(call)
    return call


def parse_body(body: Any, kind: str, *, vertex: bool = False) -> dict[str, Any]:
    """Parse a request body."""
    if not isinstance(body, dict):
        google_refuse("Invalid JSON payload received. Unexpected end of string.")
    return parse_message(body, kind, vertex=vertex)


def find_model(settings: Settings, name: str, version: str, method: str) -> ModelRules:
    """Return the rules of the model that serves a request today."""
    rules = settings.books["google_genai"].get(name, settings.today)
    gone = rules is not None and (
        settings.enforce_shutdown and is_shut_down(rules, settings.today)
    )
    if rules is None or gone or "generateContent" not in rules.endpoints:
        google_refuse(
            f"models/{name} is not found for API version {version}, or is not "
            f"supported for {method}. Call ListModels to see the list of available "
            "models and their supported methods.",
            404,
        )
    return rules


def _check_context(call: GeminiCall) -> None:
    limit = call.rules.max_input_tokens or call.rules.context_window
    tokens = prompt_tokens(call)
    if limit is not None and tokens > limit:
        text = f"The input token count ({tokens}) exceeds the maximum number of tokens"
        google_refuse(f"{text} allowed ({limit}).")
