"""Token usage, which differs between AI Studio and Vertex."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_unified.testing.gemini_api.prompt import prompt_tokens

if TYPE_CHECKING:
    from langchain_unified.testing.answers import Answer
    from langchain_unified.testing.gemini_api.call import GeminiCall


def usage_of(call: GeminiCall, answers: list[Answer], tokens: int) -> dict[str, Any]:
    """Build the usage of an answer.

    Args:
        call: The request.
        answers: The answers.
        tokens: Tokens of the answers without their thoughts.

    Returns:
        The usage; keys of zero tokens are left out, as the API does.
    """
    prompt = prompt_tokens(call)
    thoughts = sum(answer.reasoning_tokens for answer in answers)
    usage: dict[str, Any] = {
        "promptTokenCount": prompt,
        "totalTokenCount": prompt + tokens + thoughts,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt}],
        **_platform(call),
    }
    if tokens:
        usage["candidatesTokenCount"] = tokens
    if tokens and (call.on_vertex or call.rules.counts_by_modality):
        details = {"modality": _modality(call), "tokenCount": tokens}
        usage["candidatesTokensDetails"] = [details]
    if thoughts:
        usage["thoughtsTokenCount"] = thoughts
    return usage


def partial_usage_of(
    call: GeminiCall, answers: list[Answer], tokens: int
) -> dict[str, Any]:
    """Build the usage of a chunk that is not the last: on Vertex it counts nothing."""
    return _platform(call) if call.on_vertex else usage_of(call, answers, tokens)


def _platform(call: GeminiCall) -> dict[str, str]:
    if call.on_vertex:
        return {"trafficType": "ON_DEMAND"}
    return {"serviceTier": str(call.body.get("serviceTier") or "standard").lower()}


def _modality(call: GeminiCall) -> str:
    outputs = [one.upper() for one in call.rules.outputs]
    return "TEXT" if "TEXT" in outputs or not outputs else outputs[0]
