"""A setting is listed in one place: its row says everything about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import BaseCallbackHandler

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import (
    InvalidParameterError,
    UnknownParameterError,
    UnsupportedError,
)
from langchain_unified.settings import Setting, table
from langchain_unified.testing import ProviderEmulator
from tests.unit_tests.servers.loopback import CompatibleServer, json_reply


class Gleaming(UnifiedChatModel):
    """A chat model with two settings more, each a row."""

    gleam: Annotated[
        float | None,
        Setting("tuning", aliases=("glitter",), min=0, max=1, sent_as="gleam.level"),
    ] = None
    vow: Annotated[str | None, Setting(values=("yes",), sent_as="vow")] = None


@pytest.fixture
def server() -> Iterator[CompatibleServer]:
    """Return a server that answers whatever it is asked."""
    message = {"role": "assistant", "content": "hi"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m"}
    with CompatibleServer(lambda _: json_reply({**body, "choices": [choice]})) as one:
        yield one


@pytest.fixture
def llm(server: CompatibleServer) -> Gleaming:
    """Return a model with settings of its own, on a server that takes everything."""
    return Gleaming(model="gpt-4o", base_url=server.url, api_key="sk-test")


class _Traces(BaseCallbackHandler):
    """Keeps the settings that traces are told."""

    def __init__(self) -> None:
        self.params: list[dict[str, Any]] = []

    def on_chat_model_start(self, *_: Any, **kwargs: Any) -> None:
        self.params.append(kwargs["invocation_params"])


@pytest.mark.parametrize(
    "ask",
    [
        lambda llm: llm.invoke("hi", gleam=0.5),
        lambda llm: llm.invoke("hi", glitter=0.5),
        lambda llm: llm.bind(gleam=0.5).invoke("hi"),
        lambda llm: llm.model_copy(update={"gleam": 0.5}).invoke("hi"),
        lambda llm: llm.model_copy(update={"configurable": ("gleam",)}).invoke(
            "hi", {"configurable": {"gleam": 0.5}}
        ),
    ],
    ids=["call", "alias", "bind", "field", "config"],
)
def test_a_row_more_is_on_the_wire(
    llm: Gleaming, server: CompatibleServer, ask: Any
) -> None:
    """A setting that is added by one row is sent, however it is given."""
    ask(llm)

    assert {"level": 0.5} == server.bodies[0]["gleam"]


def test_a_row_more_is_in_the_plan_and_the_trace(llm: Gleaming) -> None:
    """The plan shows it as it is sent, the trace as it was given."""
    traces = _Traces()
    llm.invoke("hi", {"callbacks": [traces]}, gleam=0.5)

    assert {"level": 0.5} == llm.explain("hi", gleam=0.5).body["gleam"]
    assert 0.5 == traces.params[0]["gleam"]


def test_a_row_more_counts_in_the_cache(
    llm: Gleaming, server: CompatibleServer
) -> None:
    """Another value is another answer, the same value is the one that was kept."""
    llm.cache = InMemoryCache()
    for value in (0.5, 0.5, 1.0):
        llm.invoke("hi", gleam=value)

    assert [0.5, 1.0] == [body["gleam"]["level"] for body in server.bodies]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"gleam": 2.0}, "from 0 to 1"),
        ({"gleam": "much"}, "a number"),
        ({"vow": "no"}, "'yes'"),
    ],
)
def test_a_row_more_is_checked(llm: Gleaming, given: Any, told: str) -> None:
    """Its range, its type and its values hold in the call and in the constructor."""
    with pytest.raises(InvalidParameterError, match=told):
        llm.invoke("hi", **given)
    with pytest.raises(InvalidParameterError):
        Gleaming(model="gpt-4o", api_key="sk-test", **given)


def test_importance_decides_where_it_cannot_be_sent(
    provider_emulator: ProviderEmulator,
) -> None:
    """On a wire without it a tuning row is dropped on record, a guarantee refused."""
    base = {"base_url": provider_emulator.google_base_url, "api_key": "test"}
    llm = Gleaming(model="gemini-2.5-flash", providers={"google_genai": base})
    answer = llm.invoke("hi", gleam=0.5)
    changes = answer.response_metadata["unified"]["changes"]

    assert [("gleam", "dropped")] == [(c["parameter"], c["kind"]) for c in changes]
    with pytest.raises(UnsupportedError, match="vow"):
        llm.invoke("hi", vow="yes")


def test_a_row_is_of_the_class_that_has_it() -> None:
    """A name that no row has is refused, with the nearest one there is."""
    with pytest.raises(UnknownParameterError, match="gleam"):
        Gleaming(model="gpt-4o").explain("hi", gleem=1)


def test_every_field_that_reaches_a_call_has_a_row() -> None:
    """What errors, traces and caches take of a setting is said of each."""
    rows = table()

    assert {"timeout", "max_retries", "headers", "endpoint"} <= {
        row.fills for row in rows.values()
    }
    assert [] == [row.name for row in rows.values() if not row.type]


def test_a_wrong_timeout_is_told_by_the_constructor(model: Any) -> None:
    """A setting that steers the call is checked where it is given."""
    with pytest.raises(InvalidParameterError, match="timeout"):
        model(timeout="soon")


def test_a_call_of_the_hook_alone_sees_what_changed(
    provider_emulator: ProviderEmulator, model: Any
) -> None:
    """A list that was changed in place between two calls of the hook is read anew."""
    llm, stop = model("gpt-4o"), ["a"]
    for one in ("b", "c"):
        llm._generate(llm._convert_input("hi").to_messages(), stop=stop)
        stop.append(one)

    sent = [request.body["stop"] for request in provider_emulator.requests]
    assert [["a"], ["a", "b"]] == sent
