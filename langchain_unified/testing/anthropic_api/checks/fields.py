"""Names, types and ranges of the request's own fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_unified.testing.anthropic_api.call import refuse
from langchain_unified.testing.anthropic_api.rules import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from langchain_unified.testing.anthropic_api.call import AnthropicCall


def check_fields(call: AnthropicCall) -> None:
    """Refuse fields the API does not know, and missing ones."""
    refuse_extra(call.body, "request", "")
    refuse_extra(call.body.get("metadata") or {}, "metadata", "metadata.")
    for name in ("max_tokens", "messages"):
        if name not in call.body:
            refuse(f"{name}: Field required")


def check_max_tokens(call: AnthropicCall) -> None:
    """Refuse a token cap out of range."""
    cap, most = call.body["max_tokens"], call.rules.max_tokens
    if not isinstance(cap, int) or isinstance(cap, bool):
        refuse("max_tokens: Input should be a valid integer")
    if cap < 1:
        refuse("max_tokens: Input should be greater than or equal to 1")
    if cap > most:
        refuse(
            f"max_tokens: {cap} > {most}, which is the maximum allowed number of "
            f"output tokens for {call.rules.id}"
        )


def check_stop(call: AnthropicCall) -> None:
    """Refuse stop sequences of white space alone."""
    for word in call.body.get("stop_sequences") or []:
        if not isinstance(word, str):
            refuse("stop_sequences.0: Input should be a valid string")
        if not word.strip():
            refuse("stop_sequences: each stop sequence must contain non-whitespace")


def check_service_tier(call: AnthropicCall) -> None:
    """Refuse tiers the API does not know."""
    tier = call.body.get("service_tier")
    if tier not in (None, "auto", "standard_only"):
        refuse("service_tier: Input should be 'auto' or 'standard_only'")


def refuse_extra(value: Any, kind: str, path: str) -> None:
    """Refuse an object that has keys the API does not know."""
    known: Iterable[str] = fields_of(kind)
    if not isinstance(value, dict) or not known:
        return
    for key in value:
        if key not in known:
            refuse(f"{path}{key}: Extra inputs are not permitted")
