"""Whole answers: several made one, what they cost, and the record of the call."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import add_usage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from langchain_unified.answers.empty import empty_answer, reason_of_status
from langchain_unified.answers.names import own_names, restore_names
from langchain_unified.answers.stopping import cut_message
from langchain_unified.answers.unwrapping import unwrap
from langchain_unified.content import RECORD, kept_blocks, says_nothing
from langchain_unified.cost import answer_cost
from langchain_unified.errors import MalformedResponseError
from langchain_unified.types import CallPlan
from langchain_unified.types.finish import UNKNOWN, WORDS
from langchain_unified.wires import wire_at

GenerationT = TypeVar("GenerationT", bound=ChatGeneration)

COST = "cost_usd"
"""The key of the cost in the record."""


def finished(plan: CallPlan, results: list[ChatResult]) -> ChatResult:
    """Return the answers to a plan as one, with the record.

    Raises:
        MalformedResponseError: If there is no answer.
    """
    result = results[0] if len(results) == 1 else _merged(results)
    if not result.generations:
        message = "The response has no choices."
        raise MalformedResponseError(message)
    cost = _cost(plan, result) if plan.is_billed else None
    record = {**json.loads(plan.record_json), COST: cost}
    for generation in result.generations:
        _complete(plan, generation, record)
    if not (result.llm_output or {}).get("model_name"):
        _name_model(result)
    return result


def _complete(
    plan: CallPlan, generation: ChatGeneration, record: Mapping[str, Any]
) -> None:
    """Give an answer the words of the caller, and its record."""
    message = generation.message
    if plan.tool_names:
        restore_names(message, own_names(plan))
    if plan.unwrap is not None:
        unwrap(message, plan.unwrap)
    ended = normalise(message, generation.generation_info)
    if not message.text:
        record = {**record, **_silence(plan, message, ended)}
    if plan.stop:
        cut_message(generation, plan.stop)
    metadata = generation.message.response_metadata
    known = metadata.get(RECORD)
    metadata[RECORD] = {**record, **(known if isinstance(known, dict) else {})}


def _cost(plan: CallPlan, result: ChatResult) -> float | None:
    """Return what the answers cost; each carries the token counts of the whole."""
    first = result.generations[0].message
    metadata = {**(result.llm_output or {}), **first.response_metadata}
    return answer_cost(plan, getattr(first, "usage_metadata", None), metadata)


def normalise(
    message: BaseMessage, info: dict[str, Any] | None, *, calls: bool = False
) -> str | None:
    """Put the normal word in the place of the provider's, which is kept beside it.

    Returns:
        The normal word, or `None` if there is no end yet.
    """
    metadata, found = message.response_metadata, None
    for place in (metadata, info):
        raw = place.get("finish_reason") if place else None
        if not place or not raw:
            continue
        found = _end(raw, message, calls=calls)
        if found != raw:
            place["finish_reason"] = found
            details = metadata.get("incomplete_details")
            why = details.get("reason") if isinstance(details, Mapping) else None
            place.setdefault("raw_finish_reason", why or getattr(raw, "value", raw))
    return found


def _end(raw: Any, message: BaseMessage, *, calls: bool) -> str:
    """Return the normal word that fits what else the answer says."""
    metadata, word = message.response_metadata, str(getattr(raw, "value", raw))
    if metadata.get("prompt_feedback"):
        return "content_filter"
    if word == _CALLS_END_WITH and (calls or _calls(message)):
        return "tool_calls"
    found = WORDS.get(word, UNKNOWN)
    incomplete = found == "stop" and metadata.get("status") == "incomplete"
    return UNKNOWN if incomplete else found


_CALLS_END_WITH = "STOP"
"""What Gemini says of an answer that calls tools, as of any other."""


def _calls(message: BaseMessage) -> bool:
    return isinstance(message, AIMessage) and bool(
        message.tool_calls or message.invalid_tool_calls
    )


def _silence(plan: CallPlan, message: BaseMessage, ended: str | None) -> dict[str, Any]:
    """Return what goes on record of an answer without text.

    Raises:
        MalformedResponseError: If it holds nothing at all where its end is always told.
    """
    if ended is None and _must_say(plan, message):
        told = "The response has no candidates."
        raise MalformedResponseError(told)
    reason = ended or reason_of_status(message)
    if reason is None or not says_nothing(message):
        return {}
    return empty_answer(plan, reason, getattr(message, "usage_metadata", None))


def _must_say(plan: CallPlan, message: BaseMessage) -> bool:
    says = message.content or message.additional_kwargs or kept_blocks(message)
    if says or getattr(message, "tool_calls", None):
        return False
    return wire_at(plan.config, plan.endpoint).says_end


def _name_model(result: ChatResult) -> None:
    """Say in `llm_output` which model answered, on each endpoint.

    Tracing packages read it there and nowhere else (opentelemetry-instrumentation-
    langchain 0.62.4, openinference-instrumentation-langchain 0.1.80, 2026-11-28).
    """
    name = result.generations[0].message.response_metadata.get("model_name")
    if name:
        result.llm_output = {**(result.llm_output or {}), "model_name": name}


def note_tried(
    generation: GenerationT, tried: Mapping[str, Sequence[Any]]
) -> GenerationT:
    """Put on the record what was tried before, if this holds the record of the call."""
    record = generation.message.response_metadata.get(RECORD)
    if tried and record is not None and "model" in record:
        record.update((name, list(reports)) for name, reports in tried.items())
    return generation


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
