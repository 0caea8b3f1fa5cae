"""Plans, model facts and the registry for people: in a terminal and in a notebook."""

from __future__ import annotations

import html
import json
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

# What is shown prints itself by these functions, so its classes are not known here.
CallPlan: TypeAlias = Any
ModelConfig: TypeAlias = Any
ParameterRule: TypeAlias = Any
Registry: TypeAlias = Any

_WIDTH = 88
_CSS = (
    "border-collapse:collapse;font-family:ui-monospace,monospace;font-size:0.9em;"
    "color:inherit;background:transparent"
)
_CELL = "padding:2px 10px 2px 0;text-align:left;vertical-align:top;border:0"
_FITTED = f"{_CELL};overflow-wrap:anywhere;min-width:6em"
"""Breaks a long value rather than let a page grow wider than 800 pixels."""

_KEPT = f"{_CELL};white-space:nowrap"
_SHORT = 24
"""Characters of a value that stays on one line."""

_SMALL = "margin:0;font-size:0.85em"


def plan_rows(plan: CallPlan) -> list[tuple[str, str]]:
    """Return what a plan says, as pairs of word and value."""
    facts = [
        ("model", plan.model),
        ("provider", plan.provider),
        ("endpoint", f"{plan.endpoint} ({plan.route})"),
        ("family", f"{plan.config.family} ({plan.config.match})"),
        ("stream", "yes" if plan.stream else "no"),
        ("sends", compact(plan.body)),
    ]
    if plan.requested_model != plan.model:
        facts.insert(0, ("asked for", plan.requested_model))
    if plan.stop:
        facts.append(("stop at", compact(list(plan.stop))))
    if plan.calls > 1:
        facts.append(("requests", str(plan.calls)))
    return facts


def compact(value: Any) -> str:
    """Return a value as one line of JSON."""
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    return dict(value) if hasattr(value, "keys") else str(value)


def plan_text(plan: CallPlan) -> str:
    """Return a plan as a table for a terminal."""
    lines = [f"{word:<10} {value}" for word, value in plan_rows(plan)]
    lines.append("changes" if plan.changes else "changes    none")
    for change in plan.changes:
        lines.append(f"  {change.kind:<10} {change.parameter}  {_moved(change)}")
        detail = change.reason + (f" [{change.source}]" if change.source else "")
        lines += textwrap.wrap(
            detail, _WIDTH, initial_indent=" " * 13, subsequent_indent=" " * 13
        )
    return "\n".join(lines)


def _moved(change: Any) -> str:
    asked, sent = compact(change.requested), compact(change.sent)
    return f"{asked} -> {sent}" if change.sent is not None else f"{asked} not sent"


def plan_html(plan: CallPlan) -> str:
    """Return a plan as tables for a notebook, in the notebook's own colours."""
    changes = [
        (c.parameter, c.kind, compact(c.requested), _sent(c), c.reason, c.source)
        for c in plan.changes
    ]
    heads = ("setting", "change", "asked for", "sent", "why, and the source")
    shown = table_html(changes, heads) if changes else ""
    return table_html(plan_rows(plan)) + shown


def _sent(change: Any) -> str:
    if change.sent is None:
        return "not sent"
    named = change.kind == "renamed" and isinstance(change.sent, str)
    return f"as {change.sent}" if named else compact(change.sent)


def config_rows(config: ModelConfig) -> list[tuple[str, str]]:
    """Return what is known about a model, as pairs of word and value."""
    able = [name for name, value in config.features.items() if value is True]
    facts = [
        ("model", config.model),
        ("provider", config.provider),
        ("family", f"{config.family} ({config.match})"),
        ("endpoints", ", ".join(config.endpoints)),
        ("effort", _effort(config)),
        ("tokens", ", ".join(f"{k} {v:,}" for k, v in config.limits.items())),
        ("can", ", ".join(able)),
        ("life", _life(config)),
    ]
    return [(word, value) for word, value in facts if value]


def config_text(config: ModelConfig) -> str:
    """Return what is known about a model as a table for a terminal."""
    lines: list[str] = []
    for word, value in config_rows(config):
        indent = " " * 11
        lines += textwrap.wrap(
            value, _WIDTH, initial_indent=f"{word:<10} ", subsequent_indent=indent
        )
    return "\n".join(lines)


def config_html(config: ModelConfig) -> str:
    """Return what is known about a model as tables for a notebook."""
    rules = [
        (rule.parameter, endpoint, rule.name, _taken(rule), str(rule.provenance))
        for endpoint, mapping in config.mappings.items()
        for rule in mapping.rules.values()
    ]
    heads = ("setting", "endpoint", "sent as", "accepted; source")
    folded = _folded(f"{len(rules)} parameter rules", table_html(rules, heads))
    return table_html(config_rows(config)) + folded


