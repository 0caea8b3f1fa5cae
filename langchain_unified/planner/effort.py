"""Reasoning: effort levels, Gemini levels and budgets, and the words for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_unified.planner.draft import Draft, put_path
from langchain_unified.planner.words import is_new_word
from langchain_unified.settings import nearest_word

DYNAMIC = -1
"""The Gemini budget that lets the model decide (Gemini API, thinkingConfig)."""


def nearest_effort(effort: str, levels: Sequence[str]) -> str | None:
    """Return the supported level nearest to the requested one; a tie goes up.

    Levels that this version has never heard of have no place in the order: they are
    sent where they are asked for by name.

    Returns:
        `None` if none is near: one of the two is unknown.

    Example:
        >>> nearest_effort("max", ["low", "high"])
        'high'
    """
    if effort in levels:
        return effort
    found: str | None = nearest_word("reasoning_effort", effort, levels)
    return found


def decide_effort(draft: Draft) -> None:
    """Send the nearest supported effort, and set the effective one."""
    _settle_budget_and_effort(draft)
    style = draft.config.thinking.style
    if style == "budget":
        _as_budget(draft)
    elif style == "level":
        _as_level(draft)
    else:
        _as_effort(draft)


def _settle_budget_and_effort(draft: Draft) -> None:
    """An effort level and a token budget say the same thing; the level wins."""
    effort = draft.wanted.get("reasoning_effort")
    budget = draft.wanted.get("thinking_budget")
    if effort is None or budget is None:
        return
    del draft.wanted["thinking_budget"]
    reason = f"reasoning_effort={effort!r} has the same purpose and takes precedence."
    draft.note("thinking_budget", "dropped", requested=budget, reason=reason, source="")


def _as_effort(draft: Draft) -> None:
    budget = draft.wanted.pop("thinking_budget", None)
    if budget is not None and _reasons(draft):
        _budget_to_effort(draft, budget)
    elif budget is not None:
        draft.drop("thinking_budget", budget, "the model does not support reasoning.")
    effort = draft.wanted.pop("reasoning_effort", None)
    if effort is None:
        return
    levels = draft.config.thinking.levels.get(draft.endpoint, ())
    rule = draft.rule("reasoning_effort")
    if rule is None or rule.accepts != "any" or (_reasons(draft) and not levels):
        draft.drop("reasoning_effort", effort, _no_effort_reason(draft))
        return
    sent = legal_effort(draft, effort, levels)
    if sent is None:
        return
    draft.effort = sent
    put_path(draft.body, rule.name, sent)
    if rule.name != "reasoning_effort":
        reason = f"on {draft.endpoint} reasoning_effort is named {rule.name}."
        draft.note(
            "reasoning_effort",
            "renamed",
            requested=effort,
            sent=rule.name,
            reason=reason,
        )


def legal_effort(draft: Draft, effort: str, levels: Sequence[str]) -> str | None:
    """Return the level to send; `None` for none, which is recorded.

    A level that neither this version nor the model's row knows may be a new one: it
    goes to the provider, whose refusal, if it comes, is learned from.
    """
    if not levels or is_new_word(draft, "reasoning_effort", effort, levels):
        return effort
    sent = nearest_effort(effort, levels)
    listed = ", ".join(levels)
    if sent is None:
        draft.drop("reasoning_effort", effort, f"{draft.endpoint} accepts {listed}.")
    elif sent != effort:
        reason = f"{draft.endpoint} accepts {listed}; the nearest value is sent."
        draft.clamp("reasoning_effort", effort, sent, reason)
    return sent


def _reasons(draft: Draft) -> bool:
    return draft.config.thinking.style != "none"


def _no_effort_reason(draft: Draft) -> str:
    if not draft.config.reasons:
        return "the model does not support reasoning."
    return "the effort of this model cannot be set."


def translate_budget(draft: Draft, budget: int) -> str | None:
    """Return the effort that stands for a token budget, with the change on record."""
    effort = effort_for_budget(budget, draft.config.thinking.budgets)
    reason = "the model supports effort levels, not token budgets."
    draft.note(
        "thinking_budget", "translated", requested=budget, sent=effort, reason=reason
    )
    return effort


def _budget_to_effort(draft: Draft, budget: int) -> None:
    effort = translate_budget(draft, budget)
    if effort is not None:
        draft.wanted["reasoning_effort"] = effort


def effort_for_budget(budget: int, budgets: Mapping[str, int]) -> str | None:
    """Return the effort level for a token budget; `None` for a dynamic budget."""
    if budget == DYNAMIC:
        return None
    if budget == 0:
        return "none"
    table = budgets or {"minimal": 512, "low": 1024, "medium": 8192, "high": 24576}
    return min(table, key=lambda level: abs(table[level] - budget))


def _as_budget(draft: Draft) -> None:
    effort = draft.wanted.pop("reasoning_effort", None)
    budget = draft.wanted.pop("thinking_budget", None)
    if effort is not None:
        _effort_to_budget(draft, effort)
    elif budget is not None:
        sent = _legal_budget(draft, budget)
        if sent != budget:
            reason = (
                f"the model accepts {_budget_words(draft)}; the nearest value is sent."
            )
            draft.clamp("thinking_budget", budget, sent, reason)
        _put_thinking(draft, "thinking_budget", sent)


def _effort_to_budget(draft: Draft, effort: str) -> None:
    table = draft.config.thinking.budgets
    top = draft.config.thinking.budget_maximum or max(table.values(), default=DYNAMIC)
    asked = 0 if effort == "none" else table.get(effort, top)
    sent = _legal_budget(draft, asked)
    draft.note(
        "reasoning_effort",
        "translated",
        requested=effort,
        sent={"thinking_budget": sent},
        reason=f"the model accepts token budgets ({_budget_words(draft)}), not levels.",
    )
    if effort == "none" and sent != 0:
        draft.losses += 1
    _put_thinking(draft, "thinking_budget", sent)


def _legal_budget(draft: Draft, budget: int) -> int:
    thinking = draft.config.thinking
    if budget == DYNAMIC or (budget == 0 and thinking.can_disable):
        return budget
    low, high = thinking.budget_minimum or 1, thinking.budget_maximum
    return max(low, min(budget, high) if high is not None else budget)


def _budget_words(draft: Draft) -> str:
    thinking = draft.config.thinking
    zero = "0 or " if thinking.can_disable else ""
    return f"{zero}{thinking.budget_minimum or 1} to {thinking.budget_maximum} tokens"


def _as_level(draft: Draft) -> None:
    budget = draft.wanted.pop("thinking_budget", None)
    if budget is not None:
        _budget_to_level(draft, budget)
    effort = draft.wanted.pop("reasoning_effort", None)
    if effort is None:
        return
    thinking = draft.config.thinking
    if effort == "none" and thinking.can_disable:
        reason = "a budget of 0 disables thinking."
        draft.note(
            "reasoning_effort", "translated", requested=effort, sent=0, reason=reason
        )
        _put_thinking(draft, "thinking_budget", 0)
        return
    sent = legal_effort(draft, effort, thinking.levels.get(draft.endpoint, ()))
    if sent is not None:
        draft.effort = sent
        _put_thinking(draft, "reasoning_effort", sent)


def _budget_to_level(draft: Draft, budget: int) -> None:
    thinking = draft.config.thinking
    rule = draft.rule("thinking_budget")
    takes_budgets = rule is not None and rule.accepts == "any"
    if takes_budgets and (budget > 0 or thinking.can_disable):
        sent = _legal_budget(draft, budget)
        if sent != budget:
            reason = (
                f"the model accepts {_budget_words(draft)}; the nearest value is sent."
            )
            draft.clamp("thinking_budget", budget, sent, reason)
        _put_thinking(draft, "thinking_budget", sent)
        return
    _budget_to_effort(draft, budget)


def _put_thinking(draft: Draft, parameter: str, value: Any) -> None:
    put_path(draft.body, draft.mapping.rules[parameter].name, value)
