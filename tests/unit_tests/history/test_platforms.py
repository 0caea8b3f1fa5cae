"""Vertex AI and the Gemini Developer API: one provider, two places."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from langchain_unified import UnifiedChatModel, UnsupportedError
from langchain_unified.testing import ProviderEmulator
from tests.conftest import connections

THINKER = "gemini-3.1-pro-preview"
SENTINEL = "skip_thought_signature_validator"
FILM = [
    HumanMessage(
        [
            {"type": "text", "text": "What is to be seen?"},
            {"type": "media", "mime_type": "video/mp4", "file_uri": "gs://a/b.mp4"},
        ]
    )
]


def on(
    emulator: ProviderEmulator, *, vertexai: bool, **settings: Any
) -> UnifiedChatModel:
    """Return a model on one of the two places."""
    given = connections(emulator)
    given["google_genai"]["vertexai"] = vertexai
    return UnifiedChatModel(model=THINKER, providers=given, **settings)


def get_weather(city: str) -> str:
    """Look up the weather in a city."""
    return f"{city}: sunny"


def loop(llm: UnifiedChatModel) -> list[BaseMessage]:
    """Return a tool loop up to its result."""
    asked = HumanMessage("Call get_weather for Paris.")
    call = llm.bind_tools([get_weather], tool_choice="any").invoke([asked])
    assert isinstance(call, AIMessage)
    result = ToolMessage("Paris: sunny", tool_call_id=call.tool_calls[0]["id"])
    return [asked, call, result]


def signatures(emulator: ProviderEmulator) -> list[str]:
    """Return the thought signatures of the last request."""
    return [
        part["thoughtSignature"]
        for content in emulator.requests[-1].body["contents"]
        for part in content["parts"]
        if "thoughtSignature" in part
    ]


@pytest.mark.parametrize("made_on_vertex", [True, False])
@pytest.mark.parametrize("sent_to_vertex", [True, False])
def test_signatures_stay_where_they_were_made(
    provider_emulator: ProviderEmulator, *, made_on_vertex: bool, sent_to_vertex: bool
) -> None:
    """A signature goes back to its own place, and to the other one never."""
    history = loop(on(provider_emulator, vertexai=made_on_vertex))
    llm = on(provider_emulator, vertexai=sent_to_vertex)

    answer = llm.bind_tools([get_weather]).invoke(history)
    noted = [c["reason"] for c in answer.response_metadata["unified"]["changes"]]

    kept = made_on_vertex == sent_to_vertex
    assert kept == (SENTINEL not in signatures(provider_emulator))
    assert kept == (not [one for one in noted if "only that model" in one])


def test_cloud_storage_is_read_on_vertex_only(
    provider_emulator: ProviderEmulator,
) -> None:
    """A gs:// address is refused before sending where no server can read it."""
    with pytest.raises(UnsupportedError, match="gs://"):
        on(provider_emulator, vertexai=False).invoke(FILM)
    assert [] == provider_emulator.requests

    on(provider_emulator, vertexai=True).invoke(FILM)
    assert "gs://a/b.mp4" in str(provider_emulator.requests[-1].body)


def test_the_record_says_which(provider_emulator: ProviderEmulator) -> None:
    """An answer of Vertex AI says so; the Developer API is what is usual."""
    records = [
        on(provider_emulator, vertexai=vertexai).invoke("hi").response_metadata
        for vertexai in (True, False)
    ]

    assert ["vertexai", None] == [one["unified"].get("platform") for one in records]


@pytest.mark.parametrize(
    ("settings", "variable", "place"),
    [
        ({"vertexai": True}, "false", "vertexai"),
        ({"project": "p"}, "", "vertexai"),
        ({"project": "p"}, "false", ""),
        ({}, "1", "vertexai"),
        ({"vertexai": False}, "1", ""),
        ({}, "", ""),
    ],
)
def test_the_place_is_chosen_as_by_langchain(
    settings: dict[str, Any],
    variable: str,
    place: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Setting, environment, credentials and project decide in that order."""
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", variable)
    llm = UnifiedChatModel(model=THINKER, **settings)

    assert place == llm.explain("hi").platform
