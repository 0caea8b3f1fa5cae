"""Tools: whether the endpoint accepts them in this call, and their form in each API."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_unified.errors import UnsupportedError
from langchain_unified.planner.choices import Choice, read_choice
from langchain_unified.planner.declaring import (
    among,
    declared,
    on_the_wire,
)
from langchain_unified.planner.draft import Draft
from langchain_unified.planner.fitting import is_unknown_server
from langchain_unified.planner.words import check_tool_kinds
from langchain_unified.schemas.wires import facts, tool_marks


def decide_tools(draft: Draft) -> None:
    """Send tools in the endpoint's form, or reject the call."""
    _translate_functions(draft)
    tools = draft.wanted.pop("tools", None)
    given = draft.wanted.pop("tool_choice", None)
    given = None if given is False else given
    if not tools:
        _without_tools(draft, given)
        return
    choice = read_choice(draft, given, tools)
    _read_parallel(draft, given)
    takes = draft.wire.takes_tools
    if takes is None or not takes(draft, tools, choice):
        _check_taken(draft, tools)
    tools = _declared(draft, tools)
    shape = draft.wire.render_tools or _SHAPES.get(draft.endpoint, _as_chat)
    draft.body |= shape(draft, tools, on_the_wire(draft, choice))


def _read_parallel(draft: Draft, given: Any) -> None:
    """Read what a tool choice in Anthropic's form says of parallel calls."""
    if isinstance(given, Mapping) and given.get("disable_parallel_tool_use"):
        draft.wanted.setdefault("parallel_tool_calls", False)


def _takes_marks(draft: Draft) -> bool:
    """Tell whether tools keep their marks; gateways pass them on for every model."""
    return bool(draft.config.server_decides or draft.is_elsewhere)


def _without_marks(draft: Draft, tools: Sequence[Any]) -> list[Any]:
    """Leave out of tools what only other wires take, for example cache marks."""
    taken = facts()["tool_keys"].get(draft.endpoint, {}).get("keys", ())
    foreign = set(tool_marks()).difference(taken, draft.wire.tool_marks)
    found = sorted({key for tool in tools for key in foreign if key in tool})
    for key in found:
        reason = f"{draft.endpoint} does not support {key} on a tool."
        draft.note("tools", "dropped", requested=key, reason=reason)
    return [{k: v for k, v in tool.items() if k not in found} for tool in tools]


def _declared(draft: Draft, tools: Sequence[Any]) -> list[Any]:
    """Return the tools as the endpoint takes them, without marks it has none of."""
    if not _takes_marks(draft):
        tools = _without_marks(draft, tools)
    check_tool_kinds(draft, tools)
    return declared(draft, tools)


def _translate_functions(draft: Draft) -> None:
    """Send the older `functions` as tools where the model takes no functions."""
    functions = draft.wanted.get("functions")
    rule = draft.rule("functions")
    is_taken = rule is not None and rule.accepts == "any"
    if not functions or is_taken or "tools" in draft.wanted:
        return
    del draft.wanted["functions"]
    draft.wanted["tools"] = [{"type": "function", "function": f} for f in functions]
    draft.given["tools"] = True
    called = draft.wanted.pop("function_call", None)
    if called is not None:
        name = called["name"] if isinstance(called, Mapping) else called
        draft.wanted["tool_choice"] = name
    reason = "functions are deprecated; the model accepts tools."
    draft.note(
        "functions", "translated", requested=functions, sent="tools", reason=reason
    )


def _without_tools(draft: Draft, choice: Any) -> None:
    if choice is not None and _adds_tools(draft):
        draft.body["tool_choice"] = _of_added(choice)
    elif choice is not None:
        read_choice(draft, choice, ())
        reason = "there are no tools to choose from."
        draft.note("tool_choice", "dropped", requested=choice, reason=reason)
    parallel = draft.wanted.pop("parallel_tool_calls", None)
    if parallel is not None:
        reason = "it is not allowed without tools."
        draft.note("parallel_tool_calls", "dropped", requested=parallel, reason=reason)


def _adds_tools(draft: Draft) -> bool:
    """Tell whether the messages bring tools along (recorded 2026-07 on Responses)."""
    media = draft.invocation.traits.media
    added = any(form.source == "additional_tools" for form in media)
    return added and draft.endpoint == "responses"


def _of_added(choice: Any) -> Any:
    """Return a choice among tools that stand in the messages, as Responses has it."""
    if choice in ("any", True):
        return "required"
    if isinstance(choice, str) and choice not in {"auto", "none", "required"}:
        return {"type": "function", "name": choice}
    return _flat_choice(choice)


def _check_taken(draft: Draft, tools: Sequence[Any]) -> None:
    _check_condition(draft, tools)
    if draft.rule("tools") is None:
        reason = "the endpoint does not support tools."
        raise draft.refusal("tools", tools, reason, feature="tool_calling")


def _check_condition(draft: Draft, tools: Sequence[Any]) -> None:
    """Refuse tools where the endpoint takes none at the effort of this call."""
    condition = draft.config.tools.get(draft.endpoint, "any")
    only = draft.config.server and draft.config.endpoints == ("chat",)
    if only and condition == "never" and draft.config.supports("tool_calling"):
        condition = "any"  # the server has no endpoint that would do better
    requested = draft.invocation.params.get("reasoning_effort")
    insists = draft.invocation.endpoint == draft.endpoint
    if condition == "any" or (insists and draft.config.match in _GUESSED):
        return
    if condition == "never":
        raise _no_tools(draft, tools)
    is_said = condition == "effort_none_or_omitted" or "reasoning_effort" in draft.body
    if draft.effort == "none" and is_said:
        return
    if requested is None and (only or insists):
        _lower_effort(draft)
        return
    reason = f"on {draft.endpoint} function tools require reasoning_effort='none'."
    raise draft.refusal("tools", _names(tools), reason)


