"""Why answers end, in one vocabulary for every provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

UNKNOWN = "unknown"
"""An end this package has no word for; never read it as a complete answer."""

NORMAL = frozenset(
    {
        "stop",
        "length",
        "tool_calls",
        "content_filter",
        "function_call",
        "pause_turn",
        "refusal",
    }
)
"""OpenAI's words (its API reference, read 2026-11-23), and two of Anthropic's."""

# google.genai.types.FinishReason and BlockedReason of google-genai 2.34.0;
# Anthropic's stop_reason, docs.anthropic.com; all read 2026-11-23.
_WORDS: Mapping[str, str] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",
    **dict.fromkeys(
        (
            "BLOCKLIST",
            "IMAGE_PROHIBITED_CONTENT",
            "IMAGE_RECITATION",
            "IMAGE_SAFETY",
            "MODEL_ARMOR",
            "PROHIBITED_CONTENT",
            "RECITATION",
            "SAFETY",
            "SPII",
        ),
        "content_filter",
    ),
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
}
_CALLS_END_WITH = "STOP"


def normal_reason(raw: Any, *, calls: bool = False) -> str:
    """Return the normal word for an end.

    Args:
        raw: The provider's word.
        calls: Whether the answer calls tools. Gemini says `STOP` either way.

    Example:
        >>> normal_reason("MAX_TOKENS"), normal_reason("MALFORMED_FUNCTION_CALL")
        ('length', 'unknown')
    """
    word = str(getattr(raw, "value", raw))
    if calls and word == _CALLS_END_WITH:
        return "tool_calls"
    return word if word in NORMAL else _WORDS.get(word, UNKNOWN)


def normalise(
    message: BaseMessage,
    info: dict[str, Any] | None,
    *,
    calls: bool = False,
) -> str | None:
    """Put the normal word in the place of the provider's, which is kept beside it.

    Args:
        message: The message, or a piece of one.
        info: Its generation info.
        calls: Whether pieces before it call tools.

    Returns:
        The normal word, or `None` if there is no end yet.
    """
    metadata = message.response_metadata
    found = None
    for place in (metadata, info):
        raw = place.get("finish_reason") if place else None
        if not place or not raw:
            continue
        if isinstance(message, AIMessage):
            calls = calls or bool(message.tool_calls or message.invalid_tool_calls)
        found = _corrected(normal_reason(raw, calls=calls), metadata)
        if found != raw:
            place["finish_reason"] = found
            kept = getattr(raw, "value", raw)
            place.setdefault("raw_finish_reason", _raw(kept, metadata))
    return found


def _corrected(word: str, metadata: Mapping[str, Any]) -> str:
    """Return a word that fits the status beside it."""
    if metadata.get("prompt_feedback"):
        return "content_filter"
    if word == "stop" and metadata.get("status") == "incomplete":
        return UNKNOWN
    return word


def _raw(raw: Any, metadata: Mapping[str, Any]) -> Any:
    details = metadata.get("incomplete_details")
    return details.get("reason") or raw if isinstance(details, Mapping) else raw
