"""Tool call ids and function names that the API of the call accepts.

Lengths: `Invalid 'messages[1].tool_calls[0].id': string too long. Expected a string
with maximum length 40` on chat completions, 64 for `call_id` on Responses
(openai_parameters.md, 2026-11-23); `^[a-zA-Z0-9_-]+$` on Anthropic's Messages. Gemini
gets no ids. Functions: `^[a-zA-Z0-9_-]+$`, 64 characters, everywhere but on Gemini.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from langchain_unified.content import kept_blocks, replace_native
from langchain_unified.history.reading import CALLS, signatures_in
from langchain_unified.schemas import legal_name
from langchain_unified.types import EMPTY

MAX_CALL_ID = {"chat": 40, "responses": 64}
"""Longest tool call id by endpoint."""

PLAIN = re.compile(r"^[a-zA-Z0-9_-]+$")
"""What every wire takes as an id or a function name."""

ANY = ""
"""In place of an endpoint: ids and names are left as they are.

Some servers keep more than a name in an id: LiteLLM puts Gemini's signature there.
"""

_ANY_ID = frozenset({"chat", "responses", "generate_content"})


def renamed(
    messages: Sequence[BaseMessage],
    endpoint: str,
    tool_names: Mapping[str, str] = EMPTY,
    *,
    names_of: str | None = None,
) -> list[BaseMessage]:
    """Return the messages with valid, unique ids, the same in call and result.

    Args:
        messages: Messages in which results follow their calls.
        endpoint: The endpoint of the call; `ANY` for one that takes every id and name.
        tool_names: The name on the wire of each tool that has another there.
        names_of: The endpoint by which names are judged, if it is another.
    """
    by = endpoint if names_of is None else names_of
    seen: set[str] = set()
    current: dict[str, str] = {}
    found: list[BaseMessage] = []
    for message in messages:
        if isinstance(message, AIMessage) and message.tool_calls:
            current = {
                call["id"] or "": _legal_id(call["id"] or "", endpoint, seen)
                for call in message.tool_calls
            }
            found.append(_with_ids(message, current, by, tool_names))
        elif isinstance(message, ToolMessage):
            new = current.get(message.tool_call_id, message.tool_call_id)
            name = message.name and _legal(message.name, by, tool_names)
            same = new == message.tool_call_id and name == message.name
            update = {"tool_call_id": new, "name": name}
            found.append(message if same else message.model_copy(update=update))
        else:
            found.append(message)
    return found


def _legal_id(call_id: str, endpoint: str, seen: set[str]) -> str:
    """Return the id, or a short digest of it; the same id always gives the same."""
    most = MAX_CALL_ID.get(endpoint, MAX_CALL_ID["responses"])
    legal = len(call_id) <= most and (endpoint in _ANY_ID or PLAIN.match(call_id))
    legal = legal or endpoint == ANY
    new = call_id if legal and call_id else _digest(call_id)
    while new in seen:
        new = _digest(f"{new} again")
    seen.add(new)
    return new


def _legal(name: str, endpoint: str, tool_names: Mapping[str, str]) -> str:
    told = tool_names.get(name)
    return told or (name if endpoint == ANY else legal_name(name, endpoint))


def _digest(text: str) -> str:
    return f"call_{hashlib.sha256(text.encode()).hexdigest()[:24]}"


def _with_ids(
    message: AIMessage,
    ids: Mapping[str, str],
    endpoint: str,
    tool_names: Mapping[str, str],
) -> AIMessage:
    called = [call["name"] for call in message.tool_calls]
    names = {name: _legal(name, endpoint, tool_names) for name in called}
    changed = {old for old, new in {**ids, **names}.items() if old != new}
    if not changed:
        return message
    calls = [
        {**call, "id": ids[call["id"] or ""], "name": names[call["name"]]}
        for call in message.tool_calls
    ]
    extra = dict(message.additional_kwargs)
    for held in signatures_in(extra):
        extra[held] = _with_new_keys(extra[held], ids, names)
    content = message.content
    if isinstance(content, list):
        content = _with_new_keys(content, ids, names)
    update = {"tool_calls": calls, "additional_kwargs": extra, "content": content}
    found = message.model_copy(update=update)
    kept = kept_blocks(message)
    if kept:
        replace_native(found, _with_new_keys(kept, ids, names))
    return found


def _with_new_keys(held: Any, ids: Mapping[str, str], names: Mapping[str, str]) -> Any:
    """Return signatures by the new ids, or blocks with the new ids and names."""
    if isinstance(held, Mapping):
        return {ids.get(key, key): value for key, value in held.items()}
    return [_with_new_name(_with_new_id(block, ids), names) for block in held]


def _with_new_name(block: Any, names: Mapping[str, str]) -> Any:
    if not isinstance(block, Mapping) or block.get("type") not in CALLS:
        return block
    name = names.get(str(block.get("name")))
    return block if name in {None, block.get("name")} else {**block, "name": name}


def _with_new_id(block: Any, ids: Mapping[str, str]) -> Any:
    if not isinstance(block, Mapping):
        return block
    if block.get("call_id") in ids:
        return {**block, "call_id": ids[block["call_id"]]}
    is_call = block.get("type") in {"tool_call", "tool_use"}
    if is_call and block.get("id") in ids:
        return {**block, "id": ids[block["id"]]}
    return block
