"""Migrating files on disk, and taking it back."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from langchain_unified.migrate.api import migrate_or_raise
from langchain_unified.migrate.facts import NEW_MODULE
from langchain_unified.migrate.files import (
    decoded,
    find_files,
    is_own,
    read_bytes,
    root_of,
    write_bytes,
)
from langchain_unified.migrate.notebook import joined_cells
from langchain_unified.migrate.record import Record, RecordError
from langchain_unified.migrate.source import NotUnderstoodError
from langchain_unified.migrate.takers import (
    Source,
    Taking,
    broken_takings,
    find_takings,
    options_for,
)
from langchain_unified.migrate.types import FileOutcome, Options, Run, place_of

PathLike = str | os.PathLike[str]


def migrate_paths(
    paths: Iterable[PathLike],
    *,
    write: bool = True,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    options: Options | None = None,
) -> Run:
    r"""Move modules and notebooks to `UnifiedChatModel`.

    In each folder given, or beside each file given, a record
    `.langchain-unified-migrate.json` is written, from which `revert_paths` works.

    Args:
        paths: Files and folders.
        write: Whether to write, or only to tell what would be written.
        include: Patterns of files to take, relative to the folder.
        exclude: Patterns of files to leave.
        options: How to migrate.

    Raises:
        FileNotFoundError: If a path does not exist.
        RecordError: If a record cannot be read.

    Example:
        >>> import tempfile, pathlib
        >>> from langchain_unified.migrate import migrate_paths, revert_paths
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = pathlib.Path(folder, "app.py")
        ...     code = "from langchain_openai import ChatOpenAI\nChatOpenAI()\n"
        ...     _ = file.write_text(code)
        ...     done = migrate_paths([folder])
        ...     moved = "UnifiedChatModel" in file.read_text()
        ...     back = revert_paths([folder])
        ...     done.files[0].status, moved, file.read_text() == code
        ('changed', True, True)
    """
    roots = _checked(paths)
    found = {
        root: list(find_files(root, include=include, exclude=exclude)) for root in roots
    }
    files = list(dict.fromkeys(file for names in found.values() for file in names))
    takings = find_takings(_codes(files))
    options = options or Options()
    steps = {file: _decide(file, options_for(file, options, takings)) for file in files}
    steps = {file: _told(step, takings, steps) for file, step in steps.items()}
    outcomes: dict[Path, FileOutcome] = {}
    for root, names in found.items():
        new = [steps[file] for file in names if file not in outcomes]
        outcomes |= _finished(new, Record(root_of(root)) if write else None)
    return Run(tuple(outcomes.values()))


def _told(step: _Step, takings: Sequence[Taking], steps: Mapping[Path, _Step]) -> _Step:
    """Report the places of a file that took from another what changed there."""
    homes = {path: other.outcome.migration for path, other in steps.items()}
    reports = broken_takings(step.outcome.path, takings, homes)
    if not reports:
        return step
    migration = step.outcome.migration
    merged = tuple(sorted({*migration.reports, *reports}, key=place_of))
    outcome = replace(step.outcome, migration=replace(migration, reports=merged))
    return replace(step, outcome=outcome)


def _finished(steps: list[_Step], record: Record | None) -> dict[Path, FileOutcome]:
    """Write what is to be written; return what became of each file."""
    decided = {step.outcome.path: step.outcome for step in steps}
    return decided if record is None else {**decided, **_write(steps, record)}


@dataclass(frozen=True, slots=True)
class _Step:
    """What became of a file, and its bytes."""

    outcome: FileOutcome
    before: bytes = b""
    after: bytes = b""


def _checked(paths: Iterable[PathLike]) -> list[Path]:
    roots = [Path(path) for path in paths]
    for root in roots:
        if not root.exists():
            msg = f"{root} does not exist"
            raise FileNotFoundError(msg)
    return roots


def _codes(files: Iterable[Path]) -> dict[Path, Source]:
    """Return the Python code of the modules and notebooks that can be read."""
    codes = {file: _code(file) for file in files}
    return {file: code for file, code in codes.items() if code is not None}


def _code(path: Path) -> Source | None:
    try:
        code = decoded(read_bytes(path), path)[0]
        return joined_cells(code) if path.suffix == ".ipynb" else Source(code)
    except (OSError, NotUnderstoodError):
        return None


def _decide(path: Path, options: Options) -> _Step:
    """Migrate a file; write nothing."""
    if is_own(path):
        return _Step(FileOutcome(path, "untouched", f"is part of {NEW_MODULE} itself"))
    try:
        before = read_bytes(path)
        code, encoding = decoded(before, path)
        migration = migrate_or_raise(code, path=path, options=options)
    except NotUnderstoodError as error:
        return _Step(FileOutcome(path, "untouched", str(error)))
    except OSError as error:
        return _Step(_failed(path, error))
    after = migration.code.encode(encoding)
    if after == before:
        return _Step(FileOutcome(path, "unchanged", migration=migration))
    diff = _diff(path, code, migration.code)
    outcome = FileOutcome(path, "changed", migration=migration, diff=diff)
    return _Step(outcome, before, after)


def _failed(path: Path, error: OSError) -> FileOutcome:
    return FileOutcome(path, "failed", error.strerror or str(error))


def _write(steps: list[_Step], record: Record) -> dict[Path, FileOutcome]:
    """Write the record, then the files: whatever stops in between can be reverted."""
    changed = [step for step in steps if step.outcome.status == "changed"]
    if not changed:
        return {}
    for step in changed:
        record.add(step.outcome.path, step.before, step.after)
    record.save()
    failed = (_failure(step) for step in changed)
    return {outcome.path: outcome for outcome in failed if outcome is not None}


def _failure(step: _Step) -> FileOutcome | None:
    """Write a file; return what became of it if that failed."""
    try:
        write_bytes(step.outcome.path, step.after)
    except OSError as error:
        return _failed(step.outcome.path, error)
    return None


def _diff(path: Path, before: str, after: str) -> str:
    name = path.as_posix().lstrip("/")
    lines = difflib.unified_diff(
        _lines(before), _lines(after), f"a/{name}", f"b/{name}"
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for line in lines
    )


def _lines(text: str) -> list[str]:
    return [line for line in re.split(r"(?<=\n)", text) if line]


def revert_paths(paths: Iterable[PathLike]) -> Run:
    """Take migrations back, from the records in the folders given.

    A file that was changed since is left as it is, and so is its part of the record.

    Args:
        paths: What was given to `migrate_paths`; a file takes back that file only.

    Raises:
        FileNotFoundError: If a path does not exist.
        RecordError: If a record cannot be read, or there is none.
    """
    outcomes: list[FileOutcome] = []
    for root in _checked(paths):
        record = Record(root_of(root))
        if not record.files:
            msg = f"{record.path} does not exist: nothing to revert"
            raise RecordError(msg)
        names = [root.name] if root.is_file() else list(record.files)
        outcomes += [_revert_file(record, name) for name in names]
        record.save()
    return Run(tuple(outcomes))


def _revert_file(record: Record, name: str) -> FileOutcome:
    path = record.root / name
    if name not in record.files:
        return FileOutcome(path, "untouched", "was not migrated")
    try:
        _check_inside(record, path)
        before = path.read_bytes()
        after = record.original(name, before)
        if after != before:
            write_bytes(path, after)
    except RecordError as error:
        return FileOutcome(path, "untouched", str(error))
    except OSError as error:
        return _failed(path, error)
    del record.files[name]
    return FileOutcome(path, "reverted")


def _check_inside(record: Record, path: Path) -> None:
    if not path.resolve().is_relative_to(record.root.resolve()):
        msg = "is outside the folder of the record"
        raise RecordError(msg)
