"""What ends differently than with ChatOpenAI, each with the promise that demands it.

Beside these stand `their_tests/accepted.toml` and `replay/accepted.toml` of the
integration tests, which speak of ChatOpenAI's own tests and of recorded exchanges. One
row cannot be shown without a network, since ChatOpenAI fetches a tokenizer: the tokens
of messages for a name that is not OpenAI's are counted approximately, with a warning,
where ChatOpenAI raises NotImplementedError (promise 6).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import openai
import pytest
from langchain_core.load import dumpd, load
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator, Reply

PROJECT = "OPENAI_PROJECT_ID"


class Number(BaseModel):
    """A number."""

    value: int


class Asked(NamedTuple):
    """A class, on the emulator, and the environment it is in."""

    cls: Any
    emulator: ProviderEmulator
    environment: pytest.MonkeyPatch

    def made(self, **settings: Any) -> Any:
        """Return a model of the class that sends to the emulator."""
        url = self.emulator.openai_base_url
        return self.cls(**{"model": "gpt-4o", "api_key": "k", **settings}, base_url=url)

    def sent(self) -> Any:
        """Return the body that was sent last."""
        return self.emulator.requests[-1].body


class Difference(NamedTuple):
    """What is asked of both classes, how each ends, and the promise that demands it."""

    what: str
    promise: str
    ask: Callable[[Asked], Any]
    theirs: Any
    ours: Any


def _without_key(asked: Asked) -> Any:
    asked.environment.delenv("OPENAI_API_KEY", raising=False)
    return asked.cls(model="gpt-4o").model_name


def _project_set_later(asked: Asked) -> Any:
    asked.environment.delenv(PROJECT, raising=False)
    llm = asked.made()
    asked.environment.setenv(PROJECT, "p")
    llm.invoke("hi")
    return asked.emulator.requests[-1].headers.get("openai-project")


def _loaded(asked: Asked) -> Any:
    secrets = {"OPENAI_API_KEY": "k"}
    told = dumpd(asked.made())
    return load(told, secrets_map=secrets, allowed_objects=[asked.cls]).model_name


def _loose_class(asked: Asked) -> Any:
    asked.emulator.answer = lambda _: '{"value": 3}'
    form = {"method": "json_schema", "strict": False}
    asked.made().with_structured_output(Number, **form).invoke("a number")
    return asked.sent()["response_format"]["json_schema"]["strict"]


def _tool_nobody_has(asked: Asked) -> Any:
    before = len(asked.emulator.requests)
    with pytest.raises((ValueError, openai.BadRequestError)):
        asked.made().bind_tools([Number], tool_choice="Word").invoke("hi")
    return len(asked.emulator.requests) - before


def _wrong_form_beside_raw(asked: Asked) -> Any:
    asked.emulator.answer = lambda _: '{"value": "three"}'
    told = asked.made().with_structured_output(Number, include_raw=True).invoke("hi")
    return type(told["parsing_error"]).__name__


def _words_for_a_tool(asked: Asked) -> Any:
    message = {"role": "assistant", "content": '{"value": 3}'}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "gpt-4o"}
    asked.emulator.script(Reply(200, {**body, "choices": [choice]}))
    form = asked.made().with_structured_output(Number, method="function_calling")
    return form.invoke("hi")


def _inputs_of_an_unknown_model(asked: Asked) -> Any:
    return (asked.made(model="mine").profile or {}).get("image_inputs")


DIFFERENCES = (
    Difference(
        "include_raw gives what went wrong with the form, as LangChain documents it.",
        "6. A real BaseChatModel that switches per call",
        _wrong_form_beside_raw,
        "ValidationError",
        "StructuredValidationError",
    ),
    Difference(
        "An answer that has the form is read although it is no call of the tool.",
        "2. Nothing lost in silence",
        _words_for_a_tool,
        None,
        Number(value=3),
    ),
    Difference(
        "What a model of the user's own server takes is not known, and passed on.",
        "3. The user's server is the authority",
        _inputs_of_an_unknown_model,
        None,
        ours=True,
    ),
    Difference(
        "Keys are asked for at the call: there is no client before.",
        "10. No surprise at import or switch",
        _without_key,
        "OpenAIError",
        "gpt-4o",
    ),
    Difference(
        "The SDK reads OPENAI_PROJECT_ID when its client is made: at the first call.",
        "10. No surprise at import or switch",
        _project_set_later,
        None,
        "p",
    ),
    Difference(
        "A namespace of its own: `load` wants it in `valid_namespaces`.",
        "6. A real BaseChatModel that switches per call",
        _loaded,
        "gpt-4o",
        "ValueError",
    ),
    Difference(
        "`strict=False` holds for classes too; theirs says strict all the same.",
        "2. Nothing lost in silence",
        _loose_class,
        theirs=True,
        ours=False,
    ),
    Difference(
        "A tool choice that names no tool of the call is refused before sending.",
        "1. Zero avoidable 400s",
        _tool_nobody_has,
        1,
        0,
    ),
)


def _ending(ask: Callable[[Asked], Any], asked: Asked) -> Any:
    """Return what comes of it: the answer, or the name of the error's class."""
    try:
        return ask(asked)
    except Exception as error:  # noqa: BLE001 - any of them is an ending
        return type(error).__name__


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("row", DIFFERENCES, ids=lambda row: row.ask.__name__)
def test_what_differs_from_chat_openai_is_reviewed(
    row: Difference,
    provider_emulator: ProviderEmulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each row ends as it says, for both classes: a row that is not true fails."""
    ends = [
        _ending(row.ask, Asked(cls, provider_emulator, monkeypatch))
        for cls in (ChatOpenAI, UnifiedChatModel)
    ]

    assert [row.theirs, row.ours] == ends
