"""Content for the user's own server: what is in its words is sent as it is.

Servers that speak chat completions take more than OpenAI does: `video_url` (vLLM),
`min_pixels` (Qwen), `cache_control` (OpenRouter, LiteLLM). Who configures such a server
knows its words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_unified.history.media.reading import read_block
from langchain_unified.types import CallPlan

_ELSEWHERE = frozenset({"video_url", "audio_url"})
_WIRE_FORMS = frozenset({"image_url", "input_audio", *_ELSEWHERE})
_IMAGE_KEYS = frozenset({"type", "image_url"})
_KNOWN_KEYS = frozenset({"type", "text"})
_LANGCHAIN_KEYS = frozenset({"annotations", "extras", "id", "index", "phase"})


def as_given(plan: CallPlan) -> bool:
    """Tell whether a plan's server gets text with the keys the user wrote."""
    return bool(plan.config.server) and plan.endpoint == "chat"


def wire_block(plan: CallPlan, block: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a block that is in the words of the plan's server already, else `None`.

    Args:
        plan: The plan of the call.
        block: A content block in any form.
    """
    if not as_given(plan):
        return None
    kind = block.get("type")
    if kind in _ELSEWHERE or (kind == "image_url" and _has_more_keys(block)):
        return {k: v for k, v in block.items() if k not in _LANGCHAIN_KEYS}
    if not plan.config.server_decides:
        return None
    nested_file = kind == "file" and isinstance(block.get("file"), Mapping)
    if kind in _WIRE_FORMS or nested_file:
        return dict(block)
    media = read_block(block)
    return dict(media.value) if media is not None and media.kind == "block" else None


def _has_more_keys(block: Mapping[str, Any]) -> bool:
    """Tell whether an image has keys OpenAI has not, for example `min_pixels`."""
    return bool(block.keys() - _IMAGE_KEYS - _LANGCHAIN_KEYS)


def own_keys(block: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a text block that are not LangChain's or OpenAI's.

    Example:
        >>> own_keys({"type": "text", "text": "a", "extras": {"cache_control": 1}})
        {'cache_control': 1}
    """
    extras = block.get("extras")
    flat = {**(extras if isinstance(extras, Mapping) else {}), **block}
    return {k: v for k, v in flat.items() if k not in _KNOWN_KEYS | _LANGCHAIN_KEYS}


def with_own_keys(block: Mapping[str, Any]) -> dict[str, Any]:
    """Return a text block with the keys of the user's own."""
    return {"type": "text", "text": block.get("text") or "", **own_keys(block)}
