"""Shadow reports: for people, for programs, and merged over processes."""

from __future__ import annotations

import html
import json
import logging
import math
import os
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from langchain_unified.errors import InvalidParameterError
from langchain_unified.types.display import table_html
from langchain_unified.types.plans import ChangeKind

UNKNOWN = "unknown"
"""Stands for what the path before sends where nobody saw it."""

FORMAT = 1
SUFFIX = ".shadow.json"
"""How the file of one process ends."""

ALL_MODELS = "(other models)"
_LOG = logging.getLogger("langchain_unified")
_IN = " " * 9
_COUNTS = ("compared", "identical", "skipped", "failed", "unseen", "processes")
_HEADS = ("calls", "model", "parameter", "before", "unified", "kind", "meaning")

Kind = ChangeKind | Literal["refused", "mended", "kept", "unexplained"]
"""Why two requests differ: a change on the plan, or one of ours: `refused` (the unified
path raises before sending), `mended` (the request before fails or loses something),
`kept` (the path before leaves out what was asked for) or `unexplained`."""

ADVICE: dict[str, str] = {
    "unexplained": "Check these first: compare both requests before you switch.",
    "refused": "Fix the calling code, or keep these calls on the legacy path.",
    "mended": "Nothing to do: today these calls fail or lose a setting.",
    "kept": "Expect other responses: a setting that had no effect takes effect.",
    "dropped": "Remove the setting from the call, or use a model that supports it.",
    "clamped": "Set the value that is sent, or use a model that accepts yours.",
    "emulated": "Check one response: the client does what the model does not support.",
    "defaulted": "Set the value yourself if you want another one.",
    "routed": "Compare cost, latency and stored state of the other endpoint.",
    "translated": "Nothing to do: the same meaning in another form.",
    "renamed": "Nothing to do: the same value under another name.",
    "learned": "Nothing to do: the provider rejected the original request.",
}
"""What to do about each kind of difference."""


@dataclass(frozen=True)
class Difference:
    """One kind of difference between the requests of the two paths.

    Attributes:
        model: Wire name of the model.
        parameter: The setting, or `endpoint`, `messages`,
            `base_url` or `extra_headers`.
        legacy: An example of what the legacy path sends, as JSON; `None` if nothing,
            `unknown` if it was not captured.
        unified: What the unified path sends, as JSON; `None` if nothing.
        meaning: The effect on the call.
        calls: The number of calls with this difference.
        kind: The reason for the difference.
        where: The place inside the setting; empty for the whole of it.
    """

    model: str
    parameter: str
    legacy: str | None
    unified: str | None
    meaning: str
    calls: int = 1
    kind: Kind = "unexplained"
    where: str = ""

    @property
    def explained(self) -> bool:
        """Whether a change on the plan or a fact of the registry says why."""
        return self.kind != "unexplained"

    @property
    def advice(self) -> str:
        """What to do about it."""
        return ADVICE[self.kind]

    @property
    def row(self) -> tuple[object, ...]:
        """What makes it a kind of its own; values do not."""
        gone = self.legacy is None, self.unified is None
        return self.model, self.parameter, self.where, self.kind, *gone


@dataclass(frozen=True)
class Mirrored:
    """A shadowed call that was also sent on the unified path.

    Attributes:
        model: Wire name of the model.
        verdict: What the user's function says of both answers: whether they are
            equally good, or a score; `None` without one.
        legacy_seconds: How long the legacy answer took.
        unified_seconds: How long the unified answer took.
        error: Why there is no unified answer, if there is none.
        cost_usd: What the unified answer cost in US dollars; `None` if no price is
            known.
    """

    model: str
    verdict: bool | float | None = None
    legacy_seconds: float = 0.0
    unified_seconds: float = 0.0
    error: str | None = None
    cost_usd: float | None = None


