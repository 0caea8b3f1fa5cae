"""Whole answers: several made one, what they cost, and the record of the call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import add_usage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from langchain_unified.answers.empty import empty_answer, reason_of_status, recorded
from langchain_unified.answers.names import own_names, restore_names
from langchain_unified.answers.unwrapping import unwrap
from langchain_unified.content import RECORD, kept_blocks, on_record, says_nothing
from langchain_unified.cost import answer_cost
from langchain_unified.errors import MalformedResponseError
from langchain_unified.finish import normalise
from langchain_unified.reliability.exchange import Exchange
from langchain_unified.stopping import cut_message
from langchain_unified.types import CallPlan
from langchain_unified.wires import wire_at

COST = "cost_usd"
"""The key of the cost in the record."""


def finished(plan: CallPlan, results: list[ChatResult]) -> ChatResult:
    """Return the answers to a plan as one, with the record.

    Raises:
        MalformedResponseError: If there is no answer.
    """
    result = results[0] if len(results) == 1 else _merged(results)
    if not result.generations:
        message = "The answer holds no choices."
        raise MalformedResponseError(message)
    # Each answer carries the token counts of the whole.
    first = result.generations[0].message
    usage = getattr(first, "usage_metadata", None)
    metadata = {**(result.llm_output or {}), **first.response_metadata}
    record = {**plan.record(), COST: answer_cost(plan, usage, metadata)}
    own = own_names(plan) if plan.tool_names else None
    for generation in result.generations:
        if own:
            restore_names(generation.message, own)
        if plan.unwrap is not None:
            unwrap(generation.message, plan.unwrap)
        ended = normalise(generation.message, generation.generation_info)
        if ended is None and _must_say(plan, generation.message):
            message = "The answer holds no candidates."
            raise MalformedResponseError(message)
        silent = None
        reason = ended or reason_of_status(generation.message)
        if reason is not None and says_nothing(generation.message):
            silent = empty_answer(plan, reason, usage)
        if plan.stop:
            cut_message(generation, plan.stop)
        if silent is not None:
            record = {**record, **recorded(silent)}
        answer = generation.message
        answer.response_metadata.update(on_record(answer, record))
    _name_model(result, first)
    return result


def _name_model(result: ChatResult, answer: BaseMessage) -> None:
    """Say in `llm_output` which model answered, on each endpoint.

    Tracing packages read it there and nowhere else (opentelemetry-instrumentation-
    langchain 0.62.4, openinference-instrumentation-langchain 0.1.80, 2026-11-28).
    """
    output, name = result.llm_output or {}, answer.response_metadata.get("model_name")
    if name and not output.get("model_name"):
        result.llm_output = {**output, "model_name": name}


def _must_say(plan: CallPlan, message: BaseMessage) -> bool:
    empty = not (message.content or message.additional_kwargs or kept_blocks(message))
    if not empty or _calls(message):
        return False
    return wire_at(plan.config, plan.endpoint).says_end


def _calls(message: BaseMessage) -> bool:
    return isinstance(message, AIMessage) and bool(message.tool_calls)


def noted(result: ChatResult, exchange: Exchange) -> ChatResult:
    """Put on the record what was tried before."""
    if exchange.failed:
        for generation in result.generations:
            record = generation.message.response_metadata[RECORD]
            record["failed"] = list(exchange.failed)
    return result


def cost_of(generation: ChatGeneration) -> float | None:
    """Return the cost on the record of an answer, or of a piece of one."""
    record = generation.message.response_metadata.get(RECORD) or {}
    found: float | None = record.get(COST)
    return found


def combined(
    outputs: Sequence[dict[str, Any] | None], model_name: str
) -> dict[str, Any]:
    """Return what the outputs of several prompts come to, as ChatOpenAI has it."""
    totals: dict[str, Any] = {}
    found: dict[str, Any] = {"token_usage": totals, "model_name": model_name}
    for output in outputs:
        if output:
            _add(totals, output.get("token_usage") or {})
            if output.get("system_fingerprint"):
                found.setdefault("system_fingerprint", output["system_fingerprint"])
    return found


def _merged(results: list[ChatResult]) -> ChatResult:
    """Make one result of several answers; usage is summed as the API does for `n`."""
    generations = [g for result in results for g in result.generations]
    usage = None
    for generation in generations:
        if isinstance(generation.message, AIMessage):
            usage = add_usage(usage, generation.message.usage_metadata)
    for generation in generations:
        if isinstance(generation.message, AIMessage) and usage is not None:
            generation.message.usage_metadata = usage
    outputs = [result.llm_output or {} for result in results]
    totals = summed([output.get("token_usage") or {} for output in outputs])
    merged = {**outputs[0], **({"token_usage": totals} if totals else {})}
    return ChatResult(generations=generations, llm_output=merged)


def summed(usages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return token counts added up, those inside of others too.

    A detail that no provider counted stays `None`, as in ChatOpenAI's sums.
    """
    totals: dict[str, Any] = {}
    for usage in usages:
        _add(totals, usage)
    return totals


def _add(
    totals: dict[str, Any], usage: Mapping[str, Any], *, nulls: bool = False
) -> None:
    for key, value in usage.items():
        if isinstance(value, (int, float)):
            totals[key] = (totals.get(key) or 0) + value
        elif isinstance(value, dict):
            if totals.get(key):
                _add(totals[key], value, nulls=True)
            else:
                totals[key] = {**value}
        elif value is None and nulls:
            totals.setdefault(key, None)


def in_one_piece(result: ChatResult) -> ChatGenerationChunk:
    """Give a whole answer as the only piece of a stream."""
    generation: ChatGeneration = result.generations[0]
    fields = generation.message.model_dump(exclude={"type"})
    info = {**(result.llm_output or {}), **(generation.generation_info or {})}
    info.pop("token_usage", None)
    return ChatGenerationChunk(
        message=AIMessageChunk(**fields, chunk_position="last"),
        generation_info=info or None,
    )
