"""Tools: whether the endpoint takes them now, and their shape on each wire."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_unified.errors import UnsupportedError
from langchain_unified.planner import anthropic, google, ollama
from langchain_unified.planner.draft import Draft


def decide_tools(draft: Draft) -> None:
    """Send tools in the endpoint's shape, or refuse the call."""
    _translate_functions(draft)
    tools = draft.wanted.pop("tools", None)
    choice = draft.wanted.pop("tool_choice", None)
    choice = None if choice is False else choice
    if not tools:
        _without_tools(draft, choice)
        return
    if not (draft.endpoint == ollama.ENDPOINT and ollama.is_forced(choice)):
        _check_condition(draft, tools)
    rule = draft.rule("tools")
    if rule is None:
        raise draft.refusal(
            "tools", tools, "the endpoint takes no tools.", feature="tool_calling"
        )
    if draft.endpoint != anthropic.ENDPOINT:
        tools = _without_marks(draft, tools)
    shape = _SHAPES.get(draft.endpoint, _as_chat)
    draft.body |= shape(draft, tools, choice)


def _without_marks(draft: Draft, tools: Sequence[Any]) -> list[Any]:
    """Leave out of tools what only Anthropic's may have, for example cache marks."""
    found = sorted(
        {key for tool in tools for key in anthropic.ONLY_HERE if key in tool}
    )
    for key in found:
        reason = f"{draft.endpoint} has no {key} on a tool; Anthropic has."
        draft.note("tools", "dropped", requested=key, reason=reason)
    return [{k: v for k, v in tool.items() if k not in found} for tool in tools]


def _translate_functions(draft: Draft) -> None:
    """Send the older `functions` as tools where the model takes no functions."""
    functions = draft.wanted.get("functions")
    rule = draft.rule("functions")
    if not functions or "tools" in draft.wanted:
        return
    if rule is not None and rule.accepts == "any":
        return
    del draft.wanted["functions"]
    draft.wanted["tools"] = [{"type": "function", "function": f} for f in functions]
    draft.given["tools"] = True
    called = draft.wanted.pop("function_call", None)
    if called is not None:
        name = called["name"] if isinstance(called, Mapping) else called
        draft.wanted["tool_choice"] = name
    reason = "the model takes tools, the newer form of functions."
    draft.note(
        "functions", "translated", requested=functions, sent="tools", reason=reason
    )


def _without_tools(draft: Draft, choice: Any) -> None:
    if choice is not None:
        reason = "there are no tools to choose from."
        draft.note("tool_choice", "dropped", requested=choice, reason=reason)
    parallel = draft.wanted.pop("parallel_tool_calls", None)
    if parallel is not None:
        reason = "it is refused when there are no tools."
        draft.note("parallel_tool_calls", "dropped", requested=parallel, reason=reason)


def _check_condition(draft: Draft, tools: Sequence[Any]) -> None:
    """Refuse tools where the endpoint takes none at the effort of this call."""
    condition = draft.config.tools.get(draft.endpoint, "any")
    requested = draft.invocation.params.get("reasoning_effort")
    if condition == "any":
        return
    if condition == "never":
        raise _no_tools(draft, tools)
    if draft.effort == "none" and (
        condition == "effort_none_or_omitted" or "reasoning_effort" in draft.body
    ):
        return
    if requested is None and draft.invocation.endpoint == draft.endpoint:
        _lower_effort(draft)
        return
    reason = f"on {draft.endpoint} it takes function tools only at effort 'none'."
    raise draft.refusal("tools", _names(tools), reason)


def _no_tools(draft: Draft, tools: Sequence[Any]) -> UnsupportedError:
    """Name another endpoint of the model that takes tools, else other models."""
    reason = f"it takes no function tools on {draft.endpoint}"
    conditions = draft.config.tools
    others = [e for e in draft.config.endpoints if conditions.get(e, "any") != "never"]
    if others:
        reason += f", but on {others[0]} it does."
        return draft.refusal("tools", _names(tools), reason)
    return draft.refusal("tools", _names(tools), f"{reason}.", feature="tool_calling")


def _lower_effort(draft: Draft) -> None:
    """The user insists on this endpoint and leaves the effort open: none is legal."""
    reason = f"{draft.endpoint} takes function tools only without reasoning."
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


def is_function_tool(tool: Mapping[str, Any]) -> bool:
    """Tell a function tool from a provider's built-in one."""
    return tool.get("type") == "function" and "function" in tool


def _check_foreign(draft: Draft, tools: Sequence[Any]) -> None:
    """Refuse built-in tools that have not the form of OpenAI's."""
    foreign = [tool for tool in tools if _OF_OTHERS.search(str(tool.get("type")))]
    if foreign:
        reason = f"it has no built-in tool like {dict(foreign[0])!r}."
        raise draft.refusal("tools", _names(foreign), reason)


