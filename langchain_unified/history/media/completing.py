"""MIME types added to standard blocks without one, before langchain-core reads them.

langchain-core 1.7.2 raises `mime_type key is required for base64 data` while it traces
the input, before a chat model is asked (gemini_parameters.md, d).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.prompt_values import ChatPromptValue, PromptValue

from langchain_unified.history.media.reading import read_block

_KINDS = frozenset({"image", "audio", "video", "file"})


def completed(value: PromptValue) -> PromptValue:
    """Return the input with MIME types detected from the data of base64 blocks.

    Args:
        value: The input of a call; it is not changed.
    """
    if not isinstance(value, ChatPromptValue):
        return value
    messages = [_completed(message) for message in value.messages]
    if all(map(_same, messages, value.messages)):
        return value
    return ChatPromptValue(messages=messages)


def _same(one: object, other: object) -> bool:
    return one is other


def _completed(message: BaseMessage) -> BaseMessage:
    content = message.content
    if isinstance(content, str) or not any(map(_lacks_mime, content)):
        return message
    blocks = [_with_mime(block) for block in content]
    return message.model_copy(update={"content": blocks})


def _lacks_mime(block: Any) -> bool:
    return (
        isinstance(block, Mapping)
        and block.get("type") in _KINDS
        and bool(block.get("base64") or block.get("data"))
        and not block.get("mime_type")
    )


def _with_mime(block: Any) -> Any:
    if not _lacks_mime(block):
        return block
    media = read_block(block)
    mime = media.mime if media is not None else ""
    return {**block, "mime_type": mime or "application/octet-stream"}
