"""Vertex AI with a key: the one that was given goes before the environment's."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import UnsupportedError
from langchain_unified.testing import ProviderEmulator, Reply

ANSWER = {
    "candidates": [
        {
            "content": {"parts": [{"text": "ok"}], "role": "model"},
            "finishReason": "STOP",
        }
    ]
}


@pytest.mark.parametrize("variable", ["GOOGLE_API_KEY", "GEMINI_API_KEY", None])
@pytest.mark.parametrize(
    "more", [{"vertexai": True}, {"vertexai": True, "location": "us-central1"}]
)
def test_a_given_key_goes_first(
    provider_emulator: ProviderEmulator,
    monkeypatch: pytest.MonkeyPatch,
    variable: str | None,
    more: dict[str, Any],
) -> None:
    """The key of the environment is neither sent nor changed on the way."""
    if variable is not None:
        monkeypatch.setenv(variable, "key-of-the-environment")
    provider_emulator.script(Reply(200, ANSWER))
    settings = {"api_key": "key-given", "base_url": provider_emulator.google_base_url}
    llm = UnifiedChatModel(
        model="gemini-3.5-flash", providers={"google_genai": {**settings, **more}}
    )
    before = dict(os.environ)
    llm.invoke("hi")
    (sent,) = provider_emulator.requests

    assert "iven" == sent.key_tail
    assert before == dict(os.environ)


def test_a_given_key_serves_asynchronous_calls(
    provider_emulator: ProviderEmulator,
) -> None:
    """`ainvoke` and `astream` take the client that was made for the key."""
    stream = Reply.sse(ANSWER)
    provider_emulator.script(Reply(200, ANSWER), stream)
    settings = {"api_key": "key-given", "base_url": provider_emulator.google_base_url}
    llm = UnifiedChatModel(
        model="gemini-3.5-flash",
        providers={"google_genai": {**settings, "vertexai": True}},
    )

    async def texts() -> list[str]:
        whole = await llm.ainvoke("hi")
        return [whole.text, *[piece.text async for piece in llm.astream("hi")]]

    assert "okok" == "".join(asyncio.run(texts()))


@pytest.mark.parametrize("end", ["/v1beta", "/v1beta/", "/v1beta/models", ""])
def test_a_version_in_the_address_is_not_doubled(
    provider_emulator: ProviderEmulator, end: str
) -> None:
    """A base URL may end with the version, as Google's own examples have it."""
    provider_emulator.script(Reply(200, ANSWER))
    address = provider_emulator.google_base_url + end
    llm = UnifiedChatModel(
        model="gemini-3.5-flash",
        providers={"google_genai": {"api_key": "k", "base_url": address}},
    )
    llm.invoke("hi")

    assert 1 == provider_emulator.requests[-1].path.count("/v1beta/models/")


@pytest.mark.parametrize(
    ("block", "mime"),
    [
        ({"type": "image", "url": "https://example.org/a.png"}, "image/png"),
        ({"type": "file", "url": "https://example.org/a.pdf"}, "application/pdf"),
        (
            {
                "type": "image",
                "url": "https://example.org/a",
                "mime_type": "image/webp",
            },
            "image/webp",
        ),
    ],
)
def test_public_urls_go_to_vertex(
    provider_emulator: ProviderEmulator, block: dict[str, Any], mime: str
) -> None:
    """Vertex AI fetches a URL itself, told its type."""
    provider_emulator.script(Reply(200, ANSWER))
    settings = {"api_key": "key-given", "base_url": provider_emulator.google_base_url}
    llm = UnifiedChatModel(
        model="gemini-3.5-flash",
        providers={"google_genai": {**settings, "vertexai": True}},
    )
    llm.invoke([HumanMessage([block])])
    (part,) = provider_emulator.requests[-1].body["contents"][0]["parts"]

    assert {"file_uri": block["url"], "mime_type": mime} == part["fileData"]


def test_a_url_the_developer_api_may_not_take_says_how(
    provider_emulator: ProviderEmulator,
) -> None:
    """Where it is disputed, the URL is downloaded if that is allowed."""
    settings = {"api_key": "key-given", "base_url": provider_emulator.google_base_url}
    llm = UnifiedChatModel(
        model="gemini-3.5-flash", providers={"google_genai": settings}
    )
    block = {"type": "image", "url": "https://example.org/a.png"}

    with pytest.raises(UnsupportedError, match="fetch_urls=True"):
        llm.invoke([HumanMessage([block])])  # type: ignore[list-item]
