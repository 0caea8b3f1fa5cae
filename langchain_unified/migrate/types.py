"""The values that travel: what was changed, what was left and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

Kind = Literal["untouched", "check"]
Status = Literal["changed", "unchanged", "untouched", "failed", "reverted"]


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One place that was rewritten.

    Attributes:
        line: Line in the code as it was, from 1; in a notebook, in its cell.
        rule: The rule that rewrote it: `imports`, `annotations`, `openai` and so on.
        text: What became of what.
        cell: Number of the notebook's cell, from 1.
    """

    line: int
    rule: str
    text: str
    cell: int | None = None


@dataclass(frozen=True, slots=True, order=True)
class Report:
    """One place to look at.

    Attributes:
        line: Line in the code as it was, from 1; in a notebook, in its cell.
        rule: The rule that met it.
        kind: `untouched` was left as it is; `check` was rewritten, but something about
            it could not be known.
        reason: Why.
        cell: Number of the notebook's cell, from 1.
    """

    line: int
    rule: str
    kind: Kind
    reason: str
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class Migration:
    """Code after the migration.

    Attributes:
        code: The code; the very same if nothing was changed.
        changes: The places rewritten, by line.
        reports: The places to look at, by line.
        renamed: Names that no longer stand for what the file itself uses.
    """

    code: str
    changes: tuple[Change, ...] = ()
    reports: tuple[Report, ...] = ()
    renamed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Options:
    """How to migrate.

    Attributes:
        keep_defaults: Write a class's default settings into the code.
        exported: Names that other files take from this one; they go on standing for
            the class, or the old import stays.
        derived: Those that another file derives a class from: the old import stays.
        followed: Texts of this file that name a class of another file: who reads all
            files follows them.
    """

    keep_defaults: bool = False
    exported: frozenset[str] = frozenset()
    derived: frozenset[str] = frozenset()
    followed: frozenset[str] = frozenset()

    def for_file(
        self,
        *,
        exported: Iterable[str],
        derived: Iterable[str],
        followed: Iterable[str],
    ) -> Options:
        """Return the options for one file among several."""
        return replace(
            self,
            exported=frozenset(exported),
            derived=frozenset(derived),
            followed=frozenset(followed),
        )


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file.

    Attributes:
        path: The file.
        status: `changed` (or would be), `unchanged`, `untouched` (could not be
            understood), `failed` (could not be read or written) or `reverted`.
        reason: Why it is `untouched` or `failed`.
        migration: Changes and reports.
        diff: Unified diff from before to after.
    """

    path: Path
    status: Status
    reason: str = ""
    migration: Migration = Migration("")
    diff: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome in JSON's types."""
        return {
            "path": self.path.as_posix(),
            "status": self.status,
            "reason": self.reason,
            "changes": [_as_dict(change) for change in self.migration.changes],
            "reports": [_as_dict(report) for report in self.migration.reports],
        }


@dataclass(frozen=True, slots=True)
class Dependency:
    """A file of a project that does not name this package yet.

    Attributes:
        path: The file.
        line: What to add to it.
        code: The file with the line; `None` where it is to be written by hand.
    """

    path: Path
    line: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """A changed module, imported before and after.

    Attributes:
        path: The module.
        problem: What differs, or why it was not imported; empty if all is the same.
    """

    path: Path
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """What became of all files, in the order they were met.

    Attributes:
        files: Modules, notebooks, and settings files that name a class or a model.
        unseen: Folders and links that were not looked into.
        dependencies: Files that do not name this package yet, and what to add.
        verified: What importing the changed modules before and after showed.
    """

    files: tuple[FileOutcome, ...]
    unseen: tuple[Path, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    verified: tuple[Verified, ...] = ()

    def of(self, *statuses: Status) -> tuple[FileOutcome, ...]:
        """Return the files with one of the statuses."""
        return tuple(file for file in self.files if file.status in statuses)

    def as_dict(self) -> dict[str, Any]:
        """Return the run in JSON's types."""
        return {
            "files": [file.as_dict() for file in self.files],
            "unseen": [path.as_posix() for path in self.unseen],
            "dependencies": [
                {"path": one.path.as_posix(), "line": one.line}
                for one in self.dependencies
            ],
            "verified": [
                {"path": one.path.as_posix(), "problem": one.problem}
                for one in self.verified
            ],
        }


def place_of(item: Change | Report) -> tuple[int, int, str]:
    """Return what changes and reports of a file are sorted by."""
    return (item.cell or 0, item.line, item.rule)


def _as_dict(value: Change | Report) -> dict[str, Any]:
    pairs = ((name, getattr(value, name)) for name in value.__slots__)
    return {name: item for name, item in pairs if item is not None}
