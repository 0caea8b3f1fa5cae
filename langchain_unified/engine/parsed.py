"""`additional_kwargs["parsed"]`: the object an answer holds, as ChatOpenAI gives it.

It is there where a call was given a pydantic class as `response_format`. An answer that
does not fit the class raises pydantic's error, with the HTTP response on it.
"""

from __future__ import annotations

from typing import Any

from langchain_core.outputs import ChatResult

from langchain_unified.reliability.exchange import Exchange
from langchain_unified.types import CallPlan

PARSED = "parsed"
"""The key of the object in `additional_kwargs`."""


def put_parsed(plan: CallPlan, result: ChatResult, exchange: Exchange) -> None:
    """Put the object of a whole answer on its first message.

    Args:
        plan: The plan of the call; without a class nothing is done.
        result: The answer; it is changed.
        exchange: The exchange it came in, for the error.

    Raises:
        pydantic.ValidationError: If the answer does not fit the class.
    """
    if plan.parse_as is None:
        return
    message = result.generations[0].message
    refused = message.additional_kwargs.get("refusal")
    text = "" if refused else str(message.text)
    message.additional_kwargs[PARSED] = parsed(plan, text, exchange)


def parsed(plan: CallPlan, text: str, exchange: Exchange) -> Any:
    """Return the object that a text holds; `None` for no text.

    Raises:
        pydantic.ValidationError: If it does not fit the class of the plan.
    """
    if not text:
        return None
    try:
        return plan.parse_as.model_validate_json(text)
    except ValueError as error:
        error.response = exchange.response()  # type: ignore[attr-defined]
        raise
