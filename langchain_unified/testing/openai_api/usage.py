"""Token usage and log probabilities."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.openai_api.prompt import prompt_tokens
from langchain_unified.testing.text import split_tokens

if TYPE_CHECKING:
    from langchain_unified.testing.answers import Answer
    from langchain_unified.testing.openai_api.call import OpenAICall


def answer_tokens(answer: Answer) -> int:
    """Count the tokens of an answer without its reasoning."""
    made = answer.calls
    said = [json.dumps(one.arguments) if one.text is None else one.text for one in made]
    calls = sum(2 + len(split_tokens(text)) for text in said)
    return calls + len(split_tokens(answer.text))


def chat_usage(call: OpenAICall, answers: list[Answer]) -> dict[str, Any]:
    """Build the usage of a chat completion.

    Models that hear and speak count the tokens of each modality (recorded 2025-03
    and 2026-08).
    """
    prompt = prompt_tokens(call)
    hears = "audio" in call.rules.inputs
    writes = {"cache_write_tokens": 0} if call.rules.cache_writes else {}
    reasoning = sum(answer.reasoning_tokens for answer in answers)
    completion = reasoning + sum(answer_tokens(answer) for answer in answers)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {
            "cached_tokens": 0,
            **writes,
            "audio_tokens": 0,
            **({"text_tokens": prompt, "image_tokens": 0} if hears else {}),
        },
        "completion_tokens_details": {
            "reasoning_tokens": reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
            **({"text_tokens": completion} if hears else {}),
        },
    }


def responses_usage(prompt: int, answer: Answer) -> dict[str, Any]:
    """Build the usage of a response."""
    completion = answer.reasoning_tokens + answer_tokens(answer)
    return {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": completion,
        "output_tokens_details": {"reasoning_tokens": answer.reasoning_tokens},
        "total_tokens": prompt + completion,
    }


def logprobs_of(text: str, top: int) -> list[dict[str, Any]]:
    """Build log probabilities for a text, with `top` alternatives per token."""
    return [_logprob(token, top) for token in split_tokens(text)]


def _logprob(token: str, top: int) -> dict[str, Any]:
    alternatives = [_entry(token, 0)]
    alternatives += [_entry(f"{token}{rank}", rank) for rank in range(1, top)]
    return {**_entry(token, 0), "top_logprobs": alternatives[:top]}


def _entry(token: str, rank: int) -> dict[str, Any]:
    return {
        "token": token,
        "logprob": round(-0.05 - rank, 2),
        "bytes": list(token.encode()),
    }
