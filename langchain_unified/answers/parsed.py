"""`additional_kwargs["parsed"]`: the object an answer holds, as ChatOpenAI gives it.

It is there where a call was given a pydantic class as `response_format`. An answer that
does not fit the class raises pydantic's error, with the HTTP response on it. An answer
that was cut off raises, whatever form was given.
"""

from __future__ import annotations

import json
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult

from langchain_unified.answers.errors import (
    form_error,
    is_cut_off,
    refusal_error,
    refusal_of,
)
from langchain_unified.reliability.exchange import Exchange
from langchain_unified.types import CallPlan

PARSED = "parsed"
"""The key of the object in `additional_kwargs`."""


def put_parsed(plan: CallPlan, result: ChatResult, exchange: Exchange) -> None:
    """Put the object of a whole answer on its first message.

    Args:
        plan: The plan of the call; without a class only the end is checked.
        result: The answer; it is changed.
        exchange: The exchange it came in, for the error.

    Raises:
        pydantic.ValidationError: If the answer does not fit the class.
        TruncatedOutputError: If it was cut off before it did.
        RefusalError: If a content filter stopped it before it did.
    """
    generation = result.generations[0]
    message = generation.message
    told = {**(generation.generation_info or {}), **message.response_metadata}
    ended = message.model_copy(update={"response_metadata": told})
    if plan.parse_as is None:
        check_end(ended, exchange)
    else:
        message.additional_kwargs[PARSED] = parsed(plan, ended, exchange)


def check_end(message: BaseMessage, exchange: Exchange) -> None:
    """Raise for an answer in a form that ended before it was whole, as ChatOpenAI does.

    Raises:
        TruncatedOutputError: If it was cut off.
        RefusalError: If a content filter stopped it.
    """
    if getattr(message, "tool_calls", None) or not _ended_early(message):
        return
    try:
        json.loads(str(message.text))
    except ValueError as error:
        problem = _problem(error, message, None)
        problem.response = exchange.response()
        raise problem from error


def parsed(plan: CallPlan, message: BaseMessage, exchange: Exchange) -> Any:
    """Return the object that an answer holds; `None` for a refusal, or no text.

    Raises:
        pydantic.ValidationError: If it does not fit the class of the plan.
        TruncatedOutputError: If it was cut off before it did.
        RefusalError: If a content filter stopped it before it did.
    """
    text = str(message.text)
    if message.additional_kwargs.get("refusal"):
        return None
    if not text and (getattr(message, "tool_calls", None) or not _ended_early(message)):
        return None
    try:
        return plan.parse_as.model_validate_json(text)
    except ValueError as error:
        problem = _problem(error, message, plan.parse_as)
        problem.response = exchange.response()
        if problem is error:
            raise
        raise problem from error


def _ended_early(message: BaseMessage) -> bool:
    return is_cut_off(message) or refusal_of(message) is not None


def _problem(error: ValueError, message: BaseMessage, target: Any) -> Any:
    """Return the error of an answer that does not fit, by why the answer ended."""
    if refused := refusal_of(message):
        return refusal_error(refused, message)
    return form_error(error, message, target) if is_cut_off(message) else error
