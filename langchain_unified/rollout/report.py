"""What a shadow run showed, for people."""

from __future__ import annotations

import html
import textwrap
from typing import NamedTuple

_WIDTH = 88
_CSS = "border-collapse:collapse;color:inherit;background:transparent;font-size:0.9em"
_CELL = "padding:2px 10px 2px 0;text-align:left;vertical-align:top;border:0"
_HEADS = ("calls", "model", "parameter", "ChatOpenAI", "unified", "what it means")


class Difference(NamedTuple):
    """One parameter that the two paths send differently.

    Attributes:
        model: Wire name of the model.
        parameter: The setting in LangChain's words, or `endpoint` or `messages`.
        legacy: What ChatOpenAI sends, as JSON; `None` if nothing.
        unified: What the unified path sends, as JSON; `None` if nothing.
        meaning: What it means for the call.
        calls: How many calls showed it.
    """

    model: str
    parameter: str
    legacy: str | None
    unified: str | None
    meaning: str
    calls: int = 1


class Mirrored(NamedTuple):
    """A shadowed call that was also sent on the unified path.

    Attributes:
        model: Wire name of the model.
        same_text: Whether both answers have the same text.
        legacy_seconds: How long the legacy answer took.
        unified_seconds: How long the unified answer took.
        error: Why there is no unified answer, if there is none.
        cost_usd: What the unified answer cost in US dollars; `None` if no price is
            known.
    """

    model: str
    same_text: bool = False
    legacy_seconds: float = 0.0
    unified_seconds: float = 0.0
    error: str | None = None
    cost_usd: float | None = None


class ShadowReport(NamedTuple):
    """What a shadow run showed; prints as a table in a terminal and in a notebook.

    Attributes:
        compared: Calls whose payloads were compared.
        identical: Calls for which both paths send the same.
        skipped: Calls not compared because too many waited.
        failed: Calls that could not be compared.
        differences: What differs, most frequent first.
        mirrored: Calls also sent on the unified path.
        complete: Whether every comparison under way was waited for.
    """

    compared: int
    identical: int
    skipped: int
    failed: int
    differences: tuple[Difference, ...]
    mirrored: tuple[Mirrored, ...] = ()
    complete: bool = True

    def of(self, model: str) -> dict[str, Difference]:
        """Return the differences of one model by parameter."""
        return {d.parameter: d for d in self.differences if d.model == model}

    def __str__(self) -> str:
        """Return the report as text for a terminal."""
        lines = [self._summary()]
        for found in self.differences:
            lines.append(
                f"{found.calls:>6} x {found.model}: {found.parameter}  "
                f"{_shown(found.legacy)} -> {_shown(found.unified)}"
            )
            indent = " " * 9
            lines += textwrap.wrap(
                found.meaning, _WIDTH, initial_indent=indent, subsequent_indent=indent
            )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = [_row(_HEADS, "th")] if self.differences else []
        rows += [
            _row(
                (
                    str(found.calls),
                    found.model,
                    found.parameter,
                    _shown(found.legacy),
                    _shown(found.unified),
                    found.meaning,
                )
            )
            for found in self.differences
        ]
        summary = f"<p>{html.escape(self._summary())}</p>"
        return f'{summary}<table style="{_CSS}">{"".join(rows)}</table>'

    def _summary(self) -> str:
        parts = [
            f"{self.compared} calls compared",
            f"{self.identical} with identical payloads",
            f"{len(self.differences)} differences",
        ]
        parts += [f"{self.skipped} skipped"] if self.skipped else []
        parts += [f"{self.failed} failed to compare"] if self.failed else []
        parts += [_mirror_summary(self.mirrored)] if self.mirrored else []
        parts += [] if self.complete else ["more under way"]
        return ", ".join(parts) + "."


def _mirror_summary(mirrored: tuple[Mirrored, ...]) -> str:
    answered = [one for one in mirrored if one.error is None]
    same = sum(one.same_text for one in answered)
    text = f"{len(mirrored)} mirrored ({same} with the same text"
    if failed := len(mirrored) - len(answered):
        text += f", {failed} failed"
    if answered:
        legacy = sum(one.legacy_seconds for one in answered) / len(answered)
        unified = sum(one.unified_seconds for one in answered) / len(answered)
        text += f"; {legacy:.2f} s against {unified:.2f} s on average"
    if cost := sum(one.cost_usd or 0.0 for one in answered):
        text += f"; ${cost:.4f}"
    return text + ")"


def _shown(value: str | None) -> str:
    return "not sent" if value is None else value


def _row(cells: tuple[str, ...], tag: str = "td") -> str:
    inner = "".join(
        f'<{tag} style="{_CELL}">{html.escape(cell)}</{tag}>' for cell in cells
    )
    return f"<tr>{inner}</tr>"
