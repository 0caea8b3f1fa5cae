"""Which models can be called today."""

from __future__ import annotations

from collections.abc import Collection

from langchain_unified.registry import Registry
from langchain_unified.types import ModelConfig


def living_models(registry: Registry, providers: Collection[str]) -> list[ModelConfig]:
    """Return the registered text models that can be called today.

    Args:
        registry: The registry.
        providers: Ids of the providers whose models to return.
    """
    today = registry.today()
    return [
        config
        for config in registry.models()
        if config.provider in providers
        and config.match == "exact"
        and config.supports("text_outputs")
        and not (config.lifecycle.shutdown and config.lifecycle.shutdown <= today)
    ]


def model_to_ask(registry: Registry, provider: str, own: ModelConfig) -> str | None:
    """Return the model a health check asks: the user's own, else a light one.

    Args:
        registry: The registry.
        provider: Id of the provider to check.
        own: The user's own model.
    """
    if own.provider == provider:
        return own.model
    living = living_models(registry, {provider})
    plain = [config for config in living if config.supports("text_inputs")]
    plain.sort(key=lambda config: config.reasons)
    return next((f"{provider}:{config.model}" for config in plain), None)
