"""An answer cut off, filtered or refused raises what code for ChatOpenAI catches.

The reference is `ChatOpenAI` on the same server.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from langchain_openai import ChatOpenAI
from langchain_openai.chat_models import base
from pydantic import BaseModel, ValidationError

from langchain_unified import RefusalError, TruncatedOutputError, UnifiedChatModel
from langchain_unified.testing.wire import HttpReply
from tests.unit_tests.servers.loopback import (
    CompatibleServer,
    chunk,
    events,
    whole,
)

CLASSES = (ChatOpenAI, UnifiedChatModel)
HALF = '{"value": '
OURS = {"length": TruncatedOutputError, "content_filter": RefusalError}
THEIRS: dict[str, type[openai.OpenAIError]] = {
    "length": openai.LengthFinishReasonError,
    "content_filter": openai.ContentFilterFinishReasonError,
}
ASKED: dict[str, Callable[[Any], Any]] = {
    "json_schema": lambda llm: llm.with_structured_output(Number),
    "json_mode": lambda llm: llm.with_structured_output(Number, method="json_mode"),
    "response_format": lambda llm: llm.bind(response_format=Number),
}


class Number(BaseModel):
    """A number."""

    value: int


@pytest.fixture
def ending() -> Iterator[Callable[..., Any]]:
    """Return what makes a model whose answers end for a reason."""
    servers = []

    def make(cls: Any, reason: str, *, model: str = "gpt-4o", **said: Any) -> Any:
        message = {"content": HALF, **said}

        def answer(body: dict[str, Any]) -> HttpReply:
            if body.get("stream"):
                return events(chunk(message), chunk({}, reason))
            return whole(message, reason)

        server = CompatibleServer(answer).__enter__()
        servers.append(server)
        return cls(model=model, base_url=server.url, api_key="k", max_retries=0)

    yield make
    for server in servers:
        server.__exit__()


def raised(llm: Any, *, stream: bool = False) -> Any:
    """Return the error of a call."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - any, to be compared
        list(llm.stream("q")) if stream else llm.invoke("q")
    return caught.value


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5"])
@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("reason", THEIRS)
def test_an_unusable_answer_is_also_the_sdks_error(
    ending: Any, reason: str, asked: str, model: str
) -> None:
    """Handlers of the SDK's error catch ours, which has the completion as well."""
    errors = [raised(ASKED[asked](ending(cls, reason, model=model))) for cls in CLASSES]

    assert all(isinstance(error, THEIRS[reason]) for error in errors)
    assert isinstance(errors[1], OURS[reason])
    assert 1 == len({error.completion.choices[0].message.content for error in errors})
    assert reason == errors[1].completion.choices[0].finish_reason


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("reason", THEIRS)
def test_an_unusable_stream_is_also_the_sdks_error(
    ending: Any, reason: str, asked: str
) -> None:
    """A stream that was cut off or filtered raises the same as a whole answer."""
    found = raised(ASKED[asked](ending(UnifiedChatModel, reason)), stream=True)

    assert isinstance(found, THEIRS[reason])
    assert isinstance(found, OURS[reason])


@pytest.mark.parametrize("reason", THEIRS)
async def test_an_unusable_answer_is_the_same_awaited(ending: Any, reason: str) -> None:
    """An asynchronous call raises the same."""
    llm = ending(UnifiedChatModel, reason).with_structured_output(Number)
    with pytest.raises(THEIRS[reason]) as caught:
        await llm.ainvoke("q")

    assert isinstance(caught.value, OURS[reason])


def test_a_refusal_is_also_that_of_langchain_openai(ending: Any) -> None:
    """Handlers of langchain-openai's error of refusals catch ours."""
    found = [
        raised(ending(cls, "stop", refusal="No.").with_structured_output(Number))
        for cls in CLASSES
    ]

    assert all(isinstance(error, base.OpenAIRefusalError) for error in found)
    assert "No." in str(found[1])


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("reason", THEIRS)
def test_an_unusable_answer_travels(ending: Any, reason: str, asked: str) -> None:
    """Between processes the error keeps its classes, its text and the completion."""
    found = raised(ASKED[asked](ending(UnifiedChatModel, reason)))
    arrived = pickle.loads(pickle.dumps(found))

    assert isinstance(arrived, THEIRS[reason])
    assert isinstance(arrived, OURS[reason])
    assert (str(found), found.completion) == (str(arrived), arrived.completion)


def test_a_cut_off_object_is_also_pydantics_error(ending: Any) -> None:
    """Whoever catches pydantic's error for a class catches the cut as well."""
    llm = ending(UnifiedChatModel, "length").with_structured_output(Number)

    assert isinstance(raised(llm), ValidationError)


def test_with_the_raw_answer_nothing_is_raised(ending: Any) -> None:
    """`include_raw=True` gives the answer and the error, whatever its reason."""
    llm = ending(UnifiedChatModel, "length")
    found = llm.with_structured_output(Number, include_raw=True).invoke("q")

    assert HALF == found["raw"].content
    assert isinstance(found["parsing_error"], openai.LengthFinishReasonError)
