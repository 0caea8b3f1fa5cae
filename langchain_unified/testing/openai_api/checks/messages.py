"""The messages of a chat request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

from langchain_unified.testing.errors import refuse
from langchain_unified.testing.openai_api.checks.names import (
    require,
    require_keys,
    require_one_of,
    require_role,
    require_type,
)
from langchain_unified.testing.openai_api.checks.parts import check_part
from langchain_unified.testing.openai_api.checks.ranges import (
    require_filled,
    require_short,
)
from langchain_unified.testing.openai_api.checks.tools import require_function_name
from langchain_unified.testing.rules import load_fields

if TYPE_CHECKING:
    from langchain_unified.testing.openai_api.call import OpenAICall

_ROLES = ("system", "assistant", "user", "function", "tool", "developer")
_PART_TYPES = ("text", "image_url", "input_audio", "refusal", "audio", "file")
_NAME = re.compile(r"^[^\s<|\\/>]+$")
_ID_LENGTH = 40
_HANDED_OVER = {"function": "arguments", "custom": "input"}


def check_messages(call: OpenAICall) -> None:
    """Refuse missing, empty or malformed messages."""
    messages = require(call.body, "messages", "")
    require_filled(messages, "messages")
    for index, message in enumerate(messages):
        require_type(message, "object", f"messages[{index}]")
        _check_message(call, message, index)


def check_tool_history(call: OpenAICall) -> None:
    """Refuse tool results without their calls, and calls without their results."""
    waiting: list[str] = []
    for index, message in enumerate(call.body["messages"]):
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                _orphan(index)
            waiting.remove(message["tool_call_id"])
            continue
        if waiting:
            _unanswered(waiting, index)
        waiting = [made["id"] for made in message.get("tool_calls") or []]
    if waiting:
        _unanswered(waiting, len(call.body["messages"]))


def _check_message(call: OpenAICall, message: dict[str, Any], index: int) -> None:
    path = f"messages[{index}]"
    role = require_role(call, message, _ROLES, path)
    require_keys(message, load_fields("openai")["messages"][role], path)
    _check_name(message, path)
    _check_content(call, message, index)
    if role == "tool":
        name = require(message, "tool_call_id", path)
        require_type(name, "string", f"{path}.tool_call_id")
    _check_tool_calls(message, path)


def _check_name(message: dict[str, Any], path: str) -> None:
    name = message.get("name")
    if name is not None:
        require_type(name, "string", f"{path}.name")
    if name is not None and not _NAME.match(name):
        refuse(
            f"Invalid '{path}.name': string does not match pattern. Expected a string "
            f"that matches the pattern '{_NAME.pattern}'.",
            param=f"{path}.name",
            code="invalid_value",
        )


def _check_content(call: OpenAICall, message: dict[str, Any], index: int) -> None:
    content = message.get("content")
    if content is None:
        _check_may_lack_content(message, index)
        return
    path = f"messages[{index}].content"
    require_type(content, "string or array", path)
    if isinstance(content, str):
        return
    require_filled(content, path)
    allowed = load_fields("openai")["chat_parts_by_role"][message["role"]]
    for number, part in enumerate(content):
        _check_known_part(part, message["role"], f"{path}[{number}]", index)
        dotted = f"messages.[{index}].content.[{number}]"
        check_part(call, part, allowed, f"{path}[{number}]", dotted)


def _check_may_lack_content(message: dict[str, Any], index: int) -> None:
    stand_ins = ("tool_calls", "function_call", "refusal", "audio")
    if message["role"] != "assistant" or not any(message.get(x) for x in stand_ins):
        refuse(
            "Invalid value for 'content': expected a string, got null.",
            param=f"messages.[{index}].content",
        )


def _check_known_part(part: Any, role: str, path: str, index: int) -> None:
    """Refuse types no message takes, and images outside user messages."""
    require_type(part, "object", path)
    kind = require(part, "type", path)
    require_one_of(kind, _PART_TYPES, f"{path}.type")
    if kind == "image_url" and role != "user":
        refuse(
            "Image URLs are only allowed for messages with role 'user', but this "
            f"message with role '{role}' contains an image URL.",
            param=f"messages.[{index}]",
            code="invalid_value",
        )


def _check_tool_calls(message: dict[str, Any], path: str) -> None:
    calls = message.get("tool_calls")
    if calls is None:
        return
    require_type(calls, "array", f"{path}.tool_calls")
    require_filled(calls, f"{path}.tool_calls")
    for number, made in enumerate(calls):
        where = f"{path}.tool_calls[{number}]"
        require_type(made, "object", where)
        require_type(require(made, "id", where), "string", f"{where}.id")
        require_short(made["id"], _ID_LENGTH, f"{where}.id")
        _check_call(made, where)


def _check_call(made: dict[str, Any], path: str) -> None:
    """Refuse a call of another type, or without a name and what it hands over."""
    kind = require(made, "type", path)
    require_type(kind, "string", f"{path}.type")
    require_one_of(kind, _HANDED_OVER, f"{path}.type")
    where = f"{path}.{kind}"
    require_type(require(made, kind, path), "object", where)
    require_function_name(require(made[kind], "name", where), f"{where}.name")
    key = _HANDED_OVER[kind]
    said = require(made[kind], key, where)
    require_type(said, "string", f"{where}.{key}")


def _orphan(index: int) -> NoReturn:
    refuse(
        "Invalid parameter: messages with role 'tool' must be a response to a "
        "preceeding message with 'tool_calls'.",
        param=f"messages.[{index}].role",
    )


def _unanswered(ids: list[str], index: int) -> NoReturn:
    refuse(
        "An assistant message with 'tool_calls' must be followed by tool messages "
        "responding to each 'tool_call_id'. The following tool_call_ids did not have "
        f"response messages: {', '.join(ids)}",
        param=f"messages.[{index}].role",
    )
