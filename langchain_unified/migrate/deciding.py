"""What becomes of one file; nothing is written."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from langchain_unified.migrate.api import migrate_or_raise
from langchain_unified.migrate.facts import NEW_MODULE
from langchain_unified.migrate.files import decoded, is_own, read_bytes
from langchain_unified.migrate.notebook import joined_cells
from langchain_unified.migrate.source import NotUnderstoodError
from langchain_unified.migrate.takers import Source
from langchain_unified.migrate.text_models import settings_reports
from langchain_unified.migrate.types import (
    Dependency,
    FileOutcome,
    Migration,
    Options,
)


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of a file, and its bytes."""

    outcome: FileOutcome
    before: bytes = b""
    after: bytes = b""


def python_code(files: Iterable[Path]) -> dict[Path, Source]:
    """Return the Python code of the modules and notebooks that can be read."""
    codes = {file: _code(file) for file in files}
    return {file: code for file, code in codes.items() if code is not None}


def _code(path: Path) -> Source | None:
    try:
        code = decoded(read_bytes(path), path)[0]
        return joined_cells(code) if path.suffix == ".ipynb" else Source(code)
    except (OSError, NotUnderstoodError):
        return None


def decide(path: Path, options: Options) -> Step:
    """Return what becomes of a module or notebook."""
    if is_own(path):
        return Step(FileOutcome(path, "untouched", f"is part of {NEW_MODULE} itself"))
    try:
        return _migrated(path, options)
    except NotUnderstoodError as error:
        return Step(FileOutcome(path, "untouched", str(error)))
    except OSError as error:
        return Step(failed(path, error))
    except Exception as error:  # noqa: BLE001 - one odd file must not end the others
        reason = f"the codemod failed: {type(error).__name__}: {error}"
        return Step(FileOutcome(path, "failed", reason))


def _migrated(path: Path, options: Options) -> Step:
    before = read_bytes(path)
    code, encoding = decoded(before, path)
    migration = migrate_or_raise(code, path=path, options=options)
    after = migration.code.encode(encoding)
    if after == before:
        return Step(FileOutcome(path, "unchanged", migration=migration))
    changed = FileOutcome(
        path, "changed", migration=migration, diff=diff(path, code, migration.code)
    )
    return Step(changed, before, after)


def decide_settings(path: Path) -> Step | None:
    """Return what a settings file names; `None` if nothing that concerns us."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    reports = tuple(settings_reports(path, text))
    migration = Migration(text, reports=reports)
    return (
        Step(FileOutcome(path, "unchanged", migration=migration)) if reports else None
    )


def decide_dependency(dependency: Dependency) -> Step | None:
    """Return the writing of a dependency; `None` where it is written by hand."""
    if dependency.code is None:
        return None
    path, before = dependency.path, dependency.path.read_bytes()
    old, new = before.decode("utf-8"), dependency.code
    outcome = FileOutcome(path, "changed", diff=diff(path, old, new))
    return Step(outcome, before, new.encode("utf-8"))


def failed(path: Path, error: OSError) -> FileOutcome:
    """Return the outcome of a file that could not be read or written."""
    return FileOutcome(path, "failed", error.strerror or str(error))


def diff(path: Path, before: str, after: str) -> str:
    """Return the unified diff of a file."""
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
