"""Requests that repeat the first one of their connection."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import openai
import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.shims.openai import sending
from langchain_unified.testing import ProviderEmulator

_VARYING = {"content-length"}


@pytest.fixture
def emulator() -> Iterator[ProviderEmulator]:
    """Return a running emulator."""
    with ProviderEmulator() as running:
        yield running


def _llm(emulator: ProviderEmulator, **settings: Any) -> UnifiedChatModel:
    return UnifiedChatModel(
        model="gpt-5-mini", api_key="k1", base_url=emulator.openai_base_url, **settings
    )


def _headers(sent: Any) -> Mapping[str, str]:
    return {
        name.lower(): value
        for name, value in sent.headers.items()
        if name.lower() not in _VARYING
    }


@pytest.mark.parametrize("timeout", [None, 30])
def test_the_second_request_is_like_the_first(
    emulator: ProviderEmulator, timeout: float | None
) -> None:
    """A repeated request has the path, the headers and the body the SDK would send."""
    llm = _llm(emulator, timeout=timeout)
    for _ in range(2):
        llm.invoke("hi")
    first, second = emulator.requests
    shown = [dict(_headers(sent)) for sent in (first, second)]
    for headers in shown:
        headers.pop("x-stainless-read-timeout", None)

    assert (first.path, first.body, shown[0]) == (second.path, second.body, shown[1])


def test_an_asynchronous_request_is_like_the_first(emulator: ProviderEmulator) -> None:
    """The asynchronous client repeats its requests as well."""
    llm = _llm(emulator)

    async def twice() -> None:
        for _ in range(2):
            await llm.ainvoke("hi")

    asyncio.run(twice())
    first, second = emulator.requests

    assert _headers(first) == _headers(second)


@pytest.mark.parametrize("name", ["api_key", "organization", "project"])
def test_what_is_changed_on_the_client_is_used_at_once(
    emulator: ProviderEmulator, name: str
) -> None:
    """The SDK builds the next request when the client is no longer as it was."""
    llm = _llm(emulator)
    llm.invoke("hi")
    told = ("/chat/completions", {}, {"max_retries": 0})
    before = sending.repeated(llm.root_client, *told)
    setattr(llm.root_client, name, "other")

    assert (False, True) == (
        before is None,
        sending.repeated(llm.root_client, *told) is None,
    )


@pytest.mark.parametrize("given", [{"headers": {"x-a": "b"}}, {"max_retries": 2}])
def test_what_a_call_brings_with_it_is_the_sdks_to_build(given: dict[str, Any]) -> None:
    """A request with headers or retries of its own is built by the SDK."""
    client = openai.OpenAI(api_key="k", max_retries=0, timeout=None)
    sending.allow(client, None)

    assert None is sending.repeated(client, "/chat/completions", {}, given)


def test_a_client_of_somebody_else_is_never_repeated(
    emulator: ProviderEmulator,
) -> None:
    """What another class of client does to requests is done to each of them."""

    class Signing(openai.OpenAI):
        def _prepare_request(self, request: Any) -> None:
            request.headers["x-signature"] = str(len(emulator.requests))

    client = Signing(api_key="k", base_url=emulator.openai_base_url)
    llm = UnifiedChatModel(model="gpt-5-mini", root_client=client)
    for _ in range(3):
        llm.invoke("hi")

    assert ["0", "1", "2"] == [
        _headers(sent)["x-signature"] for sent in emulator.requests
    ]
