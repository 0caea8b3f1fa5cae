"""What verifying a model came to, as a row of the user's own."""

from __future__ import annotations

from datetime import date
from typing import Any

from langchain_unified.discovery.comparing import INPUTS, Finding
from langchain_unified.discovery.ends import FIELDS
from langchain_unified.discovery.keys import WORDS
from langchain_unified.discovery.rows import Row
from langchain_unified.discovery.trials import ROLES
from langchain_unified.registry.build import INPUT_FEATURES
from langchain_unified.types import ModelConfig


def verified_row(
    known: ModelConfig, findings: list[Finding], day: date, where: str
) -> Row:
    """Return what asking came to as the keys of a `[models]` table.

    Args:
        known: What the registry knew.
        findings: What was confirmed and contradicted.
        day: The day of the questions.
        where: Who was asked.
    """
    row: Row = {
        "provider": known.connection,
        "source": f"called {known.model} at {where}",
        "checked": day,
        "confidence": "verified",
    }
    served = [f.endpoint for f in findings if f.fact == "endpoints" and f.seen]
    if served:
        row["endpoints"] = sorted(served, key=_rank(known))
    for finding in findings:
        _state(row, known, finding)
    return row


def _rank(known: ModelConfig) -> Any:
    order = list(known.endpoints)
    return lambda name: order.index(name) if name in order else len(order)


def _rule_of(name: str, value: Any, *, wrong: bool) -> dict[str, dict[str, Any]]:
    """Return what is known of a setting or a key as a rule of a row."""
    if name.endswith(".name"):
        return {name.removesuffix(".name"): {"name": value}}
    setting, _, end = name.rpartition(".")
    if end in FIELDS:
        is_known = isinstance(value, (int, float))  # else it is beyond what was asked
        return {setting: {end: value}} if is_known else {}
    if not name.endswith(".values"):
        return {name: {"accepts": value}}
    name = name.removesuffix(".values")
    if not value:
        return {name: {"accepts": "never"}}
    listed = wrong or len(value) < len(WORDS[name])
    return {name: {"accepts": "any", **({"values": list(value)} if listed else {})}}


def _state_thinking(
    thinking: dict[str, Any], finding: Finding, name: str, value: Any
) -> None:
    if name == "levels":
        thinking.setdefault("levels_on", {})[finding.endpoint] = list(value)
    elif not isinstance(value, str):
        thinking[name] = value


def _state(row: Row, known: ModelConfig, finding: Finding) -> None:
    """Put one finding into a row."""
    group, _, name = finding.fact.partition(".")
    endpoint, wrong = finding.endpoint, finding.verdict == "contradicted"
    value = finding.seen if wrong else finding.stated
    if group == "parameters":
        rules = row.setdefault("parameters_on", {}).setdefault(endpoint, {})
        for setting, rule in _rule_of(name, value, wrong=wrong).items():
            rules[setting] = {**rules.get(setting, {}), **rule}
    elif group == "thinking":
        _state_thinking(row.setdefault("thinking", {}), finding, name, value)
    elif group == "tools":
        row.setdefault("tools", {})[endpoint] = value
    elif group == "features":
        features = row.setdefault("features", {})
        features[name] = bool(value) and features.get(name, True)
    elif group == "limits" and isinstance(value, (int, float)):
        row["limits"] = {"output": int(value)}
    elif group == ROLES and wrong:
        row[ROLES] = list(value)
    elif group in INPUTS and wrong:
        stated = [kind for kind, key in INPUT_FEATURES.items() if known.supports(key)]
        reads = row.get("inputs", stated)
        row["inputs"] = [
            kind
            for kind, key in INPUT_FEATURES.items()
            if (value if key == group else kind in reads)
        ]
