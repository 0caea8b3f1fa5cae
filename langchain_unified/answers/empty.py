"""Answers that say nothing: told with the reason, so that `""` is never a surprise.

The token cap is sent as the user gave it. A reasoning model may spend all of it before
it writes a word, and no provider gives back more than `finish_reason`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from langchain_core.messages import BaseMessage

from langchain_unified.cost import cap_of
from langchain_unified.types import CallPlan

EMPTY = "empty"
"""The key in the record of a call whose answer says nothing."""

_LOG = logging.getLogger("langchain_unified")
_TOLD_ELSEWHERE = frozenset({"content_filter", "refusal"})


def empty_answer(
    plan: CallPlan, reason: str | None, usage: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return what goes on record of an answer that says nothing, and log it.

    It holds neither text, nor a tool call, nor anything else. `reason` is why it ended.
    """
    if reason in _TOLD_ELSEWHERE:
        return {}
    told: dict[str, Any] = {
        "max_tokens": cap_of(plan),
        "output_tokens": (usage or {}).get("output_tokens"),
        "reasoning_tokens": _reasoning(usage or {}),
    }
    why = _why(reason, *told.values())
    _LOG.warning("%s: %s", plan.model, why)
    return {EMPTY: {"finish_reason": reason, **told, "reason": why}}


def _reasoning(usage: Mapping[str, Any]) -> int | None:
    found: int | None = (usage.get("output_token_details") or {}).get("reasoning")
    return found


def reason_of_status(message: BaseMessage) -> str | None:
    """Return why an answer in the shape of Responses ended, in OpenAI's words.

    Where the user chose Responses the message has a `status` in place of a
    `finish_reason`, as `ChatOpenAI`'s has.
    """
    metadata = message.response_metadata
    status = metadata.get("status")
    if status == "completed":
        return "stop"
    details = metadata.get("incomplete_details")
    why = str(details.get("reason")) if isinstance(details, Mapping) else ""
    if status != "incomplete" or why == "content_filter":
        return None
    return "length" if why.startswith("max_") else "stop"


def _why(
    reason: str | None, cap: int | None, made: int | None, thought: int | None
) -> str:
    if reason != "length":
        return f"the response is empty (finish_reason {reason!r}, {made or 0} tokens)."
    cap_words = "the token limit" if cap is None else f"max_tokens={cap}"
    if not thought:
        return f"the response is empty: {cap_words} was reached before any text."
    return (
        f"the response is empty: reasoning used {thought} of {made} tokens and "
        f"{cap_words} was reached before any text. Raise max_tokens, which counts "
        "reasoning, or lower reasoning_effort."
    )
