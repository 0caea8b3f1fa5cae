"""Anthropic's Messages API: thinking, sampling beside it, tools and the token cap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_unified.planner.draft import Draft, put_path
from langchain_unified.planner.effort import DYNAMIC, effort_for_budget, nearest_effort

ENDPOINT = "messages"
_FALLBACK_CAP = 4096
_LOWEST_TOP_P = 0.95


def decide_thinking(draft: Draft) -> None:
    """Say how much the model thinks: by effort, by budget or not at all."""
    if draft.endpoint != ENDPOINT:
        return
    effort = draft.wanted.pop("reasoning_effort", None)
    budget = draft.wanted.pop("thinking_budget", None)
    if draft.config.thinking.style == "none":
        _drop_all(draft, reasoning_effort=effort, thinking_budget=budget)
        return
    if effort is not None and budget is not None:
        reason = f"reasoning_effort={effort!r} says the same and goes first."
        draft.note("thinking_budget", "dropped", requested=budget, reason=reason)
    if effort is not None:
        _think_at(draft, effort)
    elif budget is not None:
        _think_within(draft, budget)
    _decide_display(draft)


def _drop_all(draft: Draft, **settings: Any) -> None:
    settings["include_thoughts"] = draft.wanted.pop("include_thoughts", None)
    for parameter, value in settings.items():
        if value is not None:
            draft.drop(parameter, value, "the model does not reason.")


def _think_at(draft: Draft, effort: str) -> None:
    if effort == "none":
        _do_not_think(draft)
    elif draft.config.thinking.style == "budget":
        _think_by_table(draft, effort)
    else:
        _put_effort(draft, effort)
        if not draft.config.supports("thinks_by_default"):
            draft.body["thinking"] = {"type": "adaptive"}


def _put_effort(draft: Draft, effort: str) -> None:
    levels = draft.config.thinking.levels[draft.endpoint]
    sent = nearest_effort(effort, levels)
    if sent != effort:
        reason = f"the model takes {', '.join(levels)}; the nearest is sent."
        draft.clamp("reasoning_effort", effort, sent, reason)
    draft.effort = sent
    name = draft.mapping.rules["reasoning_effort"].name
    put_path(draft.body, name, sent)
    reason = f"{draft.endpoint} calls reasoning_effort {name}."
    draft.note(
        "reasoning_effort", "renamed", requested=effort, sent=name, reason=reason
    )


def _think_by_table(draft: Draft, effort: str) -> None:
    budget = _put_budget(draft, draft.config.thinking.budgets[effort])
    draft.note(
        "reasoning_effort",
        "translated",
        requested=effort,
        sent={"thinking_budget": budget},
        reason="the model thinks within token budgets.",
    )
    if draft.config.thinking.levels[draft.endpoint]:
        _put_effort(draft, effort)


def _put_budget(draft: Draft, budget: int) -> int | None:
    """Send a budget below the token cap; return it, `None` if there is no room."""
    least = draft.config.thinking.budget_minimum or 1
    cap = draft.wanted.get("max_tokens") or draft.config.limits.get("output")
    most = cap - 1 if cap else budget
    if most < least:
        return None
    sent = max(least, min(budget, most))
    draft.body["thinking"] = {"type": "enabled", "budget_tokens": sent}
    return sent


def _do_not_think(draft: Draft) -> None:
    thinking, sent = draft.config.thinking, None
    if not draft.config.supports("thinks_by_default"):
        reason = "the model does not think unless it is told to."
    elif thinking.can_disable:
        sent, reason = "disabled", "thinking is switched off by its type."
    elif draft.config.supports("between_tools"):
        sent, reason = (
            "between_tools",
            "the model's lowest setting (5.5 migration guide).",
        )
    else:
        _put_effort(draft, "none")
        return
    draft.effort = "none"
    if sent is not None:
        draft.body["thinking"] = {"type": sent}
    draft.note(
        "reasoning_effort", "translated", requested="none", sent=sent, reason=reason
    )


def _think_within(draft: Draft, budget: int) -> None:
    rule = draft.rule("thinking_budget")
    takes_budgets = rule is not None and rule.accepts == "any"
    if budget > 0 and takes_budgets:
        sent = _put_budget(draft, budget)
        if sent is None:
            reason = "max_tokens leaves no room for it."
            draft.drop("thinking_budget", budget, reason)
        elif sent != budget:
            reason = "it must be 1024 or more and below max_tokens."
            draft.clamp("thinking_budget", budget, sent, reason)
        return
    _budget_as_effort(draft, budget)


def _budget_as_effort(draft: Draft, budget: int) -> None:
    effort = effort_for_budget(budget, draft.config.thinking.budgets)
    reason = "the model takes effort levels, not token budgets."
    draft.note(
        "thinking_budget", "translated", requested=budget, sent=effort, reason=reason
    )
    default = draft.config.thinking.default or "medium"
    _think_at(draft, default if budget == DYNAMIC or effort is None else effort)


def _decide_display(draft: Draft) -> None:
    """Ask for the text of the thinking, or not, where the model leaves the choice."""
    shown = draft.wanted.pop("include_thoughts", None)
    if shown is None:
        return
    thinking: Any = draft.body.get("thinking")
    if thinking is None and draft.config.supports("thinks_by_default"):
        thinking = {"type": "adaptive"}
    if not _thinks(thinking):
        if shown:
            draft.drop("include_thoughts", shown, "the model does not think here.")
    elif draft.config.supports("thinking_display"):
        display = "summarized" if shown else "omitted"
        draft.body["thinking"] = {**thinking, "display": display}
        reason = "Anthropic asks for thinking text by its display."
        draft.note(
            "include_thoughts",
            "translated",
            requested=shown,
            sent=display,
            reason=reason,
        )
    elif not shown:
        draft.drop("include_thoughts", shown, "the model always shows its thinking.")


def _thinks(thinking: Any) -> bool:
    return bool(thinking) and thinking["type"] in {"enabled", "adaptive"}


def decide_sampling(draft: Draft) -> None:
    """Leave out sampling that is refused beside thinking, or beside other sampling."""
    if draft.endpoint != ENDPOINT or not _takes(draft, "temperature"):
        return
    if _thinks(draft.body.get("thinking")):
        reason = "the model takes it only while it does not think."
        for parameter in ("temperature", "top_k", "top_p"):
            value = draft.wanted.get(parameter)
            if value is not None and not _beside_thinking(parameter, value):
                draft.drop(parameter, draft.wanted.pop(parameter), reason)
    pair = {"temperature", "top_p"} <= set(draft.wanted)
    if pair and not draft.config.supports("sampling_pair"):
        reason = "the model takes temperature or top_p, not both."
        draft.drop("top_p", draft.wanted.pop("top_p"), reason)


def _beside_thinking(parameter: str, value: float) -> bool:
    if parameter == "temperature":
        return value == 1
    return parameter == "top_p" and value >= _LOWEST_TOP_P


def _takes(draft: Draft, parameter: str) -> bool:
    rule = draft.rule(parameter)
    return rule is not None and rule.accepts == "any"


def decide_default_cap(draft: Draft) -> None:
    """Send a token cap although nobody asked for one: the endpoint insists."""
    if draft.endpoint != ENDPOINT or "max_tokens" in draft.body:
        return
    cap = draft.config.limits.get("output", _FALLBACK_CAP)
    draft.body["max_tokens"] = cap
    reason = "the endpoint insists on a token cap; the model's largest is sent."
    draft.note("max_tokens", "defaulted", sent=cap, reason=reason)


def render_tools(draft: Draft, tools: Sequence[Any], choice: Any) -> dict[str, Any]:
    """Return tools and tool choice as the Messages API writes them."""
    body: dict[str, Any] = {"tools": [_tool(draft, tool) for tool in tools]}
    chosen = _choice(draft, tools, choice)
    if isinstance(choice, (list, tuple)):
        body["tools"] = [tool for tool in body["tools"] if tool.get("name") in choice]
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
        return _function_tool(function)
    if "type" not in tool or not ({"name", "mcp_server_name"} & set(tool)):
        reason = f"Anthropic has no built-in tool like {dict(tool)!r}."
        raise draft.refusal("tools", dict(tool), reason)
    return dict(tool)


def _function_tool(function: Mapping[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": {}, **(function.get("parameters") or {})}
    rendered = {"name": function["name"], "input_schema": schema}
    for key in ("description", "strict"):
        if function.get(key):
            rendered[key] = function[key]
    return rendered


def _choice(draft: Draft, tools: Sequence[Any], choice: Any) -> dict[str, Any] | None:
    if choice is None:
        return None
    chosen = _rendered_choice(choice)
    if chosen["type"] in {"any", "tool"} and not draft.config.supports("tool_choice"):
        reason = (
            "it takes no forced tool choice; give tool_choice='auto', or a "
            "response_format for structured output."
        )
        raise draft.refusal("tool_choice", choice, reason, feature="tool_choice")
    if isinstance(choice, (list, tuple)) and len(choice) < len(tools):
        reason = "a choice among some tools is any choice among those alone."
        draft.note(
            "tool_choice",
            "translated",
            requested=list(choice),
            sent=chosen,
            reason=reason,
        )
    return chosen


def _rendered_choice(choice: Any) -> dict[str, Any]:
    if isinstance(choice, bool):
        return {"type": "any" if choice else "none"}
    if isinstance(choice, (list, tuple)):
        return {"type": "any"}
    if isinstance(choice, Mapping):
        function = choice.get("function")
        if isinstance(function, Mapping):
            return {"type": "tool", "name": function["name"]}
        return dict(choice)
    words = {"auto": "auto", "none": "none", "any": "any", "required": "any"}
    if choice in words:
        return {"type": words[choice]}
    return {"type": "tool", "name": choice}


def _make_room_for(draft: Draft, chosen: Mapping[str, Any]) -> None:
    """Give up thinking that a forced tool choice is refused beside: it is tuning."""
    thinking = draft.body.get("thinking")
    forced = chosen["type"] in {"any", "tool"}
    together = draft.config.supports("tool_choice_with_thinking")
    if not forced or together or not _thinks(thinking):
        return
    del draft.body["thinking"]
    asked = draft.invocation.params
    name = "reasoning_effort" if "reasoning_effort" in asked else "thinking_budget"
    reason = "thinking is refused beside a forced tool choice, which goes first."
    draft.drop(name, asked.get(name), reason)


def render_format(draft: Draft, asked: Mapping[str, Any]) -> None:
    """Send a response schema as `output_config.format`."""
    schema = (asked.get("json_schema") or {}).get("schema") or {}
    name = draft.mapping.rules["response_format"].name
    put_path(draft.body, name, {"type": "json_schema", "schema": schema})
    draft.note(
        "response_format",
        "translated",
        requested=asked.get("type"),
        sent=name,
        reason="Anthropic takes a JSON schema as the format of its output.",
    )
