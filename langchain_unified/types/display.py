"""Text and HTML representations of plans, model configs and the registry."""

from __future__ import annotations

import html
import json
import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

# These classes import this module to display themselves, so it cannot import them.
CallPlan: TypeAlias = Any
ModelConfig: TypeAlias = Any
ParameterRule: TypeAlias = Any
Registry: TypeAlias = Any

_WIDTH, _LABEL, _INDENT = 80, 12, " " * 13
"""Columns of a narrow terminal, and of its labels; the indent of a paragraph."""

_CSS = (
    "border-collapse:collapse;font-family:ui-monospace,monospace;font-size:0.85em;"
    "color:inherit;background:transparent"
)
_CELL = "padding:2px 10px 2px 0;text-align:left;vertical-align:top;border:0"
_NAME = f"{_CELL};white-space:nowrap"
"""A name is never broken, not even at its hyphens: broken, it cannot be copied."""

_TEXT = f"{_CELL};overflow-wrap:break-word;min-width:8em"
"""Text breaks between words; a very long word makes the box around it scroll."""

_DATA = f"{_CELL};overflow-wrap:anywhere;min-width:8em"
"""Data without spaces, such as base64, breaks anywhere."""

_BOX = "overflow-x:auto;max-width:100%"
_SHORT, _LONGEST_NAME = 20, 60
"""Characters of text that stays on one line; characters of the longest name."""

_BREAKS = re.compile(r"(?<=[a-z])([./])(?=[a-zA-Z])")
"""Where a long path or wire name, such as `generationConfig.topP`, may break."""

ACCEPTS = {
    "any": "accepted",
    "effort_none": "accepted with reasoning_effort=none only",
    "default": "default value only",
    "ignored": "ignored",
    "never": "not supported",
}
"""Words for whether a model accepts a parameter."""

_SMALL = "margin:0;font-size:0.9em"


def plan_rows(plan: CallPlan) -> list[tuple[str, str]]:
    """Return the facts of a plan as pairs of label and value."""
    facts = [
        ("model", plan.model),
        ("provider", plan.provider),
        ("endpoint", f"{plan.endpoint} ({plan.route})"),
        ("family", f"{plan.config.family} ({plan.config.match})"),
        ("stream", "yes" if plan.stream else "no"),
        ("parameters", compact(plan.body)),
    ]
    if plan.requested_model != plan.model:
        facts.insert(0, ("requested", plan.requested_model))
    if plan.stop:
        facts.append(("client stop", compact(list(plan.stop))))
    if plan.calls > 1:
        facts.append(("requests", str(plan.calls)))
    return facts


def compact(value: Any) -> str:
    """Return a value as one line of JSON."""
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    return dict(value) if hasattr(value, "keys") else str(value)


def plan_text(plan: CallPlan) -> str:
    """Return a plan as text for a terminal."""
    lines = label_lines(plan_rows(plan))
    lines.append("changes" if plan.changes else f"{'changes':<{_LABEL}}none")
    return "\n".join([*lines, *change_lines(plan)])


def change_lines(plan: CallPlan, *, sources: bool = True) -> list[str]:
    """Return the changes of a plan as lines: what became of each setting, and why."""
    lines = []
    for change in plan.changes:
        lines.append(f"  {change.kind:<10} {change.parameter}  {_moved(change)}")
        source = f" [{change.source}]" if sources and change.source else ""
        lines += _wrapped(change.reason + source, _INDENT, _INDENT)
    return lines


def label_lines(rows: Iterable[tuple[str, str]], width: int = _WIDTH) -> list[str]:
    """Return pairs of label and value as lines, each value in a column of its own."""
    indent = " " * _LABEL
    return [
        line
        for label, value in rows
        for line in _wrapped(value, f"{label:<{_LABEL}}", indent, width)
    ]


def _wrapped(text: str, first: str, others: str, width: int = _WIDTH) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=others,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _moved(change: Any) -> str:
    requested, sent = compact(change.requested), compact(change.sent)
    if change.sent is None:
        return f"{requested} not sent"
    if change.kind == "renamed" and isinstance(change.sent, str):
        return f"{requested} sent as {change.sent}"
    return f"{requested} -> {sent}"


def plan_html(plan: CallPlan) -> str:
    """Return a plan as tables for a notebook, in the notebook's own colours."""
    changes = [
        (c.parameter, c.kind, compact(c.requested), _sent(c), c.reason, c.source)
        for c in plan.changes
    ]
    if not changes:
        return table_html([*plan_rows(plan), ("changes", "none")])
    heads = ("parameter", "change", "requested", "sent", "reason and source")
    return table_html(plan_rows(plan)) + table_html(changes, heads)


def _sent(change: Any) -> str:
    if change.sent is None:
        return "not sent"
    named = change.kind == "renamed" and isinstance(change.sent, str)
    return f"as {change.sent}" if named else compact(change.sent)


