"""Which models can be called today, and what each can do, as plain data."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from langchain_unified.registry import Registry
from langchain_unified.types import ModelConfig

_REFUSED = {"never", "absent"}


def living_models(registry: Registry, providers: Collection[str]) -> list[ModelConfig]:
    """Return the registered text models of these providers that can be called today."""
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
    """Return the model a health check asks: the user's own, else a light one."""
    if own.provider == provider:
        return own.model
    living = living_models(registry, {provider})
    plain = [config for config in living if config.supports("text_inputs")]
    light = min(plain, key=lambda config: config.reasons, default=None)
    return light and f"{provider}:{light.model}"


def capabilities_of(config: ModelConfig) -> dict[str, Any]:
    """Return what the registry knows about a model, ready for JSON.

    Returns:
        `model`, `provider`, `family`, `endpoints`, `features` (capability by
        `ModelProfile` key), `limits` in tokens, `reasoning_effort` levels by endpoint,
        `parameters` (when each is taken, by endpoint) and `lifecycle`.
    """
    life, levels = config.lifecycle, config.thinking.levels
    rules = {name: config.mappings[name].rules for name in config.endpoints}
    return {
        "model": config.model,
        "provider": config.provider,
        "family": config.family,
        "known": config.match in {"exact", "alias", "snapshot"},
        "endpoints": list(config.endpoints),
        "features": dict(config.features),
        "limits": dict(config.limits),
        "reasoning_effort": {endpoint: list(levels[endpoint]) for endpoint in levels},
        "parameters": {
            endpoint: {
                n: r.accepts for n, r in own.items() if r.accepts not in _REFUSED
            }
            for endpoint, own in rules.items()
        },
        "lifecycle": {
            "released": life.released and life.released.isoformat(),
            "shutdown": life.shutdown and life.shutdown.isoformat(),
            "replacement": life.replacement,
        },
    }
