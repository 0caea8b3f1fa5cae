"""The application's own tests; they know nothing of the migration."""

from __future__ import annotations

import chain
import pytest


@pytest.fixture(autouse=True)
def emulator(provider_emulator, monkeypatch):
    monkeypatch.setenv("SAMPLE_OPENAI_URL", provider_emulator.openai_base_url)
    monkeypatch.setenv("SAMPLE_GOOGLE_URL", provider_emulator.google_base_url)
    return provider_emulator


def test_write(emulator):
    """The writer answers, with its settings."""
    assert "autumn" in chain.write("autumn")
    assert emulator.requests[-1].body["prompt_cache_key"] == "writer"
    assert emulator.requests[-1].body["user"] == "sample"


def test_read(emulator):
    """The reader streams, with its settings."""
    assert "autumn" in chain.read("autumn")
    config = emulator.requests[-1].body["generationConfig"]
    assert config["maxOutputTokens"] == 200
    assert config["stopSequences"] == ["END"]


def test_act(emulator):
    """The judge calls the tool, at temperature 0."""
    assert chain.act("Weather in Paris?") == ["weather"]
    assert emulator.requests[-1].body["temperature"] == 0
