"""The report at the end, as text."""

from __future__ import annotations

from collections.abc import Iterator

from langchain_unified.migrate.types import Change, FileOutcome, Report, Run


def render_report(run: Run, *, written: bool) -> str:
    """Return the report of a run.

    Args:
        run: What became of the files.
        written: Whether the changes were written.
    """
    lines = [line for file in run.files for line in _of_file(file, written=written)]
    return "\n".join([*lines, _summary(run, written=written)])


def _of_file(file: FileOutcome, *, written: bool) -> Iterator[str]:
    if file.status == "changed":
        yield f"{file.path}: {'changed' if written else 'would change'}"
    elif file.status != "unchanged":
        yield f"{file.path}: {file.status}{': ' if file.reason else ''}{file.reason}"
    for change in file.migration.changes:
        yield f"  {_place(file, change)}: {change.text}"
    for report in file.migration.reports:
        yield f"  {_place(file, report)}: {report.kind}: {report.reason}"


def _place(file: FileOutcome, item: Change | Report) -> str:
    cell = f"cell {item.cell}:" if item.cell else ""
    return f"{file.path}:{cell}{item.line}"


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
        f"{untouched} places left untouched, {len(reports) - untouched} to check; "
        f"{_left(run)}."
    )


def _left(run: Run) -> str:
    untouched, failed = len(run.of("untouched")), len(run.of("failed"))
    return f"{untouched} files left untouched, {failed} failed"
