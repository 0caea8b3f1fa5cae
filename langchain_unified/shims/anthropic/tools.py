"""Tools and tool choice of the Messages API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_unified.errors import UnsupportedError
from langchain_unified.planner import forced
from langchain_unified.planner.choices import Choice
from langchain_unified.planner.declaring import among, is_function_tool
from langchain_unified.planner.draft import Draft
from langchain_unified.planner.fitting import names_of, note_fit
from langchain_unified.schemas import UnsayableError, fit, wire_of
from langchain_unified.shims.anthropic.formats import put_schema
from langchain_unified.shims.anthropic.thinking import thinks

ONLY_HERE = (
    "allowed_callers",
    "cache_control",
    "defer_loading",
    "eager_input_streaming",
    "input_examples",
)
"""What a tool may have here and nowhere else (langchain-anthropic 1.7.7,
`_ANTHROPIC_EXTRA_FIELDS`, read 2026-11-26)."""

_FORCED = frozenset({"any", "tool"})


def render_tools(
    draft: Draft, tools: Sequence[Any], choice: Choice | None
) -> dict[str, Any]:
    """Return tools and tool choice as the Messages API writes them."""
    if (
        choice is not None
        and choice.forces
        and not draft.config.supports("tool_choice")
    ):
        _write_call(draft, tools, choice)
        told = [_tool(draft, tool) for tool in tools]
        return {"tools": told, "tool_choice": {"type": "none"}}
    if choice is not None and (choice.only or len(choice.names) > 1):
        tools = among(draft, tools, choice)
        choice = choice._replace(names=())
    body: dict[str, Any] = {"tools": [_tool(draft, tool) for tool in tools]}
    chosen = _choice(draft, choice)
    parallel = draft.wanted.pop("parallel_tool_calls", None)
    if parallel is False and (chosen is None or chosen["type"] != "none"):
        chosen = {"type": "auto", **(chosen or {}), "disable_parallel_tool_use": True}
    if chosen is not None:
        _make_room_for(draft, chosen)
        body["tool_choice"] = chosen
    return body


def _tool(draft: Draft, tool: Mapping[str, Any]) -> dict[str, Any]:
    function = tool.get("function")
    if tool.get("type") == "function" and isinstance(function, Mapping):
        return _function_tool(tool, function)
    if "type" not in tool or not ({"name", "mcp_server_name"} & set(tool)):
        reason = f"Anthropic does not support the built-in tool {dict(tool)!r}."
        raise draft.refusal("tools", dict(tool), reason)
    return dict(tool)


def _function_tool(
    tool: Mapping[str, Any], function: Mapping[str, Any]
) -> dict[str, Any]:
    schema = {"type": "object", "properties": {}, **(function.get("parameters") or {})}
    rendered = {"name": function["name"], "input_schema": schema}
    for key in ("description", "strict"):
        if function.get(key):
            rendered[key] = function[key]
    return {**rendered, **{key: tool[key] for key in ONLY_HERE if key in tool}}


def _choice(draft: Draft, choice: Choice | None) -> dict[str, Any] | None:
    if choice is None:
        return None
    if choice.mode == "builtin":
        reason = "give the name of the tool."
        raise draft.refusal("tool_choice", choice.told, reason)
    if choice.mode == "any" and choice.names:
        return {"type": "tool", "name": choice.names[0]}
    return {"type": choice.mode}


def _write_call(draft: Draft, tools: Sequence[Any], choice: Choice) -> None:
    """Have the model write the call as text: it takes no forced tool choice.

    The tools stay in the request, where the model reads what they do; choosing none
    keeps it to the text.
    """
    functions = [tool for tool in tools if is_function_tool(tool)]
    if not functions or not forced.can_be_written(draft):
        raise _cannot_write(draft, choice)
    asked = choice._replace(names=choice.names or tuple(names_of(functions)))
    schema = forced.write_call(draft, functions, asked)
    try:
        found = fit(schema, wire_of(draft.endpoint, "answer"), "answer")
    except UnsayableError as obstacle:
        raise _cannot_write(draft, choice) from obstacle
    note_fit(draft, "tool_choice", found)
    put_schema(draft, found.schema)
    draft.add_system = forced.request_of(draft.call_as_text)


def _cannot_write(draft: Draft, choice: Choice) -> UnsupportedError:
    reason = (
        "it does not support a forced tool choice, and this call cannot be replaced "
        "by its response format; give tool_choice='auto'."
    )
    return draft.refusal("tool_choice", choice.told, reason, feature="tool_choice")


def _make_room_for(draft: Draft, chosen: Mapping[str, Any]) -> None:
    """Give up thinking that a forced tool choice is refused beside: it is tuning."""
    thinking = draft.body.get("thinking")
    together = draft.config.supports("tool_choice_with_thinking")
    if chosen["type"] not in _FORCED or together or not thinks(thinking):
        return
    del draft.body["thinking"]
    asked = draft.invocation.params
    name = "reasoning_effort" if "reasoning_effort" in asked else "thinking_budget"
    reason = (
        "thinking is not allowed with a forced tool choice, which takes precedence."
    )
    draft.drop(name, asked.get(name), reason)
