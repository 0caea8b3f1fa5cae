"""What a probe found, as a row for `Registry.register`."""

from __future__ import annotations

from datetime import date
from typing import Any

from langchain_unified.discovery.seen import Seen
from langchain_unified.discovery.trials import EFFORTS, trials
from langchain_unified.registry.overrides import ROLES
from langchain_unified.registry.schema import ProviderFile
from langchain_unified.types import ModelConfig, ParameterRule

Row = dict[str, Any]

_FEATURES = ("tool_calling", "tool_choice", "structured_output", "json_mode")


def row_of(
    seen: Seen, known: ModelConfig, file: ProviderFile, title: str, day: date
) -> Row:
    """Return what was seen of a model as the keys of a `[models]` table.

    What is stated as taken was accepted; whatever else was asked about is stated as
    not taken, so that what the family says about it does not count.

    Args:
        seen: What was accepted and refused.
        known: The model as the registry knew it before.
        file: The file whose families and endpoints the row names.
        title: What the provider is called.
        day: The day of the probe.
    """
    thinking = _thinking(seen)
    reasons = thinking["style"] != "none"
    plain = file.provider.compatible_family
    where = known.server or title
    return {
        "provider": known.connection,
        "family": file.provider.fallback_family if reasons or not plain else plain,
        "source": f"called {known.model} at {where}",
        "checked": day,
        "confidence": "reported",
        "endpoints": list(seen.served),
        "tools": {name: _tools(seen, name) for name in seen.served},
        "inputs": ["text", *(["image"] if seen.takes("image_inputs") else [])],
        "system_roles": [role for role in ROLES if seen.takes(f"role {role}")],
        "features": _features(seen, reasons=reasons),
        "thinking": thinking,
        "parameters_on": {name: rules_of(seen, name) for name in seen.served},
    }


def _tools(seen: Seen, endpoint: str) -> str:
    taken = (endpoint, "tool_calling") in seen.accepted
    return seen.config.tools[endpoint] if taken else "never"


def _features(seen: Seen, *, reasons: bool) -> dict[str, bool]:
    anywhere = any(fact == "tool_calling" for _, fact in seen.accepted)
    found = {name: seen.takes(name) for name in (*_FEATURES, "streaming")}
    return {
        **found,
        "tool_calling": anywhere,
        "streaming_needs_verification": False,
        "reasoning_output": reasons,
    }


def _thinking(seen: Seen) -> dict[str, Any]:
    thinking = seen.config.thinking
    levels = {
        name: sorted(thinking.levels.get(name, ()), key=_strength)
        for name in seen.served
        if (name, "reasoning_effort") in seen.accepted
    }
    budgets = any(fact == "thinking_budget" for _, fact in seen.accepted)
    style = thinking.style if levels or budgets else "none"
    row: dict[str, Any] = {"style": style, "levels": []}
    row["levels_on"] = {name: levels.get(name, []) for name in seen.served}
    common = [level for listed in levels.values() for level in listed]
    if style in {"effort", "level"} and common:
        row["default"] = "medium" if "medium" in common else common[0]
    if style == "budget":
        row["can_disable"] = thinking.can_disable
    return row


def _strength(level: str) -> int:
    return EFFORTS.index(level) if level in EFFORTS else len(EFFORTS)


def rules_of(seen: Seen, endpoint: str) -> dict[str, dict[str, Any]]:
    """Return the rule of each setting asked about, as a row states it."""
    asked = {parameter for trial in trials() for parameter in trial.params}
    rules = seen.config.mappings[endpoint].rules
    names = sorted({*asked, "max_tokens"} & set(rules))
    return {name: _rule(seen, endpoint, rules[name]) for name in names}


def _rule(seen: Seen, endpoint: str, rule: ParameterRule) -> dict[str, Any]:
    name, accepts = rule.parameter, rule.accepts
    if accepts == "any" and (endpoint, name) not in seen.accepted:
        accepts = "never"
    if name == "reasoning_effort" and seen.config.thinking.style == "budget":
        accepts = rule.accepts  # an effort is sent as a budget
    stated = {
        "accepts": accepts,
        "name": rule.name,
        "min": rule.minimum,
        "max": rule.maximum,
        "values": None if rule.values is None else list(rule.values),
        "max_items": rule.max_items,
    }
    return {key: value for key, value in stated.items() if value is not None}
