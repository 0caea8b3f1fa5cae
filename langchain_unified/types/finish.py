"""Why answers end, in one vocabulary for every provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
WORDS: Mapping[str, str] = {
    **{word: word for word in NORMAL},
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
"""The normal word by the provider's."""


def normal_reason(raw: Any) -> str:
    """Return the normal word for an end.

    Args:
        raw: The provider's word.

    Example:
        >>> normal_reason("MAX_TOKENS"), normal_reason("MALFORMED_FUNCTION_CALL")
        ('length', 'unknown')
    """
    return WORDS.get(str(getattr(raw, "value", raw)), UNKNOWN)
