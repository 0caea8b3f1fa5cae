"""The input items of a Responses request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
from langchain_unified.testing.openai_api.checks.tools import (
    check_tool_list,
    require_function_name,
)
from langchain_unified.testing.rules import load_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_unified.testing.openai_api.call import OpenAICall

_ROLES = ("assistant", "system", "developer", "user")
_PREFIX = {"message": "msg", "function_call": "fc", "reasoning": "rs"}
_TEXTS = ("id", "call_id", "encrypted_content")
_CALL_ID_LENGTH = 64
_ANY_PART = (
    *("input_text", "input_image", "output_text", "refusal", "input_file"),
    *("computer_screenshot", "summary_text"),
)
_USER_PARTS = ("input_text", "input_image", "input_file")
_ASSISTANT_PARTS = ("output_text", "refusal")


def check_input(call: OpenAICall) -> None:
    """Refuse a missing, empty or malformed input."""
    given = call.body.get("input")
    if given is None:
        if not {"previous_response_id", "conversation", "prompt"} & set(call.body):
            require(call.body, "input", "")
        return
    if isinstance(given, str):
        return
    require_filled(given, "input")
    for index, item in enumerate(given):
        require_type(item, "object", f"input[{index}]")
        _check_item(call, item, f"input[{index}]")


def kind_of(item: dict[str, Any]) -> str:
    """Return the type of an item; a bare role is a message."""
    return str(item.get("type") or ("message" if "role" in item else "item_reference"))


def _check_item(call: OpenAICall, item: dict[str, Any], path: str) -> None:
    kind = kind_of(item)
    fields = load_fields("openai")
    for name in _TEXTS:
        if item.get(name) is not None:
            require_type(item[name], "string", f"{path}.{name}")
    if kind in fields["other_items"]:
        return
    known = [*fields["items"], *fields["other_items"]]
    require_one_of(kind, known, f"{path}.type" if "type" in item else path)
    require_keys(item, fields["items"][kind], path)
    _check_id(item, kind, path)
    _CHECKS[kind](call, item, path)


def _check_reasoning(_: OpenAICall, item: dict[str, Any], path: str) -> None:
    require_type(item.get("summary"), "array", f"{path}.summary")


def _check_reference(_: OpenAICall, item: dict[str, Any], path: str) -> None:
    require(item, "id", path)


def _check_added_tools(call: OpenAICall, item: dict[str, Any], path: str) -> None:
    require_type(require(item, "tools", path), "array", f"{path}.tools")
    check_tool_list(call, item["tools"], f"{path}.tools")


def _check_id(item: dict[str, Any], kind: str, path: str) -> None:
    given, prefix = item.get("id"), _PREFIX.get(kind)
    if kind == "reasoning" and item.get("encrypted_content") is None:
        require(item, "id", path)
    if given is None or prefix is None:
        return
    if not given.startswith(prefix):
        refuse(
            f"Invalid '{path}.id': '{given}'. Expected an ID that begins with "
            f"'{prefix}'.",
            param=f"{path}.id",
            code="invalid_value",
        )


def _check_message(call: OpenAICall, item: dict[str, Any], path: str) -> None:
    role = require_role(call, item, _ROLES, path)
    content = item.get("content")
    require_type(content, "string or array", f"{path}.content")
    parts = _ASSISTANT_PARTS if role == "assistant" else _USER_PARTS
    if not isinstance(content, str):
        _check_parts(call, content or [], parts, f"{path}.content")


def _check_parts(
    call: OpenAICall, parts: list[Any], allowed: Sequence[str], path: str
) -> None:
    for number, part in enumerate(parts):
        where = f"{path}[{number}]"
        require_type(part, "object", where)
        kind = require(part, "type", where)
        listed = allowed if kind in _ANY_PART else _ANY_PART
        check_part(call, part, listed, where, where)


def _check_function_call(_: OpenAICall, item: dict[str, Any], path: str) -> None:
    require_short(require(item, "call_id", path), _CALL_ID_LENGTH, f"{path}.call_id")
    require_function_name(require(item, "name", path), f"{path}.name")
    arguments = require(item, "arguments", path)
    require_type(arguments, "string", f"{path}.arguments")


def _check_output(call: OpenAICall, item: dict[str, Any], path: str) -> None:
    require_short(require(item, "call_id", path), _CALL_ID_LENGTH, f"{path}.call_id")
    output = item.get("output")
    require_type(output, "string or array", f"{path}.output")
    if isinstance(output, list):
        _check_parts(call, output, _USER_PARTS, f"{path}.output")


_CHECKS = {
    "message": _check_message,
    "function_call": _check_function_call,
    "function_call_output": _check_output,
    "reasoning": _check_reasoning,
    "item_reference": _check_reference,
    "additional_tools": _check_added_tools,
}
