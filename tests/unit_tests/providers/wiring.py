"""How the tests of all providers reach the emulator."""

from __future__ import annotations

from typing import Any

from langchain_unified.testing import ProviderEmulator

OFF = ("anthropic", "azure_openai", "ollama")
"""Providers that are off unless somebody enables them."""

KEYS = {
    "openai": "sk-openai-1111",
    "google_genai": "google-2222",
    "anthropic": "sk-ant-3333",
    "azure_openai": "azure-4444",
    "ollama": "ollama-5555",
}
"""A key by provider, told apart by their last four characters."""


def connections(emulator: ProviderEmulator) -> dict[str, dict[str, Any]]:
    """Return connection settings of every provider."""
    own = {
        "openai": {"base_url": emulator.openai_base_url},
        "google_genai": {"base_url": emulator.google_base_url},
        "anthropic": {"base_url": emulator.anthropic_base_url},
        "ollama": {"base_url": emulator.ollama_base_url},
        "azure_openai": {
            "azure_endpoint": emulator.azure_endpoint,
            "api_version": "2025-04-01-preview",
            "deployments": dict(emulator.azure_deployments),
        },
    }
    return {name: {"api_key": KEYS[name], **rest} for name, rest in own.items()}
