"""A plan for people: a table in a terminal, another in a notebook."""

from __future__ import annotations

import html
import json
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_unified.types import CallPlan

_WIDTH = 88
_CSS = (
    "border-collapse:collapse;font-family:ui-monospace,monospace;font-size:0.9em;"
    "color:inherit;background:transparent"
)
_CELL = "padding:2px 10px 2px 0;text-align:left;vertical-align:top;border:0"


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
        facts.append(("stop here", compact(list(plan.stop))))
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
    facts = "".join(_row(pair) for pair in plan_rows(plan))
    heads = ("what", "setting", "asked for", "sent", "why")
    changes = "".join(
        _row((c.kind, c.parameter, compact(c.requested), compact(c.sent), _why(c)))
        for c in plan.changes
    )
    tables = f'<table style="{_CSS}">{facts}</table>'
    if changes:
        tables += f'<table style="{_CSS}">{_row(heads, "th")}{changes}</table>'
    return tables


def _why(change: Any) -> str:
    return f"{change.reason} [{change.source}]" if change.source else change.reason


def _row(cells: tuple[str, ...], tag: str = "td") -> str:
    inner = "".join(
        f'<{tag} style="{_CELL}">{html.escape(cell)}</{tag}>' for cell in cells
    )
    return f"<tr>{inner}</tr>"
