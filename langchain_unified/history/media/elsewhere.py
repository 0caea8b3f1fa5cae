"""Content for the user's own server, sent unchanged if it is in the server's form.

Servers that speak chat completions take more than OpenAI does: `video_url` (vLLM),
`min_pixels` (Qwen), `cache_control` (OpenRouter, LiteLLM). Who configures such a server
knows its words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_unified.history.media.reading import in_other_words, read_block
from langchain_unified.history.media.wires import is_written
from langchain_unified.types import CallPlan

_WIRE_FORMS = frozenset({"audio_url", "file", "image_url", "input_audio", "video_url"})
_KNOWN_KEYS = frozenset({"type", "text"})
_LANGCHAIN_KEYS = frozenset({"annotations", "extras", "id", "index", "phase"})


def as_given(plan: CallPlan) -> bool:
    """Tell whether a plan's server gets messages as `ChatOpenAI` would send them.

    What a known model takes of OpenAI says nothing of somebody else's server.
    """
    return plan.config.is_elsewhere and plan.endpoint == "chat"


def wire_block(plan: CallPlan, block: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a block that is already in the form of the plan's server, else `None`.

    Args:
        plan: The plan of the call.
        block: A content block in any form.
    """
    if not as_given(plan) or in_other_words(block):
        return None
    media, kind = read_block(block), block.get("type")
    if media is None:
        return _text_block(block) if kind == "text" else dict(block)
    if not is_written(plan.config, plan.endpoint, media.form("user")):
        return None
    return {"type": kind, **own_keys(block)} if kind in _WIRE_FORMS else dict(block)


def own_keys(block: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a block that are not LangChain's, nor `type` and `text`.

    Example:
        >>> own_keys({"type": "text", "text": "a", "extras": {"cache_control": 1}})
        {'cache_control': 1}
    """
    extras = block.get("extras")
    flat = {**(extras if isinstance(extras, Mapping) else {}), **block}
    return {k: v for k, v in flat.items() if k not in _KNOWN_KEYS | _LANGCHAIN_KEYS}


def _text_block(block: Mapping[str, Any]) -> dict[str, Any]:
    """Return a text block with the keys of the user's own; it may lack its text."""
    given = {key: block[key] for key in ("type", "text") if key in block}
    return {**given, **own_keys(block)}
