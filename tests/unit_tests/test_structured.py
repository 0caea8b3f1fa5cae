"""Structured output on every route: schemas, refusals, truncation, partial objects."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import pairwise
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict
from typing_extensions import TypedDict

from langchain_unified import UnifiedChatModel
from langchain_unified.answers.structured import (
    RefusalError,
    StructuredOutputError,
    TruncatedOutputError,
)
from langchain_unified.testing import ProviderEmulator, Reply

ROUTES = (
    "gpt-4o",
    "gpt-3.5-turbo",
    "gpt-5.4",
    "gpt-6-sol",
    "gemini-2.5-flash",
    "gemini-3.1-pro-preview",
)
Make = Callable[..., UnifiedChatModel]


class Person(BaseModel):
    """A person."""

    name: str
    age: int


class PersonDict(TypedDict):
    """A person."""

    name: str
    age: int


class Color(Enum):
    """A color."""

    RED = "red"
    BLUE = "blue"


class Referring(BaseModel):
    """Two people, by reference."""

    one: Person
    two: Person


class Closed(BaseModel):
    """Nothing else allowed."""

    model_config = ConfigDict(extra="forbid")
    name: str


class Literals(BaseModel):
    """Literal numbers and words."""

    stars: Literal[1, 2, 3]
    word: Literal["good", "bad"]


class Tuples(BaseModel):
    """A pair."""

    pair: tuple[int, int]


class Options(BaseModel):
    """Things that may be missing."""

    nickname: str | None = None
    person: Person | None = None


class Tree(BaseModel):
    """A tree."""

    label: str
    children: list[Tree] = []


class Enums(BaseModel):
    """Colors."""

    color: Color
    others: list[Color]


class Nested(BaseModel):
    """Lists of lists."""

    rows: list[list[int]]
    people: list[list[Person]]


class Dates(BaseModel):
    """A moment."""

    when: datetime


@dataclass
class Point:
    """A point."""

    x: int
    y: int


SCHEMAS = (
    Person,
    Referring,
    Closed,
    Literals,
    Tuples,
    Options,
    Tree,
    Enums,
    Nested,
    Dates,
    Point,
)


@pytest.fixture(autouse=True)
def _nothing_refused(provider_emulator: ProviderEmulator) -> Iterator[None]:
    yield
    refused = [e.error for e in provider_emulator.errors if not e.scripted]
    assert [] == refused


@pytest.mark.parametrize("name", ROUTES)
@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_schema_is_met_on_every_route(schema: type, name: str, model: Make) -> None:
    """With no method given, each kind of field comes back as the class wants it."""
    found = model(name).with_structured_output(schema).invoke("Tell me of 2 in Paris")

    assert schema is type(found)


@pytest.mark.parametrize("name", ROUTES)
@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_a_strict_schema_is_legal(
    schema: type, name: str, method: str, model: Make
) -> None:
    """`strict=True` sends what strict mode takes."""
    llm = model(name).with_structured_output(schema, method=method, strict=True)

    assert schema is type(llm.invoke("Tell me of 2 in Paris"))


@pytest.mark.parametrize("name", [r for r in ROUTES if r != "gpt-3.5-turbo"])
def test_a_partial_object_grows(
    name: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A stream of a `TypedDict` gives dictionaries that gain what has come."""
    answer = json.dumps({"name": "Ann of the long and winding name", "age": 7})
    provider_emulator.answer = lambda _: answer
    llm = model(name).with_structured_output(PersonDict, method="json_schema")
    found = list(llm.stream("Who?"))

    assert {"name": "Ann of the long and winding name", "age": 7} == found[-1]
    assert all(set(a) <= set(b) for a, b in pairwise(found))


async def test_a_partial_object_grows_asynchronously(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """`astream` gives several objects, the last one whole."""
    answer = json.dumps({"name": "Ann of the long and winding name", "age": 7})
    provider_emulator.answer = lambda _: answer
    llm = model("gpt-4o").with_structured_output(PersonDict)
    found = [piece async for piece in llm.astream("Who?")]

    assert 2 < len(found)
    assert json.loads(answer) == found[-1]


@pytest.mark.parametrize("name", ["gpt-4o", "gpt-5.4", "gpt-6-sol", "gemini-2.5-flash"])
def test_a_cut_off_answer_is_a_typed_error(
    name: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """An answer that ended at `max_tokens` says so and carries the message."""
    answer = json.dumps({"name": "A very long name " * 20, "age": 7})
    provider_emulator.answer = lambda _: answer
    settings = {} if name == "gpt-4o" else {"reasoning_effort": "none"}
    llm = model(name, max_tokens=16, **settings).with_structured_output(Person)

    with pytest.raises(TruncatedOutputError) as caught:
        llm.invoke("Who?")
    assert caught.value.message.text.startswith('{"name"')


@pytest.mark.parametrize("name", ROUTES)
def test_another_answer_is_a_typed_error(
    name: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """An answer of another form is told with the answer itself."""
    provider_emulator.answer = lambda _: "I would rather not say."
    llm = model(name).with_structured_output(Person, method="json_schema")

    if name == "gpt-3.5-turbo":
        assert isinstance(llm.invoke("Who?"), Person)
        return
    with pytest.raises(StructuredOutputError) as caught:
        llm.invoke("Who?")
    assert "I would rather not say." == caught.value.message.text


def _refusing(endpoint: str | None) -> Reply:
    if endpoint == "responses":
        part = {"type": "refusal", "refusal": "No."}
        item = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [part],
        }
        body = {"id": "resp_1", "object": "response", "status": "completed"}
        return Reply(body={**body, "model": "m", "output": [item]})
    message = {"role": "assistant", "content": None, "refusal": "No."}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return Reply(body={"id": "c", "model": "m", "choices": [choice]})


@pytest.mark.parametrize("name", ["gpt-4o", "gpt-5.4", "gpt-6-sol"])
def test_a_refusal_is_a_typed_error(
    name: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """What the model refused with is in the error, the message beside it."""
    llm = model(name)
    provider_emulator.script(_refusing(llm.explain().endpoint))

    with pytest.raises(RefusalError, match=r"No\.") as caught:
        llm.with_structured_output(Person).invoke("Who?")
    assert "No." == caught.value.message.additional_kwargs["refusal"]


@pytest.mark.parametrize("face", ["invoke", "stream"])
def test_a_failure_is_given_beside_the_raw_message(
    face: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """`include_raw` raises nothing; the error is part of what it gives."""
    provider_emulator.answer = lambda _: "{}"
    llm = model("gpt-4o").with_structured_output(Person, include_raw=True)
    if face == "invoke":
        found = llm.invoke("Who?")
    else:
        found = {k: v for piece in llm.stream("Who?") for k, v in piece.items()}

    assert found["parsed"] is None
    assert isinstance(found["parsing_error"], StructuredOutputError)


def test_a_strict_tool_keeps_its_defaults(model: Make) -> None:
    """Strict schemas take defaults, which tell the model what is usual."""

    def paint(color: str = "red") -> None:
        """Paint a wall."""

    bound: Any = model("gpt-4o").bind_tools([paint], strict=True)
    tool = model("gpt-4o").explain(**bound.kwargs).body["tools"][0]["function"]

    color = {"type": "string", "default": "red"}
    assert {"color": color} == tool["parameters"]["properties"]
    assert ["color"] == tool["parameters"]["required"]
