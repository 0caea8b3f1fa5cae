"""Responses made in the background: waited for, stored, told when they fail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import (
    MalformedResponseError,
    ProviderTimeoutError,
    UnsupportedError,
)
from langchain_unified.testing import ProviderEmulator, Reply

Make = Callable[..., UnifiedChatModel]
NAME = "gpt-6.2-sol"


def state(status: str, **more: Any) -> Reply:
    """Return a response in a state; a whole one says `ready`."""
    part = {"type": "output_text", "text": "ready", "annotations": []}
    said = {"type": "message", "id": "msg_1", "role": "assistant", "content": [part]}
    output = [said] if status == "completed" else []
    body = {"id": "resp_1", "object": "response", "status": status, "output": output}
    return Reply(200, {**body, "model": NAME, "usage": None, **more})


@pytest.mark.parametrize("face", ["invoke", "ainvoke"])
def test_it_is_waited_for(
    model: Make, provider_emulator: ProviderEmulator, face: str
) -> None:
    """The answer is what the response holds in the end, not '' at once."""
    states = ("queued", "in_progress", "completed")
    provider_emulator.script(*map(state, states))
    llm = model(NAME)
    if face == "invoke":
        answer = llm.invoke("hi", background=True)
    else:
        answer = asyncio.run(llm.ainvoke("hi", background=True))

    assert "ready" == answer.text
    methods = [request.method for request in provider_emulator.requests]
    assert ["POST", "GET", "GET"] == methods
    assert provider_emulator.requests[0].body["store"] is True


def test_a_failed_look_does_not_start_it_again(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A server error while waiting is asked about again, not answered with a POST."""
    failed = Reply(500, {"error": {"message": "oops"}}, headers={"retry-after": "0"})
    provider_emulator.script(state("queued"), failed, state("completed"))
    assert "ready" == model(NAME).invoke("hi", background=True).text

    methods = [request.method for request in provider_emulator.requests]
    assert ["POST", "GET", "GET"] == methods


@pytest.mark.parametrize(
    ("status", "more", "told"),
    [
        ("cancelled", {}, "cancelled"),
        ("failed", {"error": {"code": "server_error", "message": "boom"}}, "boom"),
        ("failed", {}, "resp_1 failed"),
    ],
)
def test_an_end_without_an_answer_is_an_error(
    model: Make,
    provider_emulator: ProviderEmulator,
    status: str,
    more: dict[str, Any],
    told: str,
) -> None:
    """Cancelled and failed responses are errors that say so."""
    provider_emulator.script(state("queued"), state(status, **more))

    with pytest.raises(MalformedResponseError, match=told):
        model(NAME, max_retries=0).invoke("hi", background=True)


def test_a_timeout_names_the_response(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """It goes on at the server, and can be fetched by its id."""
    provider_emulator.script(*[state("in_progress")] * 10)

    with pytest.raises(ProviderTimeoutError, match="resp_1"):
        model(NAME, timeout=0.6).invoke("hi", background=True)
    assert "POST" not in [r.method for r in provider_emulator.requests[1:]]


def test_what_is_not_stored_cannot_be_made_in_the_background(model: Make) -> None:
    """`store=False` is refused beside it, before anything is sent."""
    with pytest.raises(UnsupportedError, match="stored"):
        model(NAME).invoke("hi", background=True, store=False)
