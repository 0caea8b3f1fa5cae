"""Claude: a turn of server tools that the API pauses is sent again until it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import ProviderTimeoutError
from langchain_unified.testing import ProviderEmulator, Reply
from tests.unit_tests.providers.test_anthropic_content import (
    CLAUDE,
    FACES,
    FOUND,
    OK,
    SEARCH,
    WEB_SEARCH,
    answer,
    asked,
    replied,
    sent,
    streamed,
)

Enabled = Callable[..., UnifiedChatModel]
AGAIN = {**SEARCH, "id": "srvtoolu_2", "input": {"query": "rome in may"}}
THOUGHT = {"type": "thinking", "thinking": "Search first.", "signature": "sig"}
SAID = {"type": "text", "text": "It is sunny."}


def paused(face: str, *blocks: dict[str, Any]) -> Reply:
    """Return an answer that the API paused."""
    return replied(face, *blocks, stop="pause_turn")


@pytest.mark.parametrize("name", ["claude-opus-4-7", "claude-sonnet-5-5", CLAUDE])
@pytest.mark.parametrize("face", FACES)
def test_a_paused_turn_is_sent_again(
    enabled: Enabled, provider_emulator: ProviderEmulator, name: str, face: str
) -> None:
    """Each time with all that came, and the caller has one answer of all of it."""
    first, second = (THOUGHT, SEARCH), (FOUND, AGAIN)
    script = (paused(face, *first), paused(face, *second), replied(face, SAID))
    provider_emulator.script(*script)
    message = asked(enabled(name).bind(tools=[WEB_SEARCH]), face)
    bodies = [request.body for request in provider_emulator.requests]
    turns = [body["messages"][-1] for body in bodies]
    kinds = [block["type"] for block in message.content_blocks]
    usage = message.usage_metadata or {}

    assert ["user", "assistant", "assistant"] == [turn["role"] for turn in turns]
    assert [*first] == turns[1]["content"]
    assert [*first, *second] == turns[2]["content"]
    assert "It is sunny." == message.text
    assert [1, 2, 1] == [kinds.count(kind) for kind in KINDS]
    assert (3, 3) == (usage["input_tokens"], usage["output_tokens"])
    assert "stop" == message.response_metadata["finish_reason"]
    assert 2 == message.response_metadata["unified"]["resumed"]


KINDS = ("reasoning", "server_tool_call", "server_tool_result")


@pytest.mark.parametrize("face", FACES)
def test_a_turn_without_end_is_handed_over(
    enabled: Enabled, provider_emulator: ProviderEmulator, face: str
) -> None:
    """After ten times the answer says that it is paused, and can be sent back."""
    provider_emulator.script(*[paused(face, SEARCH, FOUND)] * 11, OK)
    llm = enabled("claude-opus-4-7").bind(tools=[WEB_SEARCH])
    message = asked(llm, face)

    assert 11 == len(provider_emulator.requests)
    assert "pause_turn" == message.response_metadata["finish_reason"]
    assert 10 == message.response_metadata["unified"]["resumed"]
    assert "ok" == llm.invoke([HumanMessage("hi"), message]).text
    last = sent(provider_emulator)["messages"][-1]
    assert ("assistant", SEARCH["input"]) == (last["role"], last["content"][0]["input"])


@pytest.mark.parametrize("face", ["invoke", "stream"])
def test_a_resumed_turn_stays_in_its_container(
    enabled: Enabled, provider_emulator: ProviderEmulator, face: str
) -> None:
    """What code wrote in the container of the first request is there in the next."""
    container = {"id": "container_1", "expires_at": "2026-11-28T00:00:00Z"}
    ended = {"stop": "pause_turn", "container": container}
    whole = face == "invoke"
    first = Reply(200, answer(SEARCH, **ended)) if whole else streamed(SEARCH, **ended)
    provider_emulator.script(first, replied(face, SAID))
    message = asked(enabled(CLAUDE).bind(tools=[WEB_SEARCH]), face)

    assert "container_1" == sent(provider_emulator)["container"]
    assert "It is sunny." == message.text


@pytest.mark.parametrize("face", FACES)
def test_an_answer_that_is_not_paused_is_one_request(
    enabled: Enabled, provider_emulator: ProviderEmulator, face: str
) -> None:
    """Nothing is on record where nothing was sent again."""
    provider_emulator.script(replied(face, SEARCH, FOUND, SAID))
    message = asked(enabled(CLAUDE).bind(tools=[WEB_SEARCH]), face)

    assert 1 == len(provider_emulator.requests)
    assert "resumed" not in message.response_metadata["unified"]


@pytest.mark.parametrize("face", FACES)
def test_a_pause_without_tools_of_the_server_is_told(
    enabled: Enabled, provider_emulator: ProviderEmulator, face: str
) -> None:
    """A turn that cannot have been paused for tools is not sent again."""
    provider_emulator.script(paused(face, SAID))
    message = asked(enabled(CLAUDE), face)

    assert 1 == len(provider_emulator.requests)
    assert "pause_turn" == message.response_metadata["finish_reason"]


@pytest.mark.parametrize("face", FACES)
def test_the_deadline_is_for_the_whole_turn(
    enabled: Enabled, provider_emulator: ProviderEmulator, face: str
) -> None:
    """A turn that is paused again and again ends with its time."""
    slow = replace(paused(face, SEARCH, FOUND), delay=0.3)
    provider_emulator.script(*[slow] * 11)
    llm = enabled(CLAUDE, deadline=0.8, max_retries=0).bind(tools=[WEB_SEARCH])
    with pytest.raises(ProviderTimeoutError):
        asked(llm, face)

    assert len(provider_emulator.requests) < 5


@pytest.mark.parametrize("face", ["invoke", "ainvoke"])
def test_a_failure_on_the_way_is_tried_again(
    enabled: Enabled, provider_emulator: ProviderEmulator, face: str
) -> None:
    """A server that is busy in the middle of a turn costs a retry, not the call."""
    busy = Reply(529, {"type": "error", "error": {"type": "overloaded_error"}})
    script = (paused(face, SEARCH), busy, paused(face, SEARCH), replied(face, SAID))
    provider_emulator.script(*script)
    message = asked(enabled(CLAUDE, max_retries=1).bind(tools=[WEB_SEARCH]), face)

    assert "It is sunny." == message.text
    assert 4 == len(provider_emulator.requests)
