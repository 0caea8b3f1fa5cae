"""What Anthropic and Ollama refuse is understood, put right and not asked again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import UnsupportedError
from langchain_unified.registry import Registry
from langchain_unified.testing import ProviderEmulator, Reply

pytestmark = pytest.mark.filterwarnings("ignore:Using Claude with .* is deprecated")

BUDGET = (
    '"thinking.type.enabled" is not supported for this model. Use '
    '"thinking.type.adaptive" and "output_config.effort" to control thinking behavior.'
)


def _claude(message: str) -> Reply:
    error = {"type": "invalid_request_error", "message": message}
    return Reply(400, {"type": "error", "error": error})


CASES: list[tuple[str, Reply, dict[str, Any], str]] = [
    # model, refusal, asked for, what is not sent again
    (
        "claude-haiku-4-5",
        _claude("`temperature` is deprecated for this model."),
        {"temperature": 0},
        "'temperature'",
    ),
    (
        "claude-3-9-none",
        _claude(
            "`temperature` and `top_p` cannot both be specified for this model. "
            "Please use only one."
        ),
        {"temperature": 0.5, "top_p": 0.5},
        "'top_p'",
    ),
    (
        "claude-sonnet-4-6",
        _claude("This model does not support the effort parameter."),
        {"reasoning_effort": "high"},
        "'effort'",
    ),
    (
        "claude-sonnet-4-6",
        _claude("adaptive thinking is not supported on this model"),
        {"reasoning_effort": "high"},
        "'adaptive'",
    ),
    ("claude-sonnet-4-6", _claude(BUDGET), {"thinking_budget": 2000}, "'enabled'"),
    (
        "claude-haiku-4-5",
        _claude(
            "max_tokens: 64000 > 32000, which is the maximum allowed number of output "
            "tokens for claude-haiku-4-5"
        ),
        {},
        "64000",
    ),
    (
        "ollama:qwen3:8b",
        Reply(400, {"error": '"qwen3:8b" does not support thinking'}),
        {"reasoning_effort": "high"},
        "'think': True",
    ),
]


@pytest.mark.parametrize(("model", "refusal", "asked", "gone"), CASES)
def test_a_refusal_is_learned(  # noqa: PLR0917
    enabled: Callable[..., UnifiedChatModel],
    provider_emulator: ProviderEmulator,
    model: str,
    refusal: Reply,
    asked: dict[str, Any],
    gone: str,
) -> None:
    """A call is put right once, and the next one right from the start."""
    provider_emulator.script(refusal)
    if "none" in model:
        provider_emulator.script(Reply(200, ANSWER), Reply(200, ANSWER))
    llm = enabled(model, registry=Registry())
    answer = llm.invoke("hi", **asked)
    llm.invoke("hi", **asked)
    bodies = [str(request.body) for request in provider_emulator.requests]
    kinds = {c["kind"] for c in answer.response_metadata["unified"]["changes"]}

    assert [True, False, False] == [gone in body for body in bodies]
    assert "learned" in kinds


ANSWER: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-3-9-none",
    "content": [{"type": "text", "text": "hi"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 1},
}


def test_a_model_without_tools(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """Tools are a guarantee: what is learned is that the call cannot be made."""
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    llm = enabled("ollama:gemma3:4b", registry=Registry())
    for _ in range(2):
        with pytest.raises(UnsupportedError, match="not support function tools"):
            llm.invoke("hi", tools=[tool])

    assert 1 == len(provider_emulator.requests)


def test_a_model_without_tools_can_be_made_to_call_one(
    enabled: Callable[..., UnifiedChatModel],
) -> None:
    """A forced call is written as text, which takes no tools."""
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    llm = enabled("ollama:gemma3:4b", registry=Registry())
    with pytest.raises(UnsupportedError):
        llm.invoke("hi", tools=[tool])
    answer = llm.invoke("hi", tools=[tool], tool_choice="any")

    assert ["f"] == [call["name"] for call in answer.tool_calls]
