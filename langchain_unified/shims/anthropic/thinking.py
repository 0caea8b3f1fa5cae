"""Thinking on the Messages API: by effort, by budget, or not at all."""

from __future__ import annotations

from typing import Any

from langchain_unified.planner.draft import Draft, put_path
from langchain_unified.planner.effort import DYNAMIC, legal_effort, translate_budget

ENDPOINT = "messages"


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
        reason = (
            f"reasoning_effort={effort!r} has the same purpose and takes precedence."
        )
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
            draft.drop(parameter, value, "the model does not support reasoning.")


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
    sent = legal_effort(draft, effort, levels)
    if sent is None:
        return
    draft.effort = sent
    name = draft.mapping.rules["reasoning_effort"].name
    put_path(draft.body, name, sent)
    reason = f"on {draft.endpoint} reasoning_effort is named {name}."
    draft.note(
        "reasoning_effort", "renamed", requested=effort, sent=name, reason=reason
    )


def _think_by_table(draft: Draft, effort: str) -> None:
    budget = _put_budget(
        draft,
        draft.config.thinking.budgets.get(
            effort, max(draft.config.thinking.budgets.values())
        ),
    )
    draft.note(
        "reasoning_effort",
        "translated",
        requested=effort,
        sent={"thinking_budget": budget},
        reason="the model uses token budgets for thinking.",
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


def _least_thinking(draft: Draft) -> tuple[str | None, str] | None:
    """Return the type of thinking that is nearest to none, and why it is sent."""
    if not draft.config.supports("thinks_by_default"):
        return None, "thinking is off by default."
    if draft.config.thinking.can_disable:
        return "disabled", "thinking is disabled by its type."
    if draft.config.supports("between_tools"):
        return "between_tools", "the model's lowest setting (5.5 migration guide)."
    return None


def _do_not_think(draft: Draft) -> None:
    lowest = _least_thinking(draft)
    if lowest is None:
        _put_effort(draft, "none")
        return
    sent, reason = lowest
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
            reason = "max_tokens is too low for it."
            draft.drop("thinking_budget", budget, reason)
        elif sent != budget:
            reason = "it must be 1024 or more and below max_tokens."
            draft.clamp("thinking_budget", budget, sent, reason)
        return
    _budget_as_effort(draft, budget)


def _budget_as_effort(draft: Draft, budget: int) -> None:
    effort = translate_budget(draft, budget)
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
    if not thinks(thinking):
        if shown:
            draft.drop(
                "include_thoughts", shown, "the model does not think in this call."
            )
    elif draft.config.supports("thinking_display"):
        display = "summarized" if shown else "omitted"
        draft.body["thinking"] = {**thinking, "display": display}
        reason = "Anthropic requests thinking text by its display setting."
        draft.note(
            "include_thoughts",
            "translated",
            requested=shown,
            sent=display,
            reason=reason,
        )
    elif not shown:
        draft.drop("include_thoughts", shown, "the model always returns its thinking.")


def thinks(thinking: Any) -> bool:
    """Tell whether a thinking config switches thinking on."""
    return bool(thinking) and thinking["type"] in {"enabled", "adaptive"}
