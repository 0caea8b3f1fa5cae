"""Token counts, by the provider of a model or approximately."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.messages.utils import count_tokens_approximately

from langchain_unified.invocation import neutral_tools
from langchain_unified.runner import Runner
from langchain_unified.types import CallPlan, Invocation

_UNCOUNTED = (NotImplementedError, OSError, ValueError, RuntimeError)
"""What counting raises where a provider has no count, no key or no network."""


def count_text(runner: Runner, model: str, text: str) -> int:
    """Count the tokens of a text alone, without a message around it."""
    plan = _plan(runner, model, [])
    try:
        return runner.shim(plan).count_text(plan, text)
    except _UNCOUNTED as error:
        _warn_of_estimate(error)
    return count_tokens_approximately([HumanMessage(text)], extra_tokens_per_message=0)


def token_ids(runner: Runner, model: str, text: str) -> list[int]:
    """Return the tokens of a text.

    Raises:
        NotImplementedError: If the tokenizer of the model is not known.
    """
    plan = _plan(runner, model, [])
    return runner.shim(plan).token_ids(plan, text)


def count_messages(
    runner: Runner, model: str, messages: Sequence[BaseMessage], tools: Any
) -> int:
    """Count the tokens of messages and tools."""
    given = neutral_tools(tools or ())
    plan = _plan(runner, model, given)
    try:
        return runner.shim(plan).count_tokens(plan, list(messages))
    except _UNCOUNTED as error:
        _warn_of_estimate(error)
    return count_tokens_approximately(messages, tools=given or None)


def _plan(runner: Runner, model: str, tools: list[Any]) -> CallPlan:
    """Return the plan by which tokens are counted."""
    asked = Invocation(model, params={"tools": tools} if tools else {})
    return runner.planning.plan(asked)


def _warn_of_estimate(error: Exception) -> None:
    message = f"Tokens are counted approximately: {error}"
    warnings.warn(message, UserWarning, stacklevel=4)
