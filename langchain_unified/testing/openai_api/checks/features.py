"""Features that only some models or organizations have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_unified.testing.errors import refuse
from langchain_unified.testing.openai_api.checks.effort import require_verified
from langchain_unified.testing.openai_api.checks.names import (
    refuse_parameter,
    require_one_of,
    require_type,
)
from langchain_unified.testing.openai_api.checks.tools import require_function
from langchain_unified.testing.rules import load_fields

if TYPE_CHECKING:
    from langchain_unified.testing.openai_api.call import OpenAICall


def check_streaming(call: OpenAICall) -> None:
    """Refuse a stream the model or the organization may not have."""
    if not call.body.get("stream"):
        _check_stream_options(call)
        return
    if not call.rules.streaming:
        refuse(
            "Unsupported value: 'stream' does not support true with this model. Only "
            "the default (false) value is supported.",
            param="stream",
            code="unsupported_value",
        )
    if call.rules.streaming_needs_verification:
        require_verified(call, "stream this model", "stream")


def check_web_search(call: OpenAICall) -> None:
    """Refuse web search options on a model without web search."""
    if "web_search_options" in call.body and not call.rules.web_search:
        refuse(
            "Web search options not supported with this model.",
            param="web_search_options",
        )


def check_cache_retention(call: OpenAICall) -> None:
    """Refuse a cache retention the model does not take."""
    name = "prompt_cache_retention"
    if name in call.body and not call.rules.prompt_cache_retention:
        text = f"{name} is not supported on this model"
        refuse(text, param=name, code="invalid_parameter")


def check_refused(call: OpenAICall) -> None:
    """Refuse the parameters, and keys of objects, that the model does not have."""
    for name in call.rules.refused:
        first, _, key = name.partition(".")
        sent = call.body.get(first)
        if key and isinstance(sent, dict):
            sent = sent.get(key)
        if sent is not None and not (key and call.on_chat):
            refuse_parameter(name)


def check_cache_lifetime(call: OpenAICall) -> None:
    """Refuse a lifetime of the prompt cache that the endpoint does not offer."""
    lifetime = (call.body.get("prompt_cache_options") or {}).get("ttl")
    known = load_fields("openai")["cache_lifetimes"][call.endpoint]
    if lifetime is not None:
        require_one_of(lifetime, known, "prompt_cache_options.ttl")


def check_legacy_functions(call: OpenAICall) -> None:
    """Refuse `functions` and `function_call` on models that came after them."""
    for index, function in enumerate(call.body.get("functions") or []):
        require_type(function, "object", f"functions[{index}]")
        require_function(function, f"functions[{index}]")
    for name in ("function_call", "functions"):
        if name in call.body and not call.rules.legacy_functions:
            refuse_parameter(name)


def check_audio_needed(call: OpenAICall) -> None:
    """Refuse a request without audio to a model that is all about audio."""
    if not call.rules.needs_audio or "audio" in (call.body.get("modalities") or []):
        return
    parts = [
        part.get("type")
        for message in call.body["messages"]
        if isinstance(message.get("content"), list)
        for part in message["content"]
    ]
    if "input_audio" not in parts:
        refuse(
            "This model requires that either input content or output modality contain "
            "audio."
        )


def check_include(call: OpenAICall) -> None:
    """Refuse values of `include` that do not exist."""
    known = load_fields("openai")["include"]
    for index, value in enumerate(call.body.get("include") or []):
        require_one_of(value, known, f"include[{index}]")


def _check_stream_options(call: OpenAICall) -> None:
    if "stream_options" in call.body:
        refuse(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            param="stream_options",
        )
