"""Whether each provider answers, asked with the smallest possible call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

from langchain_unified.registry import Registry
from langchain_unified.types import ModelConfig

PROMPT = "Say OK."
MAX_TOKENS = 16


@dataclass(frozen=True, slots=True)
class Health:
    """What a provider answered.

    Attributes:
        provider: LangChain's provider id.
        ok: Whether it answered.
        model: The model that was asked.
        latency_ms: Milliseconds it took.
        error: Why it did not answer.
    """

    provider: str
    ok: bool
    model: str
    latency_ms: float
    error: str | None = None


def enabled_providers(registry: Registry) -> list[str]:
    """Return the ids of the providers that are switched on."""
    return [name for name, file in registry.files.items() if file.provider.enabled]


def living_models(registry: Registry, provider: str | None) -> list[ModelConfig]:
    """Return the registered text models that can be called today.

    Args:
        registry: The registry.
        provider: Only this provider's; all enabled ones' if `None`.
    """
    wanted = [provider] if provider else enabled_providers(registry)
    today = datetime.now(tz=timezone.utc).date()
    return [
        config
        for config in registry.models()
        if config.provider in wanted
        and config.match == "exact"
        and config.supports("text_outputs")
        and not (config.lifecycle.shutdown and config.lifecycle.shutdown <= today)
    ]


def model_to_ask(registry: Registry, provider: str, own: ModelConfig) -> str | None:
    """Return the model a health check asks: the user's own, else a light one."""
    if own.provider == provider:
        return own.model
    living = living_models(registry, provider)
    plain = [config for config in living if config.supports("text_inputs")]
    plain.sort(key=lambda config: config.reasons)
    return next((config.model for config in plain), None)
