"""What a model can do, as plain data."""

from __future__ import annotations

from typing import Any

from langchain_unified.types import ModelConfig, ParameterMapping


def capabilities_of(config: ModelConfig) -> dict[str, Any]:
    """Return what the registry knows about a model, ready for JSON.

    Returns:
        `model`, `provider`, `family`, `endpoints`, `features` (capability by
        `ModelProfile` key), `limits` in tokens, `reasoning_effort` levels by endpoint,
        `parameters` (when each is taken, by endpoint) and `lifecycle`.
    """
    life = config.lifecycle
    return {
        "model": config.model,
        "provider": config.provider,
        "family": config.family,
        "known": config.match in {"exact", "alias", "snapshot"},
        "endpoints": list(config.endpoints),
        "features": dict(config.features),
        "limits": dict(config.limits),
        "reasoning_effort": {
            endpoint: list(levels)
            for endpoint, levels in config.thinking.levels.items()
        },
        "parameters": {
            endpoint: _taken(config.mappings[endpoint]) for endpoint in config.endpoints
        },
        "lifecycle": {
            "released": life.released and life.released.isoformat(),
            "shutdown": life.shutdown and life.shutdown.isoformat(),
            "replacement": life.replacement,
        },
    }


def _taken(mapping: ParameterMapping) -> dict[str, str]:
    refused = {"never", "absent"}
    return {
        name: rule.accepts
        for name, rule in mapping.rules.items()
        if rule.accepts not in refused
    }
