"""Migrating files on disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from langchain_unified.migrate.deciding import (
    Step,
    decide,
    decide_dependency,
    decide_settings,
    failed,
    python_code,
)
from langchain_unified.migrate.dependencies import find_dependencies
from langchain_unified.migrate.files import (
    Found,
    checked_paths,
    find_files,
    root_of,
    write_bytes,
)
from langchain_unified.migrate.record import Record
from langchain_unified.migrate.takers import (
    Taking,
    broken_takings,
    find_takings,
    options_for,
)
from langchain_unified.migrate.types import (
    Dependency,
    FileOutcome,
    Options,
    Run,
    Verified,
    place_of,
)
from langchain_unified.migrate.verify import Verify, verified

Progress = Callable[[int, int], None]
"""Told after each file how many are done, of how many."""


def migrate_paths(
    paths: Iterable[str | os.PathLike[str]],
    *,
    write: bool = True,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    options: Options | None = None,
    verify: Verify = "none",
    write_dependencies: bool = False,
    progress: Progress | None = None,
) -> Run:
    r"""Move modules and notebooks to `UnifiedChatModel`.

    A record `.langchain-unified-migrate.json` beside them serves `revert_paths`.

    Args:
        paths: Files and folders.
        write: Whether to write, or only to tell what would be written.
        include: Patterns of files to take, relative to the folder.
        exclude: Patterns of files to leave.
        options: How to migrate.
        verify: Which of the changed modules to import before and after, in a child
            process, to compare what they offer: those that only define things
            (`"definitions"`), `"all"` or `"none"`.
        write_dependencies: Whether to add this package where dependencies are listed.
        progress: Told after each file how many are done, of how many.

    Raises:
        FileNotFoundError: If a path does not exist.
        RecordError: If a record cannot be read.

    Example:
        >>> import tempfile, pathlib
        >>> from langchain_unified.migrate import migrate_paths
        >>> code = "from langchain_openai import ChatOpenAI\nChatOpenAI()\n"
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = pathlib.Path(folder, "app.py")
        ...     _ = file.write_text(code)
        ...     migrate_paths([folder]).files[0].status
        'changed'
    """
    roots = checked_paths(paths)
    found = {root: find_files(root, include=include, exclude=exclude) for root in roots}
    steps = _decided(found, options or Options(), progress)
    needed = _dependencies(roots, steps)
    if write_dependencies:
        _add_dependencies(steps, needed)
    unseen = tuple(path for one in found.values() for path in one.unseen)
    run = Run((), unseen, tuple(one for some in needed.values() for one in some))
    return _carried_out(run, steps, verify if write else None)


def _add_dependencies(
    steps: Mapping[Path, list[Step]], needed: Mapping[Path, Sequence[Dependency]]
) -> None:
    for root, some in needed.items():
        written = map(decide_dependency, some)
        steps[root].extend(step for step in written if step is not None)


def _carried_out(
    run: Run, steps: Mapping[Path, list[Step]], verify: Verify | None
) -> Run:
    """Return the run with what became of each file; `None` for writing none."""
    outcomes = {s.outcome.path: s.outcome for some in steps.values() for s in some}
    imported: tuple[Verified, ...] = ()
    if verify is not None:
        codes = _changed_code(steps) if verify != "none" else {}
        change = lambda: outcomes.update(_written(steps))  # noqa: E731
        imported = verified(codes, change, verify=verify)
    return replace(run, files=tuple(outcomes.values()), verified=imported)


def _decided(
    found: Mapping[Path, Found], options: Options, progress: Progress | None
) -> dict[Path, list[Step]]:
    """Decide what becomes of each file, once, by the root it was found in."""
    files = list(dict.fromkeys(file for one in found.values() for file in one.code))
    takings = find_takings(python_code(files))
    steps: dict[Path, Step] = {}
    for number, file in enumerate(files, 1):
        steps[file] = decide(file, options_for(file, options, takings))
        if progress is not None:
            progress(number, len(files))
    told = {file: _told(step, takings, steps) for file, step in steps.items()}
    decided: dict[Path, list[Step]] = {}
    for root, one in found.items():
        decided[root] = [told.pop(file) for file in one.code if file in told]
        decided[root] += filter(None, map(decide_settings, one.settings))
    return decided


def _told(step: Step, takings: Sequence[Taking], steps: Mapping[Path, Step]) -> Step:
    """Report the places of a file that took from another what changed there."""
    homes = {path: other.outcome.migration for path, other in steps.items()}
    reports = broken_takings(step.outcome.path, takings, homes)
    if not reports:
        return step
    migration = step.outcome.migration
    merged = tuple(sorted({*migration.reports, *reports}, key=place_of))
    outcome = replace(step.outcome, migration=replace(migration, reports=merged))
    return replace(step, outcome=outcome)


def _dependencies(
    roots: Sequence[Path], steps: Mapping[Path, list[Step]]
) -> dict[Path, list[Dependency]]:
    migrated = {
        root: {step.outcome.path: step.outcome.migration for step in steps[root]}
        for root in roots
        if root.is_dir()
    }
    return {root: find_dependencies(root, files) for root, files in migrated.items()}


def _changed_code(steps: Mapping[Path, list[Step]]) -> dict[Path, str]:
    """Return the code, as it was, of the modules that change."""
    return {
        step.outcome.path: step.before.decode("utf-8", "replace")
        for some in steps.values()
        for step in some
        if step.outcome.status == "changed" and step.outcome.path.suffix == ".py"
    }


def _written(steps: Mapping[Path, list[Step]]) -> dict[Path, FileOutcome]:
    """Write what changes; return what became of each file where that failed."""
    outcomes: dict[Path, FileOutcome] = {}
    for root, some in steps.items():
        outcomes |= _write(some, Record(root_of(root)))
    return outcomes


def _write(steps: list[Step], record: Record) -> dict[Path, FileOutcome]:
    """Write the record, then the files: whatever stops in between can be reverted."""
    changed = [step for step in steps if step.outcome.status == "changed"]
    if not changed:
        return {}
    for step in changed:
        record.add(step.outcome.path, step.before, step.after)
    record.save()
    tried = (_failure(step) for step in changed)
    return {outcome.path: outcome for outcome in tried if outcome is not None}


def _failure(step: Step) -> FileOutcome | None:
    """Write a file; return what became of it if that failed."""
    try:
        write_bytes(step.outcome.path, step.after)
    except OSError as error:
        return failed(step.outcome.path, error)
    return None
