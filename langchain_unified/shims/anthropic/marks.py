"""Cache breakpoints on assistant tool calls, which langchain-anthropic drops.

Anthropic's Messages API takes `cache_control` on a `tool_use` block
(`ToolUseBlockParam`, anthropic 2.14.0, read 2026-11-27); `ChatAnthropic` renders the
block from the message's tool call and drops it (langchain-anthropic 1.7.10).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

_CALL, _MARK = "tool_use", "cache_control"


def put_marks(rendered: Iterable[dict[str, Any]], messages: Any) -> None:
    """Add the cache breakpoints of tool calls to the request.

    Args:
        rendered: The messages of the request; they are changed.
        messages: The messages they were rendered from.
    """
    marks = dict(_marks(messages)) if isinstance(messages, (list, tuple)) else {}
    if not marks:
        return
    for message in rendered:
        for block in _blocks(message.get("content")):
            if block.get("type") == _CALL and block.get("id") in marks:
                block[_MARK] = marks[block["id"]]


def _marks(messages: Iterable[BaseMessage]) -> Iterator[tuple[str, Any]]:
    """Yield the id of each marked call, and its mark."""
    for message in messages:
        if isinstance(message, AIMessage):
            for block in _blocks(message.content):
                if block.get("type") == _CALL and block.get(_MARK):
                    yield block["id"], block[_MARK]


def _blocks(content: Any) -> list[Any]:
    """Return the blocks of a content; text alone has none."""
    blocks = content if isinstance(content, list) else []
    return [block for block in blocks if isinstance(block, Mapping)]
