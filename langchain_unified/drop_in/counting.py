"""Token counts, by the provider of a model or approximately."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.messages.utils import count_tokens_approximately

from langchain_unified.runner import Runner
from langchain_unified.schemas.tool_forms import neutral_tools
from langchain_unified.types import CallPlan, Invocation, ToolLike

_UNCOUNTED = (NotImplementedError, OSError, ValueError, RuntimeError)
"""What counting raises where a provider has no count, no key or no network."""


def get_num_tokens(model: Any, text: str) -> int:
    """Count the tokens of a text alone, without a message around it."""
    if model.custom_get_token_ids is not None:
        return len(model.custom_get_token_ids(text))
    runner, plan = _planned(model, [])
    try:
        return runner.shim(plan).count_text(plan, text)
    except _UNCOUNTED as error:
        _warn_of_estimate(error)
    return count_tokens_approximately([HumanMessage(text)], extra_tokens_per_message=0)


def get_token_ids(model: Any, text: str) -> list[int]:
    """Return the tokens of a text, where its model's tokenizer is known."""
    if model.custom_get_token_ids is None:
        runner, plan = _planned(model, [])
        with suppress(NotImplementedError):
            return runner.shim(plan).token_ids(plan, text)
    return BaseChatModel.get_token_ids(model, text)


def get_num_tokens_from_messages(
    model: Any,
    /,
    messages: Sequence[BaseMessage],
    tools: Sequence[ToolLike] | None = None,
    **_: Any,
) -> int:
    """Count the tokens of messages for the model, as its provider counts them.

    Where the provider cannot be asked (no key, no network) the count is
    langchain-core's approximation, with a warning.
    """
    given = neutral_tools(tools or ())
    runner, plan = _planned(model, given)
    try:
        return runner.shim(plan).count_tokens(plan, list(messages))
    except _UNCOUNTED as error:
        _warn_of_estimate(error)
    return count_tokens_approximately(messages, tools=given or None)


def _planned(model: Any, tools: list[Any]) -> tuple[Runner, CallPlan]:
    """Return the plan by which tokens are counted, and what connects it."""
    runner: Runner = model.router.runner
    name = model.tiktoken_model_name or model.model_name
    asked = Invocation(name, params={"tools": tools} if tools else {})
    return runner, runner.planning.plan(asked)


def _warn_of_estimate(error: Exception) -> None:
    message = f"Tokens are counted approximately: {error}"
    warnings.warn(message, UserWarning, stacklevel=3)
