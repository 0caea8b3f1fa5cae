"""Messages of older versions and other libraries, as the four current types."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolCall,
    ToolMessage,
    message_chunk_to_message,
)
from langchain_core.messages.tool import tool_call

from langchain_unified.history.reading import CALLS
from langchain_unified.types import ModelConfig

_ROLES: dict[str, type[AIMessage | SystemMessage]] = {
    "assistant": AIMessage,
    "ai": AIMessage,
    "model": AIMessage,
    "system": SystemMessage,
    "developer": SystemMessage,
}
_LOOSE_CALLS = ("tool_use", "function_call", "tool_call")


def upgraded(
    messages: Sequence[BaseMessage],
    *,
    keeps_functions: bool = False,
    keeps_roles: bool = False,
) -> list[BaseMessage]:
    """Return the messages with every call in `tool_calls`, and each call with an id.

    Calls come from `additional_kwargs` (`tool_calls`, `function_call`) of older
    versions and from content blocks. Arguments that are no JSON become text.

    Args:
        messages: Messages of any kind and version; they are not changed.
        keeps_functions: Whether a `function_call` and its result stay as they are; see
            `takes_functions`.
        keeps_roles: Whether roles of the user's own stay, for a server that knows them.
    """
    found: list[BaseMessage] = []
    waiting: dict[str, str] = {}
    for position, message in enumerate(messages):
        plain = _plain_kind(message, keeps_roles=keeps_roles)
        if keeps_functions and is_function_form(plain) and plain.name not in waiting:
            waiting = {} if isinstance(plain, AIMessage) else waiting
        elif isinstance(plain, FunctionMessage):
            plain = _as_tool_message(plain, waiting)
        elif isinstance(plain, AIMessage):
            plain = _with_all_calls(plain, position)
            waiting = {call["name"]: call["id"] or "" for call in plain.tool_calls}
        found.append(plain)
    return found


def is_function_form(message: BaseMessage) -> bool:
    """Tell whether a message is a legacy function call or its result."""
    if isinstance(message, FunctionMessage):
        return True
    if not isinstance(message, AIMessage):
        return False
    extra = message.additional_kwargs
    newer = message.tool_calls, message.invalid_tool_calls, extra.get("tool_calls")
    return bool(extra.get("function_call")) and not any(newer)


def takes_functions(config: ModelConfig, endpoint: str) -> bool:
    """Tell whether a model reads `function_call` and messages of the role `function`.

    Chat completions has them beside tool calls, for the models that take `functions`.
    """
    rules = config.mappings[endpoint].rules if endpoint in config.mappings else {}
    rule = rules.get("functions")
    return endpoint == "chat" and rule is not None and rule.accepts != "never"


def _plain_kind(message: BaseMessage, *, keeps_roles: bool) -> BaseMessage:
    if isinstance(message, ChatMessage) and keeps_roles:
        return message
    if isinstance(message, ChatMessage):
        kind = _ROLES.get(message.role.casefold(), HumanMessage)
        return kind(content=message.content, name=message.name, id=message.id)
    if isinstance(message, AIMessageChunk):
        return message_chunk_to_message(message)
    return message


def _as_tool_message(
    message: FunctionMessage, waiting: Mapping[str, str]
) -> ToolMessage:
    call_id = waiting.get(message.name) or f"call_{message.name}"
    return ToolMessage(message.content, tool_call_id=call_id, name=message.name)


def _with_all_calls(message: AIMessage, position: int) -> AIMessage:
    calls = list(message.tool_calls)
    if not calls and not message.invalid_tool_calls:
        calls = list(_older_calls(message))
    read, broken = _read_invalid(message)
    calls += read
    numbered = [
        call if call["id"] else {**call, "id": f"call_{position}_{number}"}
        for number, call in enumerate(calls)
    ]
    if numbered == message.tool_calls and not broken:
        return message
    return _replaced(message, numbered, broken)


def _replaced(
    message: AIMessage, calls: Sequence[Any], broken: Sequence[tuple[Any, str]]
) -> AIMessage:
    old = ("tool_calls", "function_call")
    extra = {k: v for k, v in message.additional_kwargs.items() if k not in old}
    update: dict[str, Any] = {
        "tool_calls": list(calls),
        "invalid_tool_calls": [],
        "additional_kwargs": extra,
    }
    if broken and isinstance(message.content, str):
        told = [text for _, text in broken]
        update["content"] = "\n\n".join(filter(None, [message.content, *told]))
    elif broken:
        update["content"] = _told(message.content, broken)
    return message.model_copy(update=update)


def _told(content: Any, broken: Sequence[tuple[Any, str]]) -> list[Any]:
    """Put words in the place of the blocks of calls, where they stand, else last.

    A call in a block would go to Responses beside its words, and without a result.
    """
    waiting = [{"type": "text", "text": text} for _, text in broken]
    by_id = dict(zip((call_id for call_id, _ in broken), waiting, strict=True))
    found: list[Any] = []
    for block in content:
        is_call = isinstance(block, Mapping) and block.get("type") in CALLS
        call_id = (block.get("call_id") or block.get("id")) if is_call else None
        told = by_id.get(call_id) if call_id else None
        if told in waiting:
            waiting.remove(told)
        found.append(block if told is None else told)
    return [*found, *waiting]


def _read_invalid(message: AIMessage) -> tuple[list[ToolCall], list[tuple[Any, str]]]:
    """Return the invalid calls that can be read, and words for each of the others."""
    calls: list[ToolCall] = []
    broken: list[tuple[Any, str]] = []
    for invalid in message.invalid_tool_calls:
        args, call_id = _loaded(invalid.get("args")), invalid.get("id")
        name = invalid.get("name") or "unknown"
        if isinstance(args, dict):
            calls.append(tool_call(name=name, args=args, id=call_id))
        else:
            told = f"[Unreadable call of {name}: {invalid.get('args')}]"
            broken.append((call_id, told))
    return calls, broken


def _older_calls(message: AIMessage) -> Iterator[ToolCall]:
    extra = message.additional_kwargs
    for call in extra.get("tool_calls") or ():
        function = call.get("function") or {}
        yield _tool_call(function, call.get("id"))
    function = extra.get("function_call")
    if isinstance(function, Mapping) and not extra.get("tool_calls"):
        yield _tool_call(function, None)
    content = message.content if isinstance(message.content, list) else []
    for block in content:
        if isinstance(block, Mapping) and block.get("type") in _LOOSE_CALLS:
            yield _tool_call(block, block.get("call_id") or block.get("id"))


def _tool_call(holder: Mapping[str, Any], call_id: Any) -> ToolCall:
    return tool_call(name=holder.get("name", ""), args=_arguments(holder), id=call_id)


def _arguments(holder: Mapping[str, Any]) -> dict[str, Any]:
    found = holder.get("arguments", holder.get("args", holder.get("input")))
    loaded = _loaded(found) if isinstance(found, str) else found
    return dict(loaded) if isinstance(loaded, Mapping) else {"input": found}


def _loaded(text: Any) -> Any:
    try:
        return json.loads(text or "{}", strict=False)
    except (TypeError, ValueError):
        return None
