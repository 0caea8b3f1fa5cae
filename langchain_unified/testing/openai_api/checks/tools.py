"""Tools and the choice among them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

from langchain_unified.testing.errors import refuse
from langchain_unified.testing.openai_api.checks.names import (
    refuse_parameter,
    require,
    require_one_of,
    require_type,
)
from langchain_unified.testing.openai_api.checks.ranges import (
    require_filled,
    require_short,
)
from langchain_unified.testing.openai_api.checks.schemas import (
    check_function_schema,
    check_strict_schema,
)

if TYPE_CHECKING:
    from langchain_unified.testing.openai_api.call import OpenAICall

_NAME = re.compile(r"^[a-zA-Z0-9_-]+$")
_NAME_LENGTH = 64
_TOOLS_WITH = {
    "responses_only": ((), "Please use /v1/responses instead."),
    "only_when_effort_none_or_omitted": (
        (None, "none"),
        "Please use /v1/responses instead.",
    ),
    "only_when_effort_none": (
        ("none",),
        "To use function tools, use /v1/responses or set reasoning_effort to 'none'.",
    ),
}
"""The efforts that go together with function tools on chat, and the advice."""
_GUIDE = "https://platform.openai.com/docs/guides/function-calling#models-supporting-function-calling"


def check_tools(call: OpenAICall) -> None:
    """Refuse malformed tools, and tools the model does not take."""
    tools = call.body.get("tools")
    if tools is None:
        return
    if call.on_chat:
        require_filled(tools, "tools")
    check_tool_list(call, tools, "tools")
    if call.function_tools:
        _check_model_takes_tools(call)


def check_tool_list(call: OpenAICall, tools: list[Any], path: str) -> None:
    """Refuse malformed tools in a list of them."""
    for index, tool in enumerate(tools):
        require_type(tool, "object", f"{path}[{index}]")
        _check_tool(call, tool, f"{path}[{index}]")


def check_tool_choice(call: OpenAICall) -> None:
    """Refuse a tool choice without tools, or one that names none of them."""
    choice = call.body.get("tool_choice")
    if choice is None:
        return
    if not call.has_tools:
        if choice != "none" and (call.on_chat or choice != "auto"):
            _refuse_without_tools("tool_choice")
        return
    if choice not in ("auto", "none") and not call.rules.forced_tools:
        refuse(
            "Unsupported value: 'tool_choice' does not support 'required' with this "
            "model. Supported values are: 'none' and 'auto'.",
            param="tool_choice",
            code="unsupported_value",
        )
    if isinstance(choice, str):
        require_one_of(choice, ("none", "auto", "required"), "tool_choice")
    else:
        _check_choice_object(call, choice)


def check_parallel_tool_calls(call: OpenAICall) -> None:
    """Refuse `parallel_tool_calls` without tools, or on a model without it."""
    name = "parallel_tool_calls"
    if name not in call.body:
        return
    if not call.rules.parallel_tool_calls:
        refuse_parameter(name, code=call.code_unsupported)
    if call.on_chat and not call.has_tools:
        _refuse_without_tools(name)


def _refuse_without_tools(name: str) -> NoReturn:
    refuse(
        f"Invalid value for '{name}': '{name}' is only allowed when 'tools' are "
        f"specified.",
        param=name,
    )


def forced_names(call: OpenAICall) -> list[str] | None:
    """Return the tools one of which must be called; None when none may be."""
    choice = call.body.get("tool_choice", "auto")
    if call.asks_in_the_old_way:
        choice = call.body.get("function_call", "auto")
    names = [tool["name"] for tool in (*call.function_tools, *call.custom_tools)]
    if not isinstance(choice, dict):
        return {"none": None, "required": names}.get(choice, [])
    forced = [_named(choice)]
    if choice.get("type") == "allowed_tools":
        inner = choice.get("allowed_tools") or choice
        must_call = inner.get("mode") == "required"
        forced = [_named(tool) for tool in inner.get("tools") or [] if must_call]
    return [name for name in names if name in forced]


def _named(choice: dict[str, Any]) -> Any:
    """Return the name in a tool choice; that of a built-in tool has none."""
    inner = choice.get(str(choice.get("type")))
    return (inner if isinstance(inner, dict) else choice).get("name")


def _check_tool(call: OpenAICall, tool: dict[str, Any], path: str) -> None:
    kind = require(tool, "type", path)
    if call.on_chat:
        require_one_of(kind, ("function", "custom"), f"{path}.type")
    if kind not in ("function", "custom"):
        return
    where = f"{path}.{kind}" if call.on_chat else path
    function = require(tool, kind, path) if call.on_chat else tool
    require_type(function, "object", where)
    require_function(function, where)


def require_function(function: dict[str, Any], path: str) -> None:
    """Refuse a function or custom tool without a proper name, text or parameters."""
    require_function_name(require(function, "name", path), f"{path}.name")
    if function.get("description") is not None:
        require_type(function["description"], "string", f"{path}.description")
    _check_parameters(function, path)


def _check_parameters(function: dict[str, Any], path: str) -> None:
    schema = function.get("parameters")
    if schema is None:
        return
    require_type(schema, "object", f"{path}.parameters")
    where = f"{path}.parameters"
    check_function_schema(schema, function["name"], where)
    if function.get("strict") is True:
        subject = f"function '{function['name']}'"
        check_strict_schema(schema, subject, where, "invalid_function_parameters")


def require_function_name(name: Any, path: str) -> None:
    """Refuse a function name outside `^[a-zA-Z0-9_-]{1,64}$`."""
    require_type(name, "string", path)
    require_short(name, _NAME_LENGTH, path)
    if not _NAME.match(name):
        refuse(
            f"Invalid '{path}': string does not match pattern. Expected a string that "
            f"matches the pattern '{_NAME.pattern}'.",
            param=path,
            code="invalid_value",
        )


def _check_model_takes_tools(call: OpenAICall) -> None:
    rules = call.rules
    if not rules.tools or (call.on_chat and rules.tools_chat == "no"):
        refuse(
            "tools is not supported in this model. For a list of supported models, "
            f"refer to {_GUIDE}."
        )
    efforts, advice = _TOOLS_WITH.get(rules.tools_chat, ((call.effort_sent,), ""))
    if call.on_chat and call.effort_sent not in efforts:
        refuse(
            f"Function tools with reasoning_effort are not supported for {rules.id} in "
            f"/v1/chat/completions. {advice}",
            param="reasoning_effort",
        )


def _check_allowed(call: OpenAICall, choice: dict[str, Any]) -> None:
    where = "tool_choice.allowed_tools" if call.on_chat else "tool_choice"
    inner = require(choice, "allowed_tools", "tool_choice") if call.on_chat else choice
    require_type(inner, "object", where)
    require(inner, "mode", where)
    require_type(require(inner, "tools", where), "array", f"{where}.tools")
    for index, tool in enumerate(inner["tools"]):
        require_type(tool, "object", f"{where}.tools[{index}]")


def _check_choice_object(call: OpenAICall, choice: dict[str, Any]) -> None:
    kind = require(choice, "type", "tool_choice")
    if kind == "allowed_tools":
        _check_allowed(call, choice)
    if kind not in ("function", "custom"):
        return
    where = f"tool_choice.{kind}" if call.on_chat else "tool_choice"
    chosen = require(choice, kind, "tool_choice") if call.on_chat else choice
    require_type(chosen, "object", where)
    name = require(chosen, "name", where)
    tools = call.function_tools if kind == "function" else call.custom_tools
    if name not in [tool["name"] for tool in tools]:
        refuse(
            f"Tool choice '{name}' not found in 'tools' parameter.", param="tool_choice"
        )
