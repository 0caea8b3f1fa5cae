"""Function tools in the endpoint's form: names, schemas and their maximum number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_unified.planner.choices import Choice
from langchain_unified.planner.draft import Draft
from langchain_unified.planner.fitting import (
    fitted,
    is_unknown_server,
    names_of,
    note_fit,
)
from langchain_unified.schemas import (
    UnsayableError,
    fit,
    has_strict,
    is_legal,
    legal_names,
    wire_of,
)
from langchain_unified.schemas.wires import facts

Tool = Mapping[str, Any]

_STRICT_UNLESS_TOLD = frozenset({"responses"})
"""Endpoints that make a function strict unless told otherwise: its optional arguments
become required, its open objects empty ones (OpenAI, API reference of Responses:
`strict` defaults to true, 2026-11-27)."""


def is_function_tool(tool: Tool) -> bool:
    """Tell a function tool from a provider's built-in one."""
    return tool.get("type") == "function" and isinstance(tool.get("function"), Mapping)


def declared(draft: Draft, tools: Sequence[Tool]) -> list[Tool]:
    """Return the tools of a call with schemas and names that the endpoint accepts.

    Raises:
        UnsupportedError: If there are more than it takes, or a schema is no object.
    """
    _check_number(draft, tools)
    told = [
        _declared(draft, tool) if is_function_tool(tool) else tool for tool in tools
    ]
    names = [*names_of(tools), *(t["name"] for t in tools if _is_custom(t))]
    if is_unknown_server(draft):
        draft.tool_names = {n: n for n in names if not is_legal(n, draft.endpoint)}
        return told
    draft.tool_names = legal_names(names, draft.endpoint)
    for own, sent in draft.tool_names.items():
        reason = (
            f"{draft.endpoint} does not accept this name; tool calls in responses "
            "have the original one."
        )
        draft.note("tools", "renamed", requested=own, sent=sent, reason=reason)
    return [_renamed(draft, tool) for tool in told] if draft.tool_names else told


def on_the_wire(draft: Draft, choice: Choice | None) -> Choice | None:
    """Return a choice with the names the tools have on the wire."""
    if choice is None or not draft.tool_names:
        return choice
    names = tuple(draft.tool_names.get(name, name) for name in choice.names)
    return choice._replace(names=names)


def among(draft: Draft, tools: Sequence[Tool], choice: Choice) -> list[Tool]:
    """Return the tools a choice allows, and those of the provider.

    For endpoints that have no choice among some tools.
    """
    names = list(choice.names)
    kept = [
        tool
        for tool in tools
        if not is_function_tool(tool) or tool["function"]["name"] in names
    ]
    if len(kept) < len(tools):
        why = "a choice among some tools is sent as 'any' with those tools alone."
        asked = choice.told
        draft.note("tool_choice", "translated", requested=asked, sent=names, reason=why)
    return kept


def _check_number(draft: Draft, tools: Sequence[Tool]) -> None:
    limit = facts()["most_tools"].get(draft.endpoint)
    if limit is None or is_unknown_server(draft):
        return
    most = limit["most"]
    if len(tools) > most:
        reason = (
            f"{draft.endpoint} accepts {most} tools, and the call has {len(tools)} "
            f"({facts()['sources'][limit['source']]})."
        )
        raise draft.refusal("tools", len(tools), reason)


def _declared(draft: Draft, tool: Tool) -> Tool:
    function = tool["function"]
    told = _in_its_words(draft, function)
    return tool if told == function else {**tool, "function": told}


def _in_its_words(draft: Draft, function: Tool) -> dict[str, Any]:
    """Return a function with its parameters as the endpoint takes them.

    Raises:
        UnsupportedError: If they are no object.
    """
    schema, strict = function.get("parameters"), bool(function.get("strict"))
    if not isinstance(schema, Mapping):
        return dict(function)
    name = str(function.get("name"))
    try:
        found, is_strict = fitted(
            draft,
            schema,
            on="tool",
            form="tool",
            strict=strict,
            nulls=False,
            parameter="tools",
        )
    except UnsayableError as obstacle:
        reason = f"in the parameters of tool {name!r}, {obstacle}."
        raise draft.refusal("tools", name, reason) from obstacle
    note_fit(draft, "tools", found, of=name)
    told = {**function, "parameters": found.schema}
    if strict and not has_strict(draft.endpoint, "tool"):
        del told["strict"]
        reason = (
            f"{draft.endpoint} does not support strict tools; the tool validates its "
            "arguments."
        )
        asked = {"strict": True}
        draft.note("tools", "translated", requested=asked, reason=reason)
    elif strict and not is_strict:
        told["strict"] = False
    elif "strict" not in function and _would_lose(draft, found.schema):
        told["strict"] = False
        reason = (
            f"without strict=False, {draft.endpoint} would require optional arguments."
        )
        draft.note("tools", "defaulted", sent={"strict": False}, reason=reason)
    return told


def _would_lose(draft: Draft, schema: Tool) -> bool:
    """Tell whether an endpoint that makes functions strict would change this one."""
    if draft.endpoint not in _STRICT_UNLESS_TOLD or is_unknown_server(draft):
        return False
    wire = wire_of(draft.endpoint, "tool", strict=True)
    try:
        found = fit(schema, wire, "tool", nulls=True)
    except UnsayableError:
        return True
    return found.nulls or bool(found.weakened)


def _is_custom(tool: Tool) -> bool:
    return tool.get("type") == "custom" and isinstance(tool.get("name"), str)


def _renamed(draft: Draft, tool: Tool) -> Tool:
    names = draft.tool_names
    if _is_custom(tool):
        return {**tool, "name": names.get(tool["name"], tool["name"])}
    if not is_function_tool(tool):
        return tool
    function = tool["function"]
    name = names.get(function["name"])
    return tool if name is None else {**tool, "function": {**function, "name": name}}
