"""Token counts of both endpoints in LangChain's words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

from langchain_core.messages.ai import (
    InputTokenDetails,
    OutputTokenDetails,
    UsageMetadata,
)
from openai.types import CompletionUsage
from openai.types.completion_usage import CompletionTokensDetails, PromptTokensDetails

_PRICED_APART = frozenset({"priority", "flex"})


def parse_chat_usage(usage: Mapping[str, Any], tier: str | None) -> UsageMetadata:
    """Convert the `usage` of a chat completion.

    Args:
        usage: The wire object.
        tier: The `service_tier` of the answer; `priority` and `flex` prefix the
            details, because their tokens have other prices.

    Returns:
        Counts in tokens.
    """
    usage = _numbers(usage)
    inputs = usage.get("prompt_tokens_details") or {}
    outputs = usage.get("completion_tokens_details") or {}
    counts = (usage.get("prompt_tokens"), usage.get("completion_tokens"))
    metadata = _metadata(counts, usage, inputs, outputs, tier)
    for details, given in (
        (metadata["input_token_details"], inputs),
        (metadata["output_token_details"], outputs),
    ):
        if (audio := given.get("audio_tokens")) is not None:
            details["audio"] = audio
    return metadata


def parse_responses_usage(usage: Mapping[str, Any], tier: str | None) -> UsageMetadata:
    """Convert the `usage` of a Responses answer; see `parse_chat_usage`."""
    usage = _numbers(usage)
    inputs = usage.get("input_tokens_details") or {}
    outputs = usage.get("output_tokens_details") or {}
    counts = (usage.get("input_tokens"), usage.get("output_tokens"))
    return _metadata(counts, usage, inputs, outputs, tier)


def _numbers(usage: Mapping[str, Any]) -> dict[str, Any]:
    """Return usage with whole numbers for its counts, however a server writes them."""
    found = dict(usage)
    for name, value in usage.items():
        if isinstance(value, Mapping):
            found[name] = _numbers(value)
        elif type(value) is not int and name.endswith("_tokens"):
            found[name] = _number(value)
    return found


def _number(value: Any) -> Any:
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return round(value) if isinstance(value, float) else value


def usage_since(now: UsageMetadata, before: UsageMetadata) -> UsageMetadata | None:
    """Return what is to be added to an earlier total for it to be this one.

    Args:
        now: The total told now.
        before: The total told before.

    Returns:
        The difference, counts that are no longer told left as they were; `None` if
        there is none.
    """
    change = cast("UsageMetadata", _difference(now, before))
    return change if _counts_anything(change) else None


def _difference(now: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _difference(value, before.get(name) or {})
        if isinstance(value, Mapping)
        else value - (before.get(name) or 0)
        for name, value in now.items()
    }


def _counts_anything(counts: Mapping[str, Any]) -> bool:
    return any(
        _counts_anything(value) if isinstance(value, Mapping) else value
        for value in counts.values()
    )


def complete_token_usage(usage: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Fill the counts a chat answer leaves out with `None`, as the SDK's model does."""
    if not isinstance(usage, Mapping):
        return None
    completed = {**dict.fromkeys(CompletionUsage.model_fields), **_numbers(usage)}
    for name, keys in _detail_keys().items():
        if isinstance(details := completed.get(name), dict):
            completed[name] = {**dict.fromkeys(keys), **details}
    return completed


@lru_cache
def _detail_keys() -> dict[str, tuple[str, ...]]:
    return {
        "completion_tokens_details": tuple(CompletionTokensDetails.model_fields),
        "prompt_tokens_details": tuple(PromptTokensDetails.model_fields),
    }


def _metadata(
    counts: tuple[int | None, int | None],
    usage: Mapping[str, Any],
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    tier: str | None,
) -> UsageMetadata:
    tokens_in, tokens_out = counts[0] or 0, counts[1] or 0
    total = usage.get("total_tokens")
    prefix = f"{tier}_" if tier in _PRICED_APART else ""
    details_in = {
        f"{prefix}cache_read": inputs.get("cached_tokens"),
        f"{prefix}cache_creation": inputs.get("cache_write_tokens"),
    }
    details_out = {f"{prefix}reasoning": outputs.get("reasoning_tokens")}
    if prefix:
        details_in[cast("str", tier)] = tokens_in - (inputs.get("cached_tokens") or 0)
        details_out[cast("str", tier)] = tokens_out - (
            outputs.get("reasoning_tokens") or 0
        )
    for details in (details_in, details_out):
        for name, count in tuple(details.items()):
            if count is None:
                del details[name]
    return {
        "input_tokens": tokens_in,
        "output_tokens": tokens_out,
        "total_tokens": total if total is not None else tokens_in + tokens_out,
        "input_token_details": cast("InputTokenDetails", details_in),
        "output_token_details": cast("OutputTokenDetails", details_out),
    }
