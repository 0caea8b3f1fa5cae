"""Vertex AI with a key: the one that was given goes before the environment's."""

from __future__ import annotations

import os
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
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
