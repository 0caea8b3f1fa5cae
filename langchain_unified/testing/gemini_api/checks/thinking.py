"""The thinking config."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from langchain_unified.testing.errors import google_refuse
from langchain_unified.testing.gemini_api.fields import unknown_name

if TYPE_CHECKING:
    from langchain_unified.testing.gemini_api.call import GeminiCall

BOTH = "You can only set only one of thinking budget and thinking level."
NO_LEVEL = "Thinking level is not supported for this model."
NO_BUDGET = "Thinking budget is not supported for this model."
ALWAYS_THINKS = "Budget 0 is invalid. This model only works in thinking mode."
VERTEX_ALWAYS_THINKS = (
    "Unable to submit request because Thinking can't be disabled for this model. "
    "Remove 'thinking_config.thinking_budget' from your request and try again."
)
INVALID = "Request contains an invalid argument."


def check_thinking(call: GeminiCall) -> None:
    """Refuse a thinking config the model does not take."""
    config = call.thinking
    if not config:
        return
    for key in config:
        if f"thinkingConfig.{key}" in call.rules.refused:
            unknown_name(key, "generation_config.thinking_config")
    level, budget = config.get("thinkingLevel"), config.get("thinkingBudget")
    if level is not None and budget is not None:
        google_refuse(BOTH)
    if call.rules.thinking == "none":
        _no_thinking(call)
    if level is not None:
        _check_level(call, level)
    if budget is not None:
        _check_budget(call, budget)


def _no_thinking(call: GeminiCall) -> NoReturn:
    if call.rules.thinking_level_wording and "thinkingLevel" in call.thinking:
        google_refuse(NO_LEVEL)
    google_refuse(f"Thinking is not enabled for {call.this_model}")


def _check_level(call: GeminiCall, level: str) -> None:
    levels = call.rules.thinking_levels
    if level.lower() in levels:
        return
    if levels and level == "MINIMAL":
        google_refuse(
            "Thinking level MINIMAL is not supported for this model. Please retry with "
            "other thinking level."
        )
    google_refuse(NO_LEVEL)


def _check_budget(call: GeminiCall, budget: int) -> None:
    rules = call.rules
    if rules.thinking_budget == "rejected":
        google_refuse(NO_BUDGET)
    if rules.thinking_budget == "ignored":
        call.recorded.ignored.append("thinkingBudget")
        return
    if budget == 0:
        _check_zero(call)
        return
    low, high = rules.budget_min or 0, rules.budget_max
    if budget != -1 and (budget < low or (high is not None and budget > high)):
        top = high if high is not None else rules.max_output_tokens
        google_refuse(
            f"The thinking budget {budget} is invalid. Please choose a value between "
            f"{low} and {top}."
        )


def _check_zero(call: GeminiCall) -> None:
    if call.rules.budget_zero == "refused":
        google_refuse(VERTEX_ALWAYS_THINKS if call.on_vertex else ALWAYS_THINKS)
    if call.rules.budget_zero == "invalid":
        google_refuse(INVALID)