def _effort(config: ModelConfig) -> str:
    levels = dict.fromkeys(
        level for levels in config.thinking.levels.values() for level in levels
    )
    default = config.thinking.default
    said = [", ".join(levels)] if levels else []
    return "; ".join([*said, f"{default} if unset"] if default else said)


def _life(config: ModelConfig) -> str:
    life = config.lifecycle
    facts = (
        ("since", life.released),
        ("deprecated", life.deprecated),
        ("until", life.shutdown),
        ("then", life.replacement),
    )
    return ", ".join(f"{word} {value}" for word, value in facts if value)


def _taken(rule: ParameterRule) -> str:
    low, high = rule.minimum, rule.maximum
    span = "" if low is None and high is None else f"{_end(low)} to {_end(high)}"
    values = "" if rule.values is None else compact(list(rule.values))
    needs = f"with {rule.requires}" if rule.requires else ""
    return ", ".join(part for part in (rule.accepts, span, values, needs) if part)


def _end(number: float | None) -> str:
    return "any" if number is None else f"{number:g}"


_HEADS = ("model", "input", "output", "takes", "effort", "until")
_INPUTS = ("image", "pdf", "audio", "video")


def registry_text(registry: Registry) -> str:
    """Return the registry as a table for a terminal: living models per provider."""
    lines = []
    for provider, (state, configs) in _providers(registry).items():
        lines.append(f"{provider:<14} {state}, {len(configs)} models")
        names = ", ".join(config.model for config in configs)
        indent = " " * 15
        lines += textwrap.wrap(
            names,
            _WIDTH,
            initial_indent=indent,
            subsequent_indent=indent,
            break_on_hyphens=False,
        )
    return "\n".join(lines)


def registry_html(registry: Registry) -> str:
    """Return the registry as tables for a notebook, one to unfold per provider."""
    return "".join(
        _folded(
            f"{provider}: {state}, {len(configs)} models",
            table_html([_model_row(config) for config in configs], _HEADS),
        )
        for provider, (state, configs) in _providers(registry).items()
    )


def _providers(registry: Registry) -> dict[str, tuple[str, list[ModelConfig]]]:
    """Return whether each provider is on, and its models that live today."""
    today = registry.today()
    found: dict[str, tuple[str, list[ModelConfig]]] = {
        provider: ("on" if registry.is_enabled(provider) else "off", [])
        for provider in registry.files
    }
    for config in registry.models():
        shutdown = config.lifecycle.shutdown
        if config.match == "exact" and not (shutdown and shutdown <= today):
            found[config.provider][1].append(config)
    return found


def _model_row(config: ModelConfig) -> tuple[str, ...]:
    limits, shutdown = config.limits, config.lifecycle.shutdown
    return (
        config.model,
        _count(limits.get("input") or limits.get("context")),
        _count(limits.get("output")),
        ", ".join(kind for kind in _INPUTS if config.supports(f"{kind}_inputs")),
        _effort(config),
        shutdown.isoformat() if shutdown else "",
    )


def _count(tokens: int | None) -> str:
    return f"{tokens:,}" if tokens else ""


def _folded(title: str, inner: str) -> str:
    return f"<details><summary>{html.escape(title)}</summary>{inner}</details>"


def table_html(rows: Iterable[Sequence[str]], heads: Sequence[str] = ()) -> str:
    """Return a table in the notebook's own colours; what it holds is escaped.

    Args:
        rows: The cells of each row; one more than there are heads goes below the last.
        heads: The titles of the columns.
    """
    head = _row(heads, "th") if heads else ""
    body = "".join(_row(row, below=len(row) > len(heads) > 0) for row in rows)
    return f'<table style="{_CSS}">{head}{body}</table>'


def _row(cells: Sequence[str], tag: str = "td", *, below: bool = False) -> str:
    first, *others = cells
    note = html.escape(others.pop()) if below else ""
    inner = [
        (_KEPT if len(cell) <= _SHORT else _FITTED, html.escape(cell))
        for cell in others
    ]
    if note:
        inner[-1] = (_FITTED, f'{inner[-1][1]}<p style="{_SMALL}">{note}</p>')
    shown = "".join(f'<{tag} style="{style}">{cell}</{tag}>' for style, cell in inner)
    return f'<tr><{tag} style="{_CELL}">{html.escape(first)}</{tag}>{shown}</tr>'