def _as_chat(draft: Draft, tools: Sequence[Any], choice: Any) -> dict[str, Any]:
    _check_foreign(draft, tools)
    builtin = [tool for tool in tools if tool.get("type") != "function"]
    if builtin:
        reason = f"{draft.endpoint} has no built-in or custom tools."
        raise draft.refusal("tools", _names(builtin), reason)
    body: dict[str, Any] = {"tools": list(tools)}
    if choice is not None:
        body["tool_choice"] = openai_choice(choice, tools)
    return body


def _as_responses(draft: Draft, tools: Sequence[Any], choice: Any) -> dict[str, Any]:
    _check_foreign(draft, tools)
    body: dict[str, Any] = {"tools": [_flat(tool) for tool in tools]}
    if choice is not None:
        chosen = openai_choice(choice, tools)
        body["tool_choice"] = _flat(chosen) if isinstance(chosen, Mapping) else chosen
    return body


def _flat(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Responses has the fields of `function` beside `type`."""
    if not is_function_tool(tool):
        return dict(tool)
    rest = {k: v for k, v in tool.items() if k not in {"type", "function"}}
    return {"type": "function", **tool["function"], **rest}


def openai_choice(choice: Any, tools: Sequence[Mapping[str, Any]]) -> Any:
    """Return any spelling of `tool_choice` in OpenAI's chat form."""
    choice = _WORDS.get(choice, choice) if isinstance(choice, (str, bool)) else choice
    if isinstance(choice, (list, tuple)):
        allowed = [{"type": "function", "function": {"name": name}} for name in choice]
        wanted = {"mode": "required", "tools": allowed}
        return {"type": "allowed_tools", "allowed_tools": wanted}
    if not isinstance(choice, str):
        return dict(choice)
    if choice in {"auto", "none", "required"}:
        return choice
    names = {_function(tool).get("name") for tool in tools}
    builtin = {tool.get("type") for tool in tools} - {"function"}
    if choice in builtin and choice not in names:
        return {"type": choice}
    return {"type": "function", "function": {"name": choice}}


def _as_gemini(draft: Draft, tools: Sequence[Any], choice: Any) -> dict[str, Any]:
    functions = [tool["function"] for tool in tools if is_function_tool(tool)]
    builtin = [_gemini_builtin(draft, t) for t in tools if not is_function_tool(t)]
    builtin = google.settle_builtin_tools(draft, builtin, functions, choice)
    declared = [{"functionDeclarations": [_declaration(f) for f in functions]}]
    body: dict[str, Any] = {"tools": (declared if functions else []) + builtin}
    config = _gemini_choice(choice) if functions else None
    if config is not None:
        asked = draft.body.get("toolConfig", {})
        body["toolConfig"] = {**asked, "functionCallingConfig": config}
    return body if body["tools"] else {}


def _gemini_builtin(draft: Draft, tool: Mapping[str, Any]) -> dict[str, Any]:
    """Built-in tools are objects with one key, for example `{"google_search": {}}`."""
    if "type" in tool:
        reason = f"Gemini has no built-in tool of type {tool['type']!r}."
        raise draft.refusal("tools", _names([tool]), reason)
    return dict(tool)


def _declaration(function: Mapping[str, Any]) -> dict[str, Any]:
    declaration: dict[str, Any] = {"name": function["name"]}
    if function.get("description"):
        declaration["description"] = function["description"]
    if function.get("parameters", {}).get("properties"):
        declaration["parametersJsonSchema"] = function["parameters"]
    return declaration


def _gemini_choice(choice: Any) -> dict[str, Any] | None:
    if isinstance(choice, bool):
        choice = "any"
    if isinstance(choice, Mapping):
        choice = choice.get("function", choice).get("name") or choice.get("type")
    if isinstance(choice, (list, tuple)):
        return {"mode": "ANY", "allowedFunctionNames": list(choice)}
    modes = {"auto": "AUTO", "none": "NONE", "any": "ANY", "required": "ANY"}
    if choice is None:
        return None
    if choice in modes:
        return {"mode": modes[choice]}
    return {"mode": "ANY", "allowedFunctionNames": [choice]}


# Every tool of Responses has a `type`; Gemini's built-in ones have none. Anthropic's
# end in a date like `web_search_20250305`, OpenAI's in one like
# `web_search_preview_2025_03_11` (openai 3.54.0 and anthropic 2.12.0, 2026-11-23).
_OF_OTHERS = re.compile(r"^None$|_\d{8}$")
_WORDS: dict[str | bool, str] = {True: "required", "any": "required"}
_SHAPES = {
    "responses": _as_responses,
    "generate_content": _as_gemini,
    "messages": anthropic.render_tools,
    "api_chat": ollama.render_tools,
}
