"""What a probe found, as a row: for `Registry.register`, and as TOML text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from langchain_unified.discovery.trials import EFFORTS, trials
from langchain_unified.registry.build import INPUT_FEATURES
from langchain_unified.registry.schema import ProviderRow
from langchain_unified.types import ModelConfig, ParameterRule

_FEATURES = ("tool_calling", "structured_output", "json_mode", "streaming")
_TAKEN = "any"


def row_of(found: ModelConfig, provider: ProviderRow) -> dict[str, Any]:
    """Return everything found out about a model as the keys of a `[models]` table.

    Every setting asked about is stated, those that are taken too, so that what the
    family says about them does not count; for the rest the family's rules hold.
    """
    reasons = found.thinking.style != "none"
    plain = provider.compatible_family
    return {
        "provider": provider.id,
        "family": provider.fallback_family if reasons or not plain else plain,
        "source": "asked the model itself",
        "confidence": "reported",
        "endpoints": list(found.endpoints),
        "tools": {name: found.tools[name] for name in found.endpoints},
        "inputs": [k for k, name in INPUT_FEATURES.items() if found.supports(name)],
        "system_roles": list(found.system_roles),
        "features": _features(found, reasons=reasons),
        "thinking": _thinking(found),
        "parameters_on": {name: _rules(found, name) for name in found.endpoints},
    }


def _features(found: ModelConfig, *, reasons: bool) -> dict[str, bool]:
    known = {name: bool(found.features.get(name, True)) for name in _FEATURES}
    tools = known["tool_calling"] and set(found.tools.values()) != {"never"}
    return {
        **known,
        "tool_calling": tools,
        "tool_choice": tools,
        "streaming_needs_verification": False,
        "reasoning_output": reasons,
    }


def _thinking(found: ModelConfig) -> dict[str, Any]:
    thinking = found.thinking
    levels = {
        name: sorted(thinking.levels.get(name, ()), key=_strength)
        for name in found.endpoints
    }
    row: dict[str, Any] = {"style": thinking.style, "levels": [], "levels_on": levels}
    common = [level for listed in levels.values() for level in listed]
    if thinking.style in {"effort", "level"} and common:
        row["default"] = "medium" if "medium" in common else common[0]
    if thinking.style == "budget":
        row["can_disable"] = thinking.can_disable
    return row


def _strength(level: str) -> int:
    return EFFORTS.index(level) if level in EFFORTS else len(EFFORTS)


def _rules(found: ModelConfig, endpoint: str) -> dict[str, dict[str, Any]]:
    asked = {parameter for trial in trials() for parameter in trial.params}
    rules = found.mappings[endpoint].rules
    names = sorted({*asked, "max_tokens"} & set(rules))
    return {name: _rule(rules[name]) for name in names}


def _rule(rule: ParameterRule) -> dict[str, Any]:
    stated = {
        "accepts": rule.accepts,
        "name": rule.name,
        "min": rule.minimum,
        "max": rule.maximum,
        "values": None if rule.values is None else list(rule.values),
        "max_items": rule.max_items,
    }
    return {key: value for key, value in stated.items() if value is not None}


def toml_of(model: str, row: Mapping[str, Any]) -> str:
    """Return a row as TOML text, the innermost tables inline."""
    head = f"models.{_key(model)}"
    plain = {k: v for k, v in row.items() if not _is_table(v)}
    lines = [f"[{head}]", *(f"{k} = {_value(v)}" for k, v in plain.items())]
    for key, table in row.items():
        if _is_table(table):
            lines += ["", *_table(f"{head}.{key}", table)]
    return "\n".join(lines) + "\n"


def _table(head: str, table: Mapping[str, Any]) -> list[str]:
    deep = {k: v for k, v in table.items() if _is_table(v) and _holds_tables(v)}
    lines = []
    if len(deep) < len(table):
        flat = ((k, v) for k, v in table.items() if k not in deep)
        lines = [f"[{head}]", *(f"{_key(k)} = {_value(v)}" for k, v in flat)]
    for key, inner in deep.items():
        lines += [*([""] if lines else []), *_table(f"{head}.{_key(key)}", inner)]
    return lines


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping)


def _holds_tables(value: Mapping[str, Any]) -> bool:
    return any(_is_table(item) for item in value.values())


def _key(name: str) -> str:
    plain = name.replace("_", "").replace("-", "").isalnum() and name.isascii()
    return name if plain else json.dumps(name)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, str) else str(value)