@dataclass(frozen=True)
class ShadowReport:
    """The results of a shadow run; shown as a table in a terminal and in a notebook.

    Attributes:
        compared: Calls whose requests were compared.
        identical: Calls for which both paths send the same.
        skipped: Calls not compared because the queue was full.
        failed: Calls that could not be compared.
        differences: The kinds of difference, most frequent first.
        mirrored: Calls also sent on the unified path.
        complete: Whether every comparison under way was waited for, and every file of
            a folder could be read.
        unseen: Calls that were not compared, because what the old service sends is not
            known, or not of one form with ours; what the unified path changes is in
            `differences` all the same.
        processes: How many processes it is made of.
        uncompared: How many of those there are for each reason.
    """

    compared: int = 0
    identical: int = 0
    skipped: int = 0
    failed: int = 0
    differences: tuple[Difference, ...] = ()
    mirrored: tuple[Mirrored, ...] = ()
    complete: bool = True
    unseen: int = 0
    processes: int = 1
    uncompared: Mapping[str, int] = field(default_factory=dict)

    def of(self, model: str) -> dict[str, Difference]:
        """Return the differences of one model by parameter."""
        return {d.parameter: d for d in self.differences if d.model == model}

    def by_kind(self) -> dict[str, int]:
        """Return how many calls showed each kind of difference, unexplained first."""
        found: Counter[str] = Counter()
        for difference in self.differences:
            found[difference.kind] += difference.calls
        return {kind: found[kind] for kind in ADVICE if found[kind]}

    @staticmethod
    def merge(reports: Iterable[ShadowReport]) -> ShadowReport:
        """Return one report of several, for example one of each process."""
        given, rows = list(reports), Rows()
        rows.add(row for one in given for row in one.differences)
        return ShadowReport(
            **{name: sum(getattr(one, name) for one in given) for name in _COUNTS},
            differences=rows.by_frequency(),
            mirrored=tuple(copy for one in given for copy in one.mirrored),
            complete=all(one.complete for one in given),
            uncompared=dict(sum((Counter(x.uncompared) for x in given), Counter())),
        )

    @staticmethod
    def load(folder: str | os.PathLike[str]) -> ShadowReport:
        """Return the report of all processes that write into a folder.

        A file that cannot be read is logged; the report is then not complete.

        Args:
            folder: The folder passed as `Rollout(report_to=...)`.
        """
        return ShadowReport.merge(map(_read, sorted(Path(folder).glob(f"*{SUFFIX}"))))

    def to_json(self) -> str:
        """Return the report as JSON; `from_json` reads it."""
        plain = {"format": FORMAT, **asdict(self)}
        for row, one in zip(plain["differences"], self.differences, strict=True):
            row |= {"explained": one.explained, "advice": one.advice}
        return json.dumps(plain, indent=1)

    @staticmethod
    def from_json(text: str) -> ShadowReport:
        """Return a report that was written as JSON.

        Raises:
            InvalidParameterError: If it is not a report, or from another version of
                this package.
        """
        try:
            plain = json.loads(text)
            known = plain if plain["format"] == FORMAT else None
            return TypeAdapter(ShadowReport).validate_python(known)
        except (ValueError, LookupError, TypeError):
            accepted = f"give a report of format {FORMAT}."
            raise InvalidParameterError("report", text[:60], accepted) from None

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the report as JSON, atomically."""
        target = Path(path)
        beside = target.with_name(f".{target.name}.{os.getpid()}")
        beside.write_text(self.to_json(), encoding="utf-8")
        beside.replace(target)

    def __str__(self) -> str:
        """Return the report as text for a terminal."""
        lines = [self._summary()]
        for calls, name, place, was, now, kind, meaning in self._cells():
            where = place.replace(" ", " at ", 1)
            lines.append(f"{calls:>6} x {name}: {where}  {was} -> {now}")
            lines += textwrap.wrap(
                f"{meaning} ({kind})", 88, initial_indent=_IN, subsequent_indent=_IN
            )
        return "\n".join([*lines, *self._advice()])

    def html(self) -> str:
        """Return the report as an HTML fragment; its values are escaped."""
        told = [f"<p>{html.escape(x)}</p>" for x in (self._summary(), *self._advice())]
        table = table_html(self._cells(), _HEADS) if self.differences else ""
        return "".join([told[0], table, *told[1:]])

    def _repr_html_(self) -> str:
        return self.html()

    def _cells(self) -> Iterator[tuple[str, ...]]:
        for one in self.differences:
            place = " ".join(filter(None, (one.parameter, one.where)))
            texts = ("not sent" if x is None else x for x in (one.legacy, one.unified))
            yield (str(one.calls), one.model, place, *texts, one.kind, one.meaning)

    def _advice(self) -> list[str]:
        why = (f"not compared ({n}): {why}." for why, n in self.uncompared.items())
        kinds = self.by_kind().items()
        return [*why, *(f"{kind} ({n}): {ADVICE[kind]}" for kind, n in kinds)]

    def _summary(self) -> str:
        lost = sum(d.calls for d in self.differences if not d.explained)
        parts = [
            f"{self.compared} calls compared",
            f"{self.identical} with identical payloads",
            f"{len(self.differences)} differences",
            lost and f"{lost} unexplained",
            self.unseen and f"{self.unseen} not compared",
            self.skipped and f"{self.skipped} skipped",
            self.failed and f"{self.failed} failed to compare",
            self.mirrored and _mirror_summary(self.mirrored),
            self.processes > 1 and f"{self.processes} processes",
            not self.complete and "some calls are still running or unreadable",
        ]
        return ", ".join(str(part) for part in parts if part) + "."


def _read(file: Path) -> ShadowReport:
    try:
        return ShadowReport.from_json(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        _LOG.warning("The shadow report %s cannot be read: %s", file, error)
        return ShadowReport(complete=False, processes=0)


class Rows:
    """Kinds of difference, each with the number of calls that showed it."""

    def __init__(self, most: float = math.inf) -> None:
        """Keep so many kinds apart, and count further ones for all models together."""
        self._most, self._rows = most, dict[tuple[object, ...], Difference]()

    def add(self, rows: Iterable[Difference]) -> None:
        """Count what calls showed."""
        for row in rows:
            if row.row not in self._rows and len(self._rows) >= self._most:
                row = replace(row, model=ALL_MODELS, where="")  # noqa: PLW2901
            found = self._rows.get(row.row)
            calls = row.calls + (found.calls if found else 0)
            self._rows[row.row] = replace(found or row, calls=calls)

    def by_frequency(self) -> tuple[Difference, ...]:
        """Return the kinds, most frequent first."""
        rows = self._rows.values()
        return tuple(sorted(rows, key=lambda d: (-d.calls, d.model, d.parameter)))


def _mirror_summary(mirrored: tuple[Mirrored, ...]) -> str:
    answered = [one for one in mirrored if one.error is None]
    parts = []
    if judged := [float(x.verdict) for x in answered if x.verdict is not None]:
        parts.append(f"{sum(judged) / len(judged):.0%} judged equal")
    if failed := len(mirrored) - len(answered):
        parts.append(f"{failed} failed")
    if answered:
        legacy = sum(one.legacy_seconds for one in answered) / len(answered)
        unified = sum(one.unified_seconds for one in answered) / len(answered)
        parts.append(f"{legacy:.2f} s against {unified:.2f} s on average")
    if cost := sum(one.cost_usd or 0.0 for one in answered):
        parts.append(f"${cost:.4f}")
    return f"{len(mirrored)} mirrored ({', '.join(parts)})"
