"""What a call needs of a model, and what a model lacks for it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.messages.utils import count_tokens_approximately

from langchain_unified.connection import Connection
from langchain_unified.data.connections import facts_of
from langchain_unified.types import Invocation, ModelConfig

_CHARACTERS = 4
"""Characters of a token, about."""

_SECRETS = ("api_key", "root_client", "root_async_client", "client")
_WORDS = {
    "tool_calling": "tools",
    "structured_output": "a response schema",
    "json_mode": "JSON answers",
    "image_inputs": "image input",
    "audio_inputs": "audio input",
    "video_inputs": "video input",
    "pdf_inputs": "PDF input",
    "image_outputs": "image output",
    "audio_outputs": "audio output",
}


def about_tokens(messages: Sequence[BaseMessage], settings: Mapping[str, Any]) -> int:
    """Return about how many tokens messages and tools are."""
    tools = settings.get("tools")
    told = len(json.dumps(tools, default=str)) // _CHARACTERS if tools else 0
    return count_tokens_approximately(messages) + told


def has_credentials(connection: Connection, variables: Sequence[str]) -> bool:
    """Tell whether a provider has what it needs to be called.

    Args:
        connection: Its connection settings.
        variables: Environment variables that can hold its key.
    """
    own = facts_of(connection.provider).credentials
    if not variables or any(map(connection.get, (*_SECRETS, *own))):
        return True
    return connection.place.has_account or any(map(os.environ.get, variables))


def missing_room(call: Invocation, config: ModelConfig) -> Iterator[str]:
    """Yield where a call is larger than a model; nothing if it is not."""
    tokens, cap = call.tokens or 0, call.params.get("max_tokens") or 0
    reads, writes = config.limits.get("input"), config.longest_answer
    context = config.limits.get("context")
    if reads is not None and tokens > reads:
        yield f"room for about {tokens} input tokens (the limit is {reads})"
    if context is not None and tokens + cap > context:
        both = (
            f"about {tokens} input tokens and {cap} output tokens"
            if cap
            else f"{tokens}"
        )
        yield f"room for {both} (the context window is {context})"
    if writes is not None and cap > writes:
        yield f"room for {cap} output tokens (the limit is {writes})"


def needed(call: Invocation) -> Iterator[str]:
    """Yield what a call needs, in words for people."""
    for feature in _features(call):
        yield _WORDS.get(feature, feature)
    if _wants_reasoning(call):
        yield "reasoning"
    if call.stream:
        yield "streaming"


def missing_abilities(call: Invocation, config: ModelConfig) -> Iterator[str]:
    """Yield what a model cannot do of what a call needs; nothing if it can."""
    if not config.supports("text_outputs"):
        yield "text output"
    for feature in _features(call):
        if not config.supports(feature):
            yield _WORDS.get(feature, feature)
    if _wants_reasoning(call) and not config.reasons:
        yield "reasoning"
    if call.stream and not config.features.get("streaming", True):
        yield "streaming"


def _features(call: Invocation) -> Iterator[str]:
    """Yield the capabilities a call needs, as `ModelProfile` keys."""
    yield from sorted(call.traits.inputs)
    if call.params.get("tools") or call.params.get("functions"):
        yield "tool_calling"
    kind = (call.params.get("response_format") or {}).get("type")
    if call.structure is not None or kind == "json_schema":
        yield "structured_output"
    elif kind == "json_object":
        yield "json_mode"
    for modality in call.params.get("modalities") or ():
        if str(modality).casefold() != "text":
            yield f"{str(modality).casefold()}_outputs"


def _wants_reasoning(call: Invocation) -> bool:
    given = call.params
    nested = given.get("reasoning") or {}
    effort = given.get("reasoning_effort") or nested.get("effort")
    others = (given.get("thinking_budget"), given.get("include_thoughts"))
    return effort not in (None, "none") or any(others)
