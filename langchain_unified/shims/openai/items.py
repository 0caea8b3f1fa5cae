"""Messages as the input items of Responses, those included that ChatOpenAI drops.

ChatOpenAI sends back the kinds of items it knows (langchain-openai 1.7.4,
`_construct_responses_api_input`): shell calls, and every kind that is new, are lost.
Here an item goes back as it came; all else is rendered by ChatOpenAI.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from langchain_unified.history.media.wires import is_item

Render = Callable[[Sequence[BaseMessage]], list[dict[str, Any]]]
"""Renders messages as ChatOpenAI does."""

_PARTS = frozenset(
    {"text", "image_url", "file", "input_text", "input_image", "input_file"}
)
_RENDERED = frozenset(
    {
        "additional_tools",
        "apply_patch_call",
        "apply_patch_call_output",
        "code_interpreter_call",
        "compaction",
        "computer_call",
        "computer_call_output",
        "configuration_update",
        "custom_tool_call",
        "custom_tool_call_output",
        "file_search_call",
        "function_call",
        "image_generation_call",
        "mcp_approval_request",
        "mcp_approval_response",
        "mcp_call",
        "mcp_list_tools",
        "reasoning",
        "server_tool_call",
        "tool_call",
        "tool_search_call",
        "tool_search_output",
        "web_search_call",
    }
)
"""Items that ChatOpenAI renders itself, and standard blocks it makes items of."""


def render_input(render: Render, messages: Sequence[BaseMessage]) -> list[Any]:
    """Return the input items of a conversation.

    Args:
        render: Renders messages as ChatOpenAI does.
        messages: Messages prepared for Responses.
    """
    if not any(map(_has_more, messages)):
        return render(messages)
    return [item for message in messages for item in _rendered(render, message)]


def _rendered(render: Render, message: BaseMessage) -> list[Any]:
    if not _has_more(message):
        return render([message])
    if isinstance(message, AIMessage):
        return _with_older_items(message, _render_reply(render, message))
    if isinstance(message, ToolMessage):
        return [_output(message)]
    blocks = [_unwrapped(block) for block in message.content]
    items = [block for block in blocks if is_item(_kind(block))]
    parts = [part for b in blocks if b not in items for part in _part(render, b)]
    if not parts:
        return items
    plain = message.model_copy(update={"content": "."})
    return [*items, {**render([plain])[0], "content": parts}]


def _part(render: Render, block: Any) -> list[Any]:
    """Return a part of a user's or the system's content; unknown ones as they are."""
    if _kind(block) not in _PARTS:
        return [block]
    return list(render([HumanMessage(content=[block])])[0]["content"])


def _render_reply(render: Render, message: AIMessage) -> list[Any]:
    """Render an assistant's turn in its order, its items as they came."""
    found: list[Any] = []
    run: list[Any] = []
    held = {_call_id(block) for block in message.content}
    rest = [call for call in message.tool_calls if call["id"] not in held]
    for block in message.content:
        inner = _unwrapped(block)
        if not _is_unknown(inner):
            run.append(block)
            continue
        found += _render_run(render, message, run, [])
        found.append(_without_index(inner))
        run = []
    return [*found, *_render_run(render, message, run, rest)]


def _with_older_items(message: AIMessage, rendered: list[Any]) -> list[Any]:
    """Return a turn with the items that the older shape keeps beside `content`.

    They follow the reasoning: they were made after it, and before the answer.
    """
    thoughts = [one for one in rendered if _kind(one) == "reasoning"]
    rest = [one for one in rendered if _kind(one) != "reasoning"]
    older = _older_items(message)
    return [*thoughts, *older, *rest] if older else rendered


def _older_items(message: BaseMessage) -> list[Any]:
    held = message.additional_kwargs.get("tool_outputs")
    found = filter(_is_unknown, held) if isinstance(held, list) else ()
    return [_without_index(one) for one in found]


def _without_index(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != "index"}


def _render_run(
    render: Render, message: AIMessage, run: list[Any], rest: list[Any]
) -> list[Any]:
    """Render some blocks of a turn, with the calls they stand for and further ones."""
    ids = {_call_id(block) for block in run}
    calls = [call for call in message.tool_calls if call["id"] in ids]
    if not run and not rest:
        return []
    update = {"content": run or "", "tool_calls": [*calls, *rest]}
    return render([message.model_copy(update=update)])


def _output(message: ToolMessage) -> dict[str, Any]:
    """Return the output of a call that is no function's as its own item."""
    if isinstance(message.content, str):
        item = {"type": message.additional_kwargs["type"], "output": message.content}
    else:
        item = next(b for b in map(_unwrapped, message.content) if _is_unknown(b))
    return {"call_id": message.tool_call_id, **item}


def _has_more(message: BaseMessage) -> bool:
    """Tell whether ChatOpenAI would drop a part of a message."""
    if isinstance(message.content, str):
        kind = message.additional_kwargs.get("type")
        answers = isinstance(message, ToolMessage) and str(kind).endswith("_output")
        return answers and kind not in _RENDERED
    blocks = map(_unwrapped, message.content)
    if isinstance(message, AIMessage) and _older_items(message):
        return True
    if isinstance(message, (AIMessage, ToolMessage)):
        return any(map(_is_unknown, blocks))
    return any(_kind(block) not in _PARTS | _RENDERED for block in blocks)


def _is_unknown(block: Any) -> bool:
    kind = _kind(block)
    return is_item(kind) and kind not in _RENDERED


def _unwrapped(block: Any) -> Any:
    value = block.get("value") if isinstance(block, Mapping) else None
    return value if _kind(block) == "non_standard" and value else block


def _kind(block: Any) -> str:
    return str(block.get("type")) if isinstance(block, Mapping) else "text"


def _call_id(block: Any) -> Any:
    if not isinstance(block, Mapping):
        return None
    key = "id" if block.get("type") == "tool_call" else "call_id"
    return block.get(key)
