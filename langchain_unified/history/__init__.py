"""Messages: their traits, and their conversion for the model of the call.

Any history goes to any model: what the model of the call made itself goes back as it
was, what others made goes in plain words, and the turns are put in the order its API
asks for. None of it is decided here: what cannot be sent was refused by the planner,
and what is changed is on the plan (`langchain_unified.planner.inputs`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from langchain_unified.history.blanks import REFUSES_BLANKS, without_blanks
from langchain_unified.history.finite import (
    STRUCTURED_ARGUMENTS,
    with_finite_arguments,
)
from langchain_unified.history.ids import ANY, renamed
from langchain_unified.history.media.elsewhere import as_given
from langchain_unified.history.pairs import paired
from langchain_unified.history.traits import surveyed
from langchain_unified.history.turns import (
    KEEPS_LATE_SYSTEM,
    alternating,
    folded,
    rendered_turns,
    with_system_first,
)
from langchain_unified.history.upgrade import takes_functions, upgraded
from langchain_unified.types import CallPlan, Traits

__all__ = [
    "KEEPS_LATE_SYSTEM",
    "SERVER_STATE",
    "aprepared",
    "folded",
    "prepared",
    "traits_of",
]

SERVER_STATE = ("previous_response_id", "conversation")
"""Wire fields by which the server adds earlier turns itself."""


def traits_of(messages: Sequence[BaseMessage]) -> Traits:
    """Return the traits of the messages that a plan depends on.

    See `langchain_unified.history.traits` for the words of `Traits.findings`.
    """
    if not _are_plain(messages):
        return surveyed(messages)
    if len(messages) == 1 and type(messages[0]) is HumanMessage:
        return _ONE_TEXT
    return surveyed(messages)._replace(plain="all")


def _are_plain(messages: Sequence[BaseMessage]) -> bool:
    """Tell whether messages are texts of user and system that every wire takes."""
    for message in messages:
        said = message.content
        is_text = type(message) in _TEXTS and type(said) is str
        if not is_text or not said or str(said).isspace():
            return False
        if message.name or message.additional_kwargs:
            return False
    return True


_TEXTS = (HumanMessage, SystemMessage)
_ONE_TEXT = Traits(plain="one")


def prepared(plan: CallPlan, messages: list[BaseMessage]) -> list[BaseMessage]:
    """Return messages that are valid for the model and the endpoint of the plan.

    Args:
        plan: The plan of the call.
        messages: Messages of any provider, model and version; they are not changed.

    Raises:
        UnsupportedError: If something that had to be fetched cannot be sent.
        InvalidParameterError: If it cannot be fetched.
    """
    if plan.add_system is not None:
        messages = [SystemMessage(plan.add_system), *messages]
    return list(messages) if plan.sends_as_given else _rendered(plan, messages)


def _rendered(plan: CallPlan, messages: list[BaseMessage]) -> list[BaseMessage]:
    """Return turns in the words that the model and the endpoint of the plan take."""
    written = as_given(plan)
    functions = takes_functions(plan.config, plan.endpoint)
    turns = upgraded(messages, keeps_functions=functions, keeps_roles=written)
    if not any(plan.body.get(name) for name in SERVER_STATE):
        turns = paired(turns)
    endpoint = ANY if written else plan.endpoint
    names_of = ANY if written and plan.config.match == "fallback" else plan.endpoint
    turns = renamed(turns, endpoint, plan.tool_names, names_of=names_of)
    turns = rendered_turns(plan, turns)
    if plan.endpoint in STRUCTURED_ARGUMENTS:
        turns = with_finite_arguments(turns)
    return _in_order(plan, turns)


def _in_order(plan: CallPlan, turns: list[BaseMessage]) -> list[BaseMessage]:
    """Return turns in the order that the endpoint of the plan asks for."""
    blanks = plan.endpoint in REFUSES_BLANKS
    if blanks:
        turns = without_blanks(turns)
    if plan.system_role is None:
        turns = folded(turns)
    elif plan.endpoint not in KEEPS_LATE_SYSTEM:
        turns = with_system_first(turns, as_blocks=blanks)
    return turns if plan.endpoint in KEEPS_LATE_SYSTEM else alternating(turns)


async def aprepared(plan: CallPlan, messages: list[BaseMessage]) -> list[BaseMessage]:
    """Return what `prepared` returns, without blocking the loop while fetching."""
    if plan.fetches:
        return await asyncio.to_thread(prepared, plan, messages)
    return prepared(plan, messages)
