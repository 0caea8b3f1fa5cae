"""What `ChatOpenAI` raises where an answer was cut off, filtered or refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import openai
from langchain_core.messages import AIMessage, BaseMessage
from langchain_openai.chat_models import base
from openai.types.chat import ChatCompletion

_REFUSAL: Any = getattr(base, "OpenAIRefusalError", None)
"""Exists since langchain-openai 0.2."""

_CLASSES: Mapping[str, tuple[type[Exception], ...]] = {
    "length": (openai.LengthFinishReasonError,),
    "content_filter": (openai.ContentFilterFinishReasonError,),
}
_USAGE = {
    "prompt_tokens": "input_tokens",
    "completion_tokens": "output_tokens",
    "total_tokens": "total_tokens",
}


def sdk_errors(
    reason: str, message: BaseMessage
) -> tuple[tuple[type[Exception], ...], dict[str, Any]]:
    """Return the classes to be caught, and the fields that handlers read.

    Args:
        reason: `length`, `content_filter` or `refusal`.
        message: The answer.
    """
    classes = _CLASSES.get(reason, ())
    fields = {"completion": completion_of(message, reason)} if classes else {}
    if reason != "length" and _REFUSAL is not None:
        classes = (*classes, _REFUSAL)
    return classes, fields


def completion_of(message: BaseMessage, reason: str) -> ChatCompletion:
    """Return an answer as the SDK's own object, as far as the message tells it."""
    metadata = message.response_metadata
    usage = message.usage_metadata if isinstance(message, AIMessage) else None
    counts: Mapping[str, Any] = usage or {}
    said = {"role": "assistant", "content": str(message.text)}
    return ChatCompletion.model_validate(
        {
            "id": metadata.get("id") or message.id or "",
            "object": "chat.completion",
            "created": int(metadata.get("created_at") or 0),
            "model": metadata.get("model_name") or "",
            "choices": [{"index": 0, "finish_reason": reason, "message": said}],
            "usage": usage and {name: counts[key] for name, key in _USAGE.items()},
        }
    )