_GUESSED = ("family", "fallback")
"""Matches of names that nobody wrote down: a guess refuses no endpoint the user chose,
as ChatOpenAI refuses none."""


def _no_tools(draft: Draft, tools: Sequence[Any]) -> UnsupportedError:
    """Name another endpoint of the model that takes tools, else other models."""
    reason = f"it does not support function tools on {draft.endpoint}"
    conditions = draft.config.tools
    others = [e for e in draft.config.endpoints if conditions.get(e, "any") != "never"]
    if others:
        reason += f", but on {others[0]} it does."
        return draft.refusal("tools", _names(tools), reason)
    return draft.refusal("tools", _names(tools), f"{reason}.", feature="tool_calling")


def _lower_effort(draft: Draft) -> None:
    """The user insists on this endpoint and leaves the effort open: none is legal."""
    reason = f"{draft.endpoint} supports function tools only without reasoning."
    draft.put("reasoning_effort", "none")
    draft.effort = "none"
    draft.losses += 1
    draft.note("reasoning_effort", "defaulted", sent="none", reason=reason)


def _names(tools: Sequence[Any]) -> list[str]:
    return [
        _function(tool).get("name") or str(tool.get("type") or next(iter(tool), ""))
        for tool in tools
    ]


def _function(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    function = tool.get("function")
    return function if isinstance(function, Mapping) else {}


def _check_foreign(draft: Draft, tools: Sequence[Any]) -> None:
    """Refuse built-in tools that have not the form of OpenAI's."""
    foreign = [tool for tool in tools if _OF_OTHERS.search(str(tool.get("type")))]
    if foreign:
        reason = f"it does not support the built-in tool {dict(foreign[0])!r}."
        raise draft.refusal("tools", _names(foreign), reason)


def _as_chat(
    draft: Draft, tools: Sequence[Any], choice: Choice | None
) -> dict[str, Any]:
    builtin = [tool for tool in tools if tool.get("type") != "function"]
    unknown = is_unknown_server(draft)
    if builtin and not _knows_them(draft, builtin):
        _check_foreign(draft, tools)
        reason = f"{draft.endpoint} does not support built-in or custom tools."
        raise draft.refusal("tools", _names(builtin), reason)
    if unknown and choice is not None and choice.only:
        tools = among(draft, tools, choice)
        choice = choice._replace(names=())
    body: dict[str, Any] = {"tools": list(tools)}
    if choice is not None:
        body["tool_choice"] = openai_choice(choice, tools)
    return body


def _knows_them(draft: Draft, builtin: Sequence[Any]) -> bool:
    """Tell whether built-in tools may be those of the user's own server.

    OpenAI's own stand on Responses, where they are sent unless the server has nothing
    but chat, or the user insists on it; those of other makes (`openrouter:web_search`)
    go where it is spoken to.
    """
    if is_unknown_server(draft):
        return True
    foreign = all(_OF_OTHERS.search(str(tool.get("type"))) for tool in builtin)
    only_chat = draft.config.endpoints == ("chat",)
    chosen = draft.invocation.endpoint == draft.endpoint
    return draft.is_elsewhere and (foreign or only_chat or chosen)


def _as_responses(
    draft: Draft, tools: Sequence[Any], choice: Choice | None
) -> dict[str, Any]:
    if not draft.config.is_elsewhere:
        _check_foreign(draft, tools)
    body: dict[str, Any] = {"tools": [_flat(tool) for tool in tools]}
    if choice is not None:
        body["tool_choice"] = _flat_choice(openai_choice(choice, tools))
    return body


def _flat(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Responses has the fields of `function` beside `type`."""
    kind = tool.get("type")
    inner = tool.get(kind) if kind in _NESTED else None
    if not isinstance(inner, Mapping):
        return dict(tool)
    rest = {k: v for k, v in tool.items() if k not in {"type", kind}}
    return {"type": kind, **inner, **rest}


def _flat_choice(choice: Any) -> Any:
    if not isinstance(choice, Mapping):
        return choice
    if choice.get("type") != "allowed_tools":
        return _flat(choice)
    inner = choice["allowed_tools"]
    return {"type": "allowed_tools", **inner, "tools": [*map(_flat, inner["tools"])]}


def openai_choice(choice: Choice, tools: Sequence[Mapping[str, Any]]) -> Any:
    """Return a tool choice in OpenAI's chat form."""
    if choice.builtin is not None:
        return dict(choice.builtin)
    if choice.mode == "none" or not choice.names:
        return "required" if choice.mode == "any" else choice.mode
    custom = {tool.get("name") for tool in tools if tool.get("type") == "custom"}
    named = [
        {"type": kind, kind: {"name": name}}
        for name in choice.names
        for kind in ["custom" if name in custom else "function"]
    ]
    if choice.mode == "any" and not choice.only and len(named) == 1:
        return named[0]
    mode = "required" if choice.mode == "any" else "auto"
    return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": named}}


# Every tool of Responses has a `type`; Gemini's built-in ones have none. Anthropic's
# end in a date like `web_search_20250305`, OpenAI's in one like
# `web_search_preview_2025_03_11` (openai 3.54.0 and anthropic 2.12.0, 2026-11-23).
# Types with a colon are a gateway's (openrouter.ai/docs, server tools, 2026-11-27).
_OF_OTHERS = re.compile(r"^None$|_\d{8}$|:")
_NESTED = frozenset({"custom", "function"})

_SHAPES = {"responses": _as_responses}
