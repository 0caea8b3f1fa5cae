"""Answers that say nothing: a cap spent on reasoning is told, not returned as ''."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator, Reply

Make = Callable[..., UnifiedChatModel]
USAGE = {
    "prompt_tokens": 10,
    "completion_tokens": 100,
    "total_tokens": 110,
    "completion_tokens_details": {"reasoning_tokens": 100},
}
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "status": "incomplete",
    "incomplete_details": {"reason": "max_output_tokens"},
    "model": "gpt-5-pro",
    "output": [{"type": "reasoning", "id": "rs_1", "summary": []}],
    "usage": {
        "input_tokens": 10,
        "output_tokens": 100,
        "total_tokens": 110,
        "output_tokens_details": {"reasoning_tokens": 100},
    },
}
GEMINI = {
    "candidates": [{"index": 0, "finishReason": "MAX_TOKENS"}],
    "usageMetadata": {
        "promptTokenCount": 10,
        "thoughtsTokenCount": 100,
        "totalTokenCount": 110,
    },
    "modelVersion": "gemini-3.5-flash",
}


def _chat(key: str, said: dict[str, Any]) -> dict[str, Any]:
    choice = {"index": 0, key: {"role": "assistant", **said}, "finish_reason": "length"}
    return {"id": "c", "model": "gpt-5", "choices": [choice], "usage": USAGE}


def swallowed(name: str, *, stream: bool) -> Reply:
    """Return an answer whose tokens all went into reasoning."""
    if name.startswith("gemini"):
        return Reply.sse(GEMINI) if stream else Reply(200, GEMINI)
    if name == "gpt-5":
        key = "delta" if stream else "message"
        body = _chat(key, {"content": ""})
        return Reply.sse(body, "[DONE]") if stream else Reply(200, body)
    if stream:
        created = {"type": "response.created", "response": {"id": "resp_1"}}
        ended = {"type": "response.incomplete", "response": RESPONSE}
        return Reply.sse(created, ended)
    return Reply(200, RESPONSE)


def answers(llm: UnifiedChatModel, *, stream: bool) -> AIMessage:
    """Return the answer to one question."""
    if not stream:
        return llm.invoke("hi")

    async def pieces() -> Any:
        whole = None
        async for piece in llm.astream("hi"):
            whole = piece if whole is None else whole + piece
        return whole

    return asyncio.run(pieces())  # type: ignore[no-any-return]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ["gpt-5", "gpt-6.2-sol", "gemini-3.5-flash"])
def test_a_cap_that_reasoning_used_up(
    model: Make,
    provider_emulator: ProviderEmulator,
    caplog: pytest.LogCaptureFixture,
    name: str,
    *,
    stream: bool,
) -> None:
    """The record says where the tokens went, and the log what to change."""
    settings: dict[str, Any] = {"max_tokens": 100}
    if name == "gpt-6.2-sol":
        settings["use_responses_api"] = True
    provider_emulator.script(swallowed(name, stream=stream))
    answer = answers(model(name, **settings), stream=stream)
    told = answer.response_metadata["unified"]["empty"]

    assert "" == answer.text
    assert ("length", 100, 100, 100) == (
        told["finish_reason"],
        told["max_tokens"],
        told["output_tokens"],
        told["reasoning_tokens"],
    )
    assert "Raise max_tokens" in caplog.text


@pytest.mark.parametrize("stream", [False, True])
def test_an_ordinary_answer_says_nothing_of_it(model: Make, *, stream: bool) -> None:
    """There is no such entry where there is text."""
    answer = answers(model("gpt-5", max_tokens=1000), stream=stream)

    assert "empty" not in answer.response_metadata["unified"]


def test_text_cut_by_a_stop_string_is_no_empty_answer(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """The model spoke; the caller's own stop string took it away."""
    body = _chat("message", {"content": "END of it"})
    body["choices"][0]["finish_reason"] = "stop"
    provider_emulator.script(Reply(200, body))
    answer = model("gpt-5", stop=["END"]).invoke("hi")

    assert "" == answer.text
    assert "empty" not in answer.response_metadata["unified"]
