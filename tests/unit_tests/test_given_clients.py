"""Clients put in a model's place after it was made, as tests of applications do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import openai
import pytest
from langchain_openai import ChatOpenAI

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator

CLASSES = (ChatOpenAI, UnifiedChatModel)
MODELS = ("gpt-4o", "o3")
BODY = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "stood in"},
        }
    ],
}
PIECE = {
    "id": "c",
    "object": "chat.completion.chunk",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "delta": {"content": "stood in"}, "finish_reason": None}],
}


class StandIn:
    """Answers as `chat.completions` does, and keeps what it was called with."""

    def __init__(self, *, is_async: bool = False) -> None:
        self.asked: list[dict[str, Any]] = []
        method = self._aanswer if is_async else self._answer
        self.with_raw_response = SimpleNamespace(create=method)

    def _answer(self, **keywords: Any) -> Any:
        self.asked.append(keywords)
        return SimpleNamespace(parse=lambda: BODY, headers={})

    async def _aanswer(self, **keywords: Any) -> Any:
        return self._answer(**keywords)

    @contextmanager
    def create(self, **keywords: Any) -> Iterator[Any]:
        """Answer in pieces."""
        self.asked.append(keywords)
        yield iter([PIECE])


def made(cls: type[Any], emulator: ProviderEmulator, model: str) -> Any:
    """Return a model that talks to the emulator."""
    url = emulator.openai_base_url
    return cls(model=model, base_url=url, api_key="k", use_responses_api=False)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("cls", CLASSES)
def test_a_client_that_is_set_is_called(
    provider_emulator: ProviderEmulator, cls: type[Any], model: str
) -> None:
    """Whole answers and streams come from the client that was set."""
    llm, client = made(cls, provider_emulator, model), StandIn()
    llm.client = client

    assert "stood in" == llm.invoke("q").content
    assert "stood in" == "".join(piece.text for piece in llm.stream("q"))
    assert [model, model] == [keywords["model"] for keywords in client.asked]
    assert client is llm.client
    assert [] == provider_emulator.requests


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("cls", CLASSES)
async def test_an_asynchronous_client_that_is_set_is_called(
    provider_emulator: ProviderEmulator, cls: type[Any], model: str
) -> None:
    """Asynchronous calls come from the asynchronous client that was set."""
    llm, client = made(cls, provider_emulator, model), StandIn(is_async=True)
    llm.async_client = client

    assert "stood in" == (await llm.ainvoke("q")).content
    assert [] == provider_emulator.requests


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("cls", CLASSES)
def test_a_patch_of_the_client_ends(
    provider_emulator: ProviderEmulator, cls: type[Any], model: str
) -> None:
    """After `patch.object` the model's own client is called again."""
    llm = made(cls, provider_emulator, model)
    with patch.object(llm, "client", StandIn()):
        patched = llm.invoke("q").content
    llm.invoke("q")

    assert "stood in" == patched
    assert 1 == len(provider_emulator.requests)


@pytest.mark.parametrize("cls", CLASSES)
def test_a_method_of_the_client_can_be_patched(
    provider_emulator: ProviderEmulator, cls: type[Any]
) -> None:
    """`with_raw_response.create` and `create` of the client in use can be patched."""
    llm, client = made(cls, provider_emulator, "gpt-4o"), StandIn()
    answer = client.with_raw_response.create
    with patch.object(llm.client.with_raw_response, "create", answer):
        whole = llm.invoke("q").content
    with patch.object(llm.client, "create", client.create):
        pieces = "".join(piece.text for piece in llm.stream("q"))

    assert ("stood in", "stood in") == (whole, pieces)
    assert [] == provider_emulator.requests


@pytest.mark.parametrize("cls", CLASSES)
def test_a_resource_of_the_sdk_stands_for_its_client(
    provider_emulator: ProviderEmulator, cls: type[Any]
) -> None:
    """`chat.completions` of another client brings that client's server."""
    other = openai.OpenAI(base_url=provider_emulator.openai_base_url, api_key="z")
    llm = cls(model="gpt-4o", base_url="http://127.0.0.1:9/v1", api_key="k")
    llm.client = other.chat.completions
    llm.invoke("q")

    assert 1 == len(provider_emulator.requests)


@pytest.mark.parametrize("cls", CLASSES)
def test_a_root_client_that_is_set_serves_responses(
    provider_emulator: ProviderEmulator, cls: type[Any]
) -> None:
    """A root client that is set gets the calls of Responses."""
    other = openai.OpenAI(base_url=provider_emulator.openai_base_url, api_key="z")
    url = "http://127.0.0.1:9/v1"
    llm = cls(model="gpt-4o", base_url=url, api_key="k", use_responses_api=True)
    llm.root_client = other
    llm.invoke("q")

    assert ["/v1/responses"] == [r.path for r in provider_emulator.requests]


def test_a_client_of_the_constructor_needs_no_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A client that was made up for a test is called without any key."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    llm = UnifiedChatModel(model="gpt-4o", client=StandIn())

    assert "stood in" == llm.invoke("q").content
