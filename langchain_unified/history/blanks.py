"""Whitespace-only text, which Anthropic rejects in any position.

`text content blocks must contain non-whitespace text` (home-assistant/core#175637,
read 2026-11-27), and `final assistant content cannot end with trailing whitespace`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

REFUSES_BLANKS = frozenset({"messages"})
"""Endpoints that refuse text of white space alone."""


def is_blank(text: str) -> bool:
    """Tell whether a text has no visible character."""
    return not text or text.isspace()


def without_blanks(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return messages without blank text or whitespace at the end of the last reply."""
    found = [_without_blanks(message) for message in messages]
    last = found[-1] if found else None
    if isinstance(last, AIMessage) and not last.tool_calls:
        found[-1] = _with_content(last, _stripped(last.content))
    return found


def _without_blanks(message: BaseMessage) -> BaseMessage:
    content = message.content
    if isinstance(content, str):
        return _with_content(message, "" if is_blank(content) else content)
    kept = [block for block in content if not _is_blank_block(block)]
    return message if len(kept) == len(content) else _with_content(message, kept)


def _is_blank_block(block: Any) -> bool:
    if isinstance(block, str):
        return is_blank(block)
    if not isinstance(block, Mapping) or block.get("type") != "text":
        return False
    return is_blank(str(block.get("text") or ""))


def _stripped(content: Any) -> Any:
    if isinstance(content, str):
        return content.rstrip()
    last = content[-1] if content else None
    if not isinstance(last, Mapping) or last.get("type") != "text":
        return content
    return [*content[:-1], {**last, "text": str(last.get("text") or "").rstrip()}]


def _with_content(message: BaseMessage, content: Any) -> BaseMessage:
    if content == message.content:
        return message
    return message.model_copy(update={"content": content})
