"""Tools and tool choice of the Messages API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_unified.planner import forced
from langchain_unified.planner.anthropic.formats import fits, put_schema
from langchain_unified.planner.anthropic.thinking import thinks
from langchain_unified.planner.draft import Draft

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
_KINDS = frozenset({"auto", "none", *_FORCED})


def render_tools(draft: Draft, tools: Sequence[Any], choice: Any) -> dict[str, Any]:
    """Return tools and tool choice as the Messages API writes them."""
    body: dict[str, Any] = {"tools": [_tool(draft, tool) for tool in tools]}
    chosen = _choice(draft, choice)
    if chosen is not None and _must_write(draft, chosen):
        _write_call(draft, tools, choice)
        return {**body, "tool_choice": {"type": "none"}}
    if isinstance(choice, (list, tuple)):
        _choose_among(draft, body, choice)
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
        reason = f"Anthropic has no built-in tool like {dict(tool)!r}."
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


def _choice(draft: Draft, choice: Any) -> dict[str, Any] | None:
    if choice is None:
        return None
    chosen = _rendered_choice(choice)
    if chosen.get("type") not in _KINDS:
        reason = f"it takes {', '.join(sorted(_KINDS))}."
        raise draft.refusal("tool_choice", choice, reason)
    return chosen


def _rendered_choice(choice: Any) -> dict[str, Any]:
    if isinstance(choice, bool):
        return {"type": "any" if choice else "none"}
    if isinstance(choice, (list, tuple)):
        return {"type": "any"}
    if isinstance(choice, Mapping):
        if choice.get("type") == "function":
            return {"type": "tool", "name": choice.get("function", choice)["name"]}
        return dict(choice)
    words = {"auto": "auto", "none": "none", "any": "any", "required": "any"}
    if choice in words:
        return {"type": words[choice]}
    return {"type": "tool", "name": choice}


def _must_write(draft: Draft, chosen: Mapping[str, Any]) -> bool:
    return chosen["type"] in _FORCED and not draft.config.supports("tool_choice")


def _write_call(draft: Draft, tools: Sequence[Any], choice: Any) -> None:
    """Have the model write the call as text: it takes no forced tool choice.

    The tools stay in the request, where the model reads what they do; choosing none
    keeps it to the text.
    """
    functions = [tool for tool in tools if tool.get("type") == "function"]
    names = forced.chosen_names(choice)
    wanted = [f for f in functions if not names or f["function"]["name"] in names]
    schemas = [tool["function"].get("parameters") for tool in wanted]
    open_ones = [schema for schema in schemas if schema and not fits(schema)]
    if not functions or open_ones or not forced.can_be_written(draft):
        reason = (
            "it takes no forced tool choice, and this call cannot be written as its "
            "response format; give tool_choice='auto'."
        )
        raise draft.refusal("tool_choice", choice, reason, feature="tool_choice")
    put_schema(draft, forced.write_call(draft, functions, choice))
    draft.add_system = forced.request_of(draft.call_as_text)


def _choose_among(draft: Draft, body: dict[str, Any], choice: Sequence[str]) -> None:
    """Leave out the tools that are not among those chosen."""
    kept = [tool for tool in body["tools"] if tool.get("name") in choice]
    if len(kept) < len(body["tools"]):
        reason = "a choice among some tools is any choice among those alone."
        draft.note(
            "tool_choice",
            "translated",
            requested=list(choice),
            sent={"type": "any"},
            reason=reason,
        )
    body["tools"] = kept


def _make_room_for(draft: Draft, chosen: Mapping[str, Any]) -> None:
    """Give up thinking that a forced tool choice is refused beside: it is tuning."""
    thinking = draft.body.get("thinking")
    together = draft.config.supports("tool_choice_with_thinking")
    if chosen["type"] not in _FORCED or together or not thinks(thinking):
        return
    del draft.body["thinking"]
    asked = draft.invocation.params
    name = "reasoning_effort" if "reasoning_effort" in asked else "thinking_budget"
    reason = "thinking is refused beside a forced tool choice, which goes first."
    draft.drop(name, asked.get(name), reason)
