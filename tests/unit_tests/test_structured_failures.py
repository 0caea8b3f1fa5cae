"""Structured output that fails, as code written for ChatOpenAI catches it."""

from __future__ import annotations

import pickle
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from langchain_unified import UnifiedChatModel
from langchain_unified.answers.structured import StructuredOutputError
from langchain_unified.testing import ProviderEmulator

WRITTEN = ("json_schema", "json_mode")


class Order(BaseModel):
    """An order."""

    count: int = Field(ge=3)
    size: Literal["s", "l"]
    note: str
    code: str

    @field_validator("note")
    @classmethod
    def _check_note(cls, note: str) -> str:
        text = "the {note} is bad"
        raise ValueError(text)

    @field_validator("code")
    @classmethod
    def _check_code(cls, code: str) -> str:
        kind, text = "own", "no {code}, {n} times"
        raise PydanticCustomError(kind, text, {"code": code, "n": 2})


WRONG = '{"count": 1, "size": "m", "note": "a", "code": "b"}'


def model(emulator: ProviderEmulator, answer: str) -> UnifiedChatModel:
    """Return a model whose answers are known."""
    emulator.answer = lambda _: answer
    url = emulator.openai_base_url
    return UnifiedChatModel(model="gpt-4o", base_url=url, api_key="k")


def expected() -> list[Any]:
    """Return pydantic's own findings."""
    with pytest.raises(ValidationError) as caught:
        Order.model_validate_json(WRONG)
    return [(e["loc"], e["type"], e["msg"]) for e in caught.value.errors()]


@pytest.mark.parametrize("method", WRITTEN)
def test_a_failure_is_a_validation_error(
    provider_emulator: ProviderEmulator, method: str
) -> None:
    """An answer that pydantic refuses raises what pydantic says, and what we do."""
    llm = model(provider_emulator, WRONG).with_structured_output(Order, method=method)
    with pytest.raises(ValidationError) as caught:
        llm.invoke("q")

    found = caught.value
    assert isinstance(found, StructuredOutputError)
    assert expected() == [(e["loc"], e["type"], e["msg"]) for e in found.errors()]


def test_a_failed_call_is_a_validation_error(
    provider_emulator: ProviderEmulator,
) -> None:
    """Arguments of a tool call that pydantic refuses raise the same error."""
    llm = model(provider_emulator, "").with_structured_output(
        Order, method="function_calling", include_raw=True
    )
    found: Any = llm.invoke("q")["parsing_error"]

    assert isinstance(found, ValidationError)
    assert {("note",), ("code",)} == {error["loc"] for error in found.errors()}


@pytest.mark.parametrize("answer", ["no JSON", '{"count": ', ""])
def test_no_json_is_a_validation_error(
    provider_emulator: ProviderEmulator, answer: str
) -> None:
    """An answer that is no JSON is a `ValidationError` of that type."""
    llm = model(provider_emulator, answer or " ").with_structured_output(Order)
    with pytest.raises(ValidationError) as caught:
        llm.invoke("q")

    assert ["json_invalid"] == [found["type"] for found in caught.value.errors()]


@pytest.mark.parametrize("method", WRITTEN)
def test_the_parsing_error_is_a_validation_error(
    provider_emulator: ProviderEmulator, method: str
) -> None:
    """`include_raw=True` gives the same error in place of raising it."""
    llm = model(provider_emulator, WRONG).with_structured_output(
        Order, method=method, include_raw=True
    )
    found: Any = llm.invoke("q")["parsing_error"]

    assert isinstance(found, ValidationError)
    assert expected() == [(e["loc"], e["type"], e["msg"]) for e in found.errors()]


@pytest.mark.parametrize("schema", [Order, {"title": "Order", "type": "object"}])
def test_a_failure_travels(provider_emulator: ProviderEmulator, schema: Any) -> None:
    """A failure can be pickled, with its text and the answer."""
    llm = model(provider_emulator, "no JSON").with_structured_output(schema)
    with pytest.raises(StructuredOutputError) as caught:
        llm.invoke("q")
    arrived = pickle.loads(pickle.dumps(caught.value))

    assert str(caught.value) == str(arrived)
    assert "no JSON" == arrived.message.content


@pytest.mark.parametrize("include_raw", [False, True])
async def test_keywords_of_langchains_own(
    provider_emulator: ProviderEmulator, *, include_raw: bool
) -> None:
    """`metadata` of a call is sent; what steers the run is taken as its config."""
    llm = model(provider_emulator, '{"count": 3}').with_structured_output(
        {"title": "Order", "type": "object"}, include_raw=include_raw
    )
    given: Any = {"metadata": {"team": "a"}, "tags": ["t"], "run_name": "r"}
    llm.invoke("q", **given)
    await llm.ainvoke("q", **given)
    list(llm.stream("q", **given))
    llm.batch(["q"], **given)

    bodies = [request.body for request in provider_emulator.requests]
    assert [{"team": "a"}] * 4 == [body.get("metadata") for body in bodies]
