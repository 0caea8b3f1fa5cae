"""The report at the end, as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from langchain_unified.migrate.dependencies import requirement
from langchain_unified.migrate.types import Change, FileOutcome, Kind, Report, Run

_HEADS: tuple[tuple[Kind, str], ...] = (
    ("untouched", "Not changed; decide by hand:"),
    ("check", "Changed, but not everything could be checked; please review:"),
)


def render_report(run: Run, *, written: bool, changes: bool = False) -> str:
    """Return the report of a run, places with the same reason together.

    Args:
        run: What became of the files.
        written: Whether the changes were written.
        changes: Whether to list the changes too.
    """
    lines = [
        *_changes(run, written=written, listed=changes),
        *(line for kind, head in _HEADS for line in _places(run, kind, head)),
        *(*_files(run), *_unseen(run), *_verified(run), *_needed(run)),
        *_next(run, written=written),
    ]
    return "\n".join([*lines, _summary(run, written=written)])


def _changes(run: Run, *, written: bool, listed: bool) -> Iterator[str]:
    for file in run.of("changed"):
        count = len(file.migration.changes)
        places = f" ({count} places)" if count and not listed else ""
        yield f"{file.path}: {'changed' if written else 'would change'}{places}"
        if listed:
            for change in file.migration.changes:
                yield f"  {_place(file, change)}: {change.text}"


def _places(run: Run, kind: Kind, head: str) -> Iterator[str]:
    """Yield the places to look at; a reason that several share stands once."""
    reasons: dict[str, list[str]] = {}
    for file in run.files:
        for report in file.migration.reports:
            if report.kind == kind:
                reasons.setdefault(report.reason, []).append(_place(file, report))
    if reasons:
        yield head
    for reason, places in reasons.items():
        if len(places) == 1:
            yield f"  {places[0]}: {kind}: {reason}"
            continue
        yield f"  {len(places)} places: {reason}"
        yield from (f"    {place}" for place in places)


def _place(file: FileOutcome, item: Change | Report) -> str:
    cell = f"cell {item.cell}:" if item.cell else ""
    return f"{file.path}:{cell}{item.line}"


def _files(run: Run) -> Iterator[str]:
    for file in run.of("untouched", "failed", "reverted"):
        yield f"{file.path}: {file.status}{': ' if file.reason else ''}{file.reason}"


def _unseen(run: Run) -> Iterator[str]:
    for path in run.unseen:
        yield f"{path}: skipped; name it on the command line to migrate it"


def _verified(run: Run) -> Iterator[str]:
    same = sum(not one.problem for one in run.verified)
    if same:
        yield f"{same} modules import as before, with the same names."
    yield from (f"  {one.path}: {one.problem}" for one in run.verified if one.problem)


def _needed(run: Run) -> Iterator[str]:
    rules = {c.rule for file in run.files for c in file.migration.changes}
    if rules and not run.dependencies:
        yield f"The code needs: pip install '{requirement(rules)}'"
    for one in run.dependencies:
        does = " (--write-dependencies does)" if one.code is not None else ""
        yield f"Add to {one.path}: {one.line}{does}"


def _next(run: Run, *, written: bool) -> Iterator[str]:
    if written and _moved(run.of("changed")):
        yield (
            "Next: run your tests; LANGCHAIN_UNIFIED_ROLLOUT=shadow compares with "
            "ChatOpenAI, canary:10 moves a tenth, legacy goes back at once."
        )


def _moved(files: Iterable[FileOutcome]) -> bool:
    return any(file.migration.changes for file in files)


def _summary(run: Run, *, written: bool) -> str:
    if run.of("reverted"):
        return f"{len(run.of('reverted'))} reverted, {_left(run)}."
    changed = run.of("changed")
    places = sum(len(file.migration.changes) for file in changed)
    reports = [report for file in run.files for report in file.migration.reports]
    untouched = sum(report.kind == "untouched" for report in reports)
    verb = "changed" if written else "would change"
    return (
        f"{len(changed)} of {len(run.files)} files {verb} ({places} places); "
        f"{untouched} places not changed, {len(reports) - untouched} to check; "
        f"{_left(run)}."
    )


def _left(run: Run) -> str:
    untouched, failed = len(run.of("untouched")), len(run.of("failed"))
    return f"{untouched} files not changed, {failed} failed"
