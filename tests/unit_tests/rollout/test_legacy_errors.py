"""On the legacy path errors and answers are ChatOpenAI's, class and text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator, Reply


class City(BaseModel):
    """A city."""

    name: str


def completion(reason: str = "stop", **message: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": "hi", **message}
    choice = {"index": 0, "finish_reason": reason, "message": said}
    head = {"id": "c", "object": "chat.completion", "created": 0, "model": "gpt-4o"}
    return {**head, "choices": [choice]}


def called(arguments: str, reason: str = "tool_calls") -> dict[str, Any]:
    function = {"name": "City", "arguments": arguments}
    call = {"id": "a", "type": "function", "function": function}
    return completion(reason, content=None, tool_calls=[call])


STATUSES = (400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 503)
ANSWERS: dict[str, Callable[[], Reply]] = {
    **{
        str(status): lambda status=status: Reply.openai_error(status, "No.", times=0)
        for status in STATUSES
    },
    "no choices": lambda: Reply(body={**completion(), "choices": []}, times=0),
    "null choices": lambda: Reply(body={**completion(), "choices": None}, times=0),
    "no message": lambda: Reply(
        body={**completion(), "choices": [{"index": 0}]}, times=0
    ),
    "another object": lambda: Reply(body={"id": "x"}, times=0),
    "an error as an answer": lambda: Reply(body={"error": {"message": "x"}}, times=0),
    "empty": lambda: Reply(body=completion(content=""), times=0),
    "cut off": lambda: Reply(body=completion("length", content='{"na'), times=0),
    "filtered": lambda: Reply(body=completion("content_filter", content=""), times=0),
    "refused": lambda: Reply(body=completion(content=None, refusal="No."), times=0),
    "no JSON": lambda: Reply(body=completion(content="no JSON"), times=0),
    "another form": lambda: Reply(body=completion(content='{"x": 1}'), times=0),
    "the form": lambda: Reply(body=completion(content='{"name": "P"}'), times=0),
    "a tool call": lambda: Reply(body=called('{"name": "P"}'), times=0),
    "half a tool call": lambda: Reply(body=called('{"na', "length"), times=0),
    "too slow": lambda: Reply(hang=True, times=0),
}


def structured(method: str, **options: Any) -> Callable[[Any], Any]:
    return lambda llm: llm.with_structured_output(
        City, method=method, **options
    ).invoke("json")


FACES: dict[str, Callable[[Any], Any]] = {
    "invoke": lambda llm: llm.invoke("hi").content,
    "generate": lambda llm: llm.generate([[HumanMessage("hi")]]).generations[0][0].text,
    "stream": lambda llm: [piece.content for piece in llm.stream("hi")],
    "format": lambda llm: llm.invoke("json", response_format=City).content,
    "schema": structured("json_schema"),
    "tool": structured("function_calling"),
    "mode": structured("json_mode"),
    "raw": lambda llm: raw(structured("function_calling", include_raw=True)(llm)),
    "streamed": lambda llm: [
        *llm.with_structured_output(City, method="function_calling").stream("json")
    ],
}


def raw(found: dict[str, Any]) -> tuple[Any, ...]:
    error = found["parsing_error"]
    return found["parsed"], type(error), plain(error)


def plain(error: object) -> str:
    """Return a text without the ids that differ from run to run."""
    return re.sub(r"id='[^']*'|lc_run-\S+", "", str(error))


def outcome(llm: Any, ask: Callable[[Any], Any]) -> tuple[Any, ...]:
    try:
        return "answered", repr(ask(llm))
    except Exception as error:  # noqa: BLE001
        return type(error), plain(error), type(error.__cause__)


@pytest.fixture(scope="module")
def emulator():
    with ProviderEmulator() as running:
        yield running


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("answer", ANSWERS)
def test_what_comes_back_is_what_chat_openai_gives(
    emulator: ProviderEmulator, answer: str, face: str
) -> None:
    """Status errors, timeouts, odd bodies, refusals and cut-off forms are the same."""
    own: dict[str, Any] = {"base_url": emulator.openai_base_url, "api_key": "sk-test"}
    own |= {"model": "gpt-4o", "max_retries": 0, "timeout": 0.3}
    emulator.reset()
    emulator.script(ANSWERS[answer]())
    theirs = outcome(ChatOpenAI(**own), FACES[face])
    ours = outcome(UnifiedChatModel(**own, rollout="legacy"), FACES[face])

    assert theirs == ours


@pytest.mark.parametrize("face", FACES)
def test_a_server_that_is_not_there_fails_as_for_chat_openai(face: str) -> None:
    """A refused connection is the SDK's error."""
    own: dict[str, Any] = {"base_url": "http://127.0.0.1:9/v1", "api_key": "sk-test"}
    own |= {"model": "gpt-4o", "max_retries": 0}
    theirs = outcome(ChatOpenAI(**own), FACES[face])

    assert theirs == outcome(UnifiedChatModel(**own, rollout="legacy"), FACES[face])
    assert "answered" != theirs[0]
