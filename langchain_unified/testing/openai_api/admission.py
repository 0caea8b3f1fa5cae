"""From an HTTP request to a checked OpenAI call."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from langchain_unified.testing.errors import refuse, run_checks, weighed
from langchain_unified.testing.openai_api.call import OpenAICall
from langchain_unified.testing.openai_api.checks import (
    caps,
    effort,
    features,
    formats,
    item_history,
    items,
    messages,
    names,
    ranges,
    sampling,
    tools,
)
from langchain_unified.testing.openai_api.prompt import prompt_tokens
from langchain_unified.testing.recording import api_key_of
from langchain_unified.testing.rules import is_shut_down

if TYPE_CHECKING:
    from langchain_unified.testing.openai_api.store import ResponseStore
    from langchain_unified.testing.recording import RecordedRequest
    from langchain_unified.testing.rules import ModelRules
    from langchain_unified.testing.settings import Settings
    from langchain_unified.testing.wire import HttpRequest

_LONGEST_SHOWN_KEY = 12
KEYS_PAGE = "https://platform.openai.com/account/api-keys"
_NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an "
    "Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or "
    "as the password field (with blank username) if you're accessing the API from your "
    "browser and are prompted for a username and password. You can obtain an API key "
    f"from {KEYS_PAGE}."
)
_NO_CHAT_MODEL = (
    "This is not a chat model and thus not supported in the v1/chat/completions "
    "endpoint. Did you mean to use v1/completions?"
)
_ONLY_RESPONSES = (
    "This model is only supported in v1/responses and not in v1/chat/completions."
)

_SHARED = (
    names.check_names,
    names.check_types,
    names.check_nested_names,
    effort.check_effort,
    effort.check_summary,
    effort.check_verbosity,
    effort.check_encrypted_include,
    sampling.check_incompatible_arguments,
    sampling.check_sampling,
    features.check_include,
    sampling.check_logprobs_include,
    sampling.check_top_logprobs,
    ranges.check_ranges,
    ranges.check_stop_length,
    caps.check_caps,
    features.check_streaming,
    features.check_web_search,
    features.check_cache_retention,
    features.check_refused,
    features.check_legacy_functions,
    features.check_cache_lifetime,
    tools.check_parallel_tool_calls,
    tools.check_tools,
    tools.check_tool_choice,
)
CHAT_CHECKS = (
    *_SHARED,
    messages.check_messages,
    messages.check_tool_history,
    features.check_audio_needed,
    formats.check_response_format,
)
RESPONSES_CHECKS = (
    *_SHARED,
    items.check_input,
    item_history.load_history,
    item_history.check_reasoning_items,
    item_history.check_call_pairs,
    formats.check_response_format,
)


def check_key(request: HttpRequest, settings: Settings) -> None:
    """Refuse a missing or wrong API key with 401."""
    key = api_key_of(request) if "authorization" in request.headers else None
    if not key:
        refuse(_NO_KEY, status=401)
    if not settings.accepts_key("openai", key):
        refuse(
            f"Incorrect API key provided: {_shown_key(key)}. You can find your API key "
            f"at {KEYS_PAGE}.",
            code="invalid_api_key",
            status=401,
        )


def _shown_key(key: str) -> str:
    """Return a key as the API repeats it: a long one without its middle."""
    if len(key) <= _LONGEST_SHOWN_KEY:
        return key
    return f"{key[:4]}{'*' * (len(key) - 8)}{key[-4:]}"


def admit(
    endpoint: str,
    recorded: RecordedRequest,
    settings: Settings,
    store: ResponseStore,
) -> OpenAICall:
    """Check a request from top to bottom.

    Args:
        endpoint: `chat` or `responses`.
        recorded: The request.
        settings: Doors of the emulator.
        store: Kept responses.

    Returns:
        The call, ready to be answered.

    Raises:
        RefusalError: With the status and body the API would send.
    """
    if not isinstance(recorded.body, dict):
        refuse(
            "We could not parse the JSON body of your request. (HINT: This likely "
            "means you aren't using your HTTP library correctly. The OpenAI API "
            "expects a JSON payload, but what was sent was not valid JSON.)"
        )
    rules = find_model(endpoint, recorded, settings)
    body = {name: value for name, value in recorded.body.items() if value is not None}
    call = OpenAICall(endpoint, body, rules, settings, store, recorded, [])
    run_checks(call, CHAT_CHECKS if endpoint == "chat" else RESPONSES_CHECKS)
    caps.check_context(call, prompt_tokens(call))
    return call


def find_model(
    endpoint: str, recorded: RecordedRequest, settings: Settings
) -> ModelRules:
    """Return the rules of the model asked for, if the endpoint serves it."""
    name = recorded.body.get("model")
    if not name:
        refuse("you must provide a model parameter")
    names.require_type(name, "string", "model")
    rules = settings.books["openai"].get(name, settings.today)
    if rules is None:
        _unknown_model(endpoint, name)
    if settings.enforce_shutdown and is_shut_down(rules, settings.today):
        _shut_down(name)
    if endpoint not in rules.endpoints:
        with weighed(settings, recorded):
            _wrong_endpoint(endpoint, rules)
    return rules


def _unknown_model(endpoint: str, name: str) -> NoReturn:
    if endpoint == "responses":
        refuse(
            f"The requested model '{name}' does not exist.",
            param="model",
            code="model_not_found",
        )
    refuse(
        f"The model `{name}` does not exist or you do not have access to it.",
        code="model_not_found",
        status=404,
    )


def _shut_down(name: str) -> NoReturn:
    refuse(
        f"The model `{name}` has been deprecated, learn more here: "
        "https://platform.openai.com/docs/deprecations",
        code="model_not_found",
        status=404,
    )


def _wrong_endpoint(endpoint: str, rules: ModelRules) -> NoReturn:
    if endpoint == "chat":
        text = _NO_CHAT_MODEL if rules.not_a_chat_model else _ONLY_RESPONSES
        refuse(text, param="model", status=404)
    text = f"The requested model '{rules.id}' cannot be used with the Responses API."
    refuse(text, param="model")
