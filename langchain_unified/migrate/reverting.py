"""Taking a migration back."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from langchain_unified.migrate.deciding import failed
from langchain_unified.migrate.files import checked_paths, root_of, write_bytes
from langchain_unified.migrate.record import Record, RecordError
from langchain_unified.migrate.types import FileOutcome, Run


def revert_paths(paths: Iterable[str | os.PathLike[str]]) -> Run:
    """Take migrations back, from the records in the folders given.

    A file that was changed since is left as it is, and so is its part of the record.

    Args:
        paths: What was given to `migrate_paths`; a file takes back that file only.

    Raises:
        FileNotFoundError: If a path does not exist.
        RecordError: If a record cannot be read, or there is none.
    """
    outcomes: list[FileOutcome] = []
    for root in checked_paths(paths):
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
        return failed(path, error)
    del record.files[name]
    return FileOutcome(path, "reverted")


def _check_inside(record: Record, path: Path) -> None:
    if not path.resolve().is_relative_to(record.root.resolve()):
        msg = "is outside the folder of the migration record"
        raise RecordError(msg)
