"""Fixtures for all tests: no keys from the environment, a model on the emulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator

KEY_VARIABLES = (
    "OPENAI_API_KEY",
    "OPENAI_API_BASE",
    "OPENAI_BASE_URL",
    "GOOGLE_API_KEY",
    "GEMINI_API_KEY",
    "ANTHROPIC_API_KEY",
    "AZURE_OPENAI_API_KEY",
)


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the keys of whoever runs the tests out of them."""
    for name in KEY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANGSMITH_TRACING", "false")


@pytest.fixture
def model(
    provider_emulator: ProviderEmulator,
) -> Callable[..., UnifiedChatModel]:
    """Return a factory of models that talk to the emulator."""

    def make(model: str = "gpt-4o", **settings: Any) -> UnifiedChatModel:
        return UnifiedChatModel(
            model=model, providers=connections(provider_emulator), **settings
        )

    return make


def connections(emulator: ProviderEmulator) -> dict[str, dict[str, Any]]:
    """Return connection settings for the emulator."""
    return {
        "openai": {"api_key": "sk-test", "base_url": emulator.openai_base_url},
        "google_genai": {"api_key": "test", "base_url": emulator.google_base_url},
        "anthropic": {"api_key": "test", "base_url": emulator.anthropic_base_url},
        "ollama": {"base_url": emulator.ollama_base_url},
        "azure_openai": {
            "api_key": "test",
            "azure_endpoint": emulator.azure_endpoint,
            "api_version": "2025-04-01-preview",
            "deployments": emulator.azure_deployments,
        },
    }


def pytest_report_header() -> str:
    """Say how to repeat the drawn cases of this run."""
    from tests.unit_tests import test_property

    return f"property cases: PROPERTY_SEED={test_property.SEED}"