def config_rows(config: ModelConfig) -> list[tuple[str, str]]:
    """Return the facts about a model as pairs of label and value."""
    features = [name for name, value in config.features.items() if value is True]
    facts = [
        ("model", config.model),
        ("provider", config.provider),
        ("family", f"{config.family} ({config.match})"),
        ("endpoints", ", ".join(config.endpoints)),
        ("effort", _effort(config)),
        ("tokens", ", ".join(f"{k} {v:,}" for k, v in config.limits.items())),
        ("features", ", ".join(features)),
        ("lifecycle", _lifecycle(config)),
    ]
    return [(label, value) for label, value in facts if value]


def config_html(config: ModelConfig) -> str:
    """Return the facts about a model as tables for a notebook."""
    rules = [
        (rule.parameter, endpoint, rule.name, _accepted(rule), str(rule.provenance))
        for endpoint, mapping in config.mappings.items()
        for rule in mapping.rules.values()
    ]
    heads = ("parameter", "endpoint", "sent as", "accepted values and source")
    folded = _folded(f"{len(rules)} parameter rules", table_html(rules, heads))
    return table_html(config_rows(config)) + folded


def _effort(config: ModelConfig) -> str:
    levels = dict.fromkeys(
        level for levels in config.thinking.levels.values() for level in levels
    )
    default = config.thinking.default
    parts = [", ".join(levels)] if levels else []
    return "; ".join([*parts, f"default {default}"] if default else parts)


def _lifecycle(config: ModelConfig) -> str:
    life = config.lifecycle
    facts = (
        ("released", life.released),
        ("deprecated", life.deprecated),
        ("shutdown", life.shutdown),
        ("replacement", life.replacement),
    )
    return ", ".join(f"{label} {value}" for label, value in facts if value)


def _accepted(rule: ParameterRule) -> str:
    low, high = rule.minimum, rule.maximum
    span = "" if low is None and high is None else f"{_end(low)} to {_end(high)}"
    values = "" if rule.values is None else compact(list(rule.values))
    needs = f"requires {rule.requires}" if rule.requires else ""
    parts = (ACCEPTS.get(rule.accepts, rule.accepts), span, values, needs)
    return ", ".join(part for part in parts if part)


def _end(number: float | None) -> str:
    return "any" if number is None else f"{number:g}"


_HEADS = (
    "model",
    "input tokens",
    "output tokens",
    "inputs",
    "reasoning effort",
    "shutdown",
)
_INPUTS = ("image", "pdf", "audio", "video")


def registry_html(registry: Registry) -> str:
    """Return the registry as tables for a notebook, one collapsed per provider."""
    return "".join(
        _folded(
            f"{provider}: {state}, {len(configs)} models",
            table_html([_model_row(c) for c in configs], _HEADS) if configs else "",
        )
        for provider, (state, configs) in _providers(registry).items()
    )


def _providers(registry: Registry) -> dict[str, tuple[str, list[ModelConfig]]]:
    """Return whether each provider is enabled, and its models available today."""
    today = registry.today()
    found: dict[str, tuple[str, list[ModelConfig]]] = {
        provider: ("enabled" if registry.is_enabled(provider) else "disabled", [])
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
    """Return a table in the notebook's own colours, with its cells escaped.

    A table that is wider than the page scrolls; names are not broken.

    Args:
        rows: The cells of each row; one more cell than there are heads is printed
            small below the last.
        heads: The titles of the columns.
    """
    head = _row(heads, "th") if heads else ""
    body = "".join(_row(row, below=len(row) > len(heads) > 0) for row in rows)
    return f'<div style="{_BOX}"><table style="{_CSS}">{head}{body}</table></div>'


def _row(cells: Sequence[str], tag: str = "td", *, below: bool = False) -> str:
    first, *others = cells
    note = _breakable(others.pop()) if below else ""
    if tag == "th":
        inner = [(_CELL, html.escape(cell)) for cell in others]
    else:
        inner = [_styled(cell) for cell in others]
    if note:
        inner[-1] = (_TEXT, f'{inner[-1][1]}<p style="{_SMALL}">{note}</p>')
    inner.insert(0, _styled(first))
    tags = [f'<{tag} style="{style}">{cell}</{tag}>' for style, cell in inner]
    return f"<tr>{''.join(tags)}</tr>"


def _styled(cell: str) -> tuple[str, str]:
    """Return the style of a cell and its escaped text."""
    is_name = "-" in cell and " " not in cell and len(cell) <= _LONGEST_NAME
    if is_name or len(cell) <= _SHORT:
        return _NAME, html.escape(cell)
    has_data = max(map(len, cell.split()), default=0) > _LONGEST_NAME
    return (_DATA if has_data else _TEXT), _breakable(cell)


def _breakable(text: str) -> str:
    return _BREAKS.sub(r"\1<wbr>", html.escape(text))
