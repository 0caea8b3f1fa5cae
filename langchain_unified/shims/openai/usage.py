"""Token counts of both endpoints in LangChain's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from langchain_core.messages.ai import UsageMetadata
from openai.types import CompletionUsage
from openai.types.completion_usage import CompletionTokensDetails, PromptTokensDetails

CHAT = ("prompt_tokens", "completion_tokens")
"""What chat completions call the tokens that go in, and those that come out."""

RESPONSES = ("input_tokens", "output_tokens")
"""What Responses calls them."""

_PRICED_APART = frozenset({"priority", "flex"})
_INPUTS = (("cache_read", "cached_tokens"), ("cache_creation", "cache_write_tokens"))
_OUTPUTS = (("reasoning", "reasoning_tokens"),)
_INT = frozenset({int})
_COUNTS = dict.fromkeys(CompletionUsage.model_fields)
_DETAILS = (
    ("completion_tokens_details", dict.fromkeys(CompletionTokensDetails.model_fields)),
    ("prompt_tokens_details", dict.fromkeys(PromptTokensDetails.model_fields)),
)


def parse_usage(
    usage: Mapping[str, Any], names: tuple[str, str], tier: str | None
) -> UsageMetadata:
    """Convert the `usage` of an answer.

    Args:
        usage: The wire object with whole numbers; see `whole_numbers`.
        names: `CHAT` or `RESPONSES`.
        tier: The `service_tier` of the answer; `priority` and `flex` prefix the
            details, because their tokens have other prices.

    Returns:
        Counts in tokens.
    """
    name_in, name_out = names
    tokens_in, tokens_out = usage.get(name_in) or 0, usage.get(name_out) or 0
    total = usage.get("total_tokens")
    given_in = usage.get(f"{name_in}_details") or {}
    given_out = usage.get(f"{name_out}_details") or {}
    found: dict[str, Any] = {
        "input_tokens": tokens_in,
        "output_tokens": tokens_out,
        "total_tokens": total if total is not None else tokens_in + tokens_out,
        "input_token_details": _details(given_in, _INPUTS, tier, tokens_in),
        "output_token_details": _details(given_out, _OUTPUTS, tier, tokens_out),
    }
    return cast("UsageMetadata", found)


def _details(
    given: Mapping[str, Any],
    words: tuple[tuple[str, str], ...],
    tier: str | None,
    tokens: int,
) -> dict[str, int]:
    """Return the details that are told, by LangChain's words for them.

    The first of the words tells the tokens that have a price of their own.
    """
    found: dict[str, int] = {}
    prefix = f"{tier}_" if tier in _PRICED_APART else ""
    for word, name in words:
        if (count := given.get(name)) is not None:
            found[prefix + word] = count
    if prefix:
        found[str(tier)] = tokens - (given.get(words[0][1]) or 0)
    if (count := given.get("audio_tokens")) is not None:
        found["audio"] = count
    return found


def whole_numbers(usage: Mapping[str, Any]) -> dict[str, Any]:
    """Return usage with whole numbers for its counts, however a server writes them."""
    found = dict(usage)
    for name, value in usage.items():
        if type(value) is int:
            continue
        if isinstance(value, Mapping):
            if not _INT.issuperset(map(type, value.values())):
                found[name] = whole_numbers(value)
        elif name.endswith("_tokens"):
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
    completed = {**_COUNTS, **whole_numbers(usage)}
    for name, keys in _DETAILS:
        details = completed.get(name)
        if isinstance(details, dict) and not keys.keys() <= details.keys():
            completed[name] = {**keys, **details}
    return completed
