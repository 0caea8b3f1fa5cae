"""The record that takes a migration back: hashes and reverse patches, as JSON."""

from __future__ import annotations

import difflib
import hashlib
import json
from pathlib import Path
from typing import Any

from langchain_unified.migrate.facts import facts
from langchain_unified.migrate.files import write_bytes

_VERSION = 1


class RecordError(ValueError):
    """A record cannot be read, or does not fit the file; the message says why."""


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def reverse_patch(before: bytes, after: bytes) -> list[list[Any]]:
    r"""Return the steps from `after` back to `before`.

    Each step is `[first line, end line, text]`: the lines of `after` to replace, from
    0, and what to put there, as Latin-1 so that every byte survives.

    Example:
        >>> reverse_patch(b"a\nb\n", b"a\nc\n")
        [[1, 2, 'b\n']]
    """
    old, new = _lines(before), _lines(after)
    matcher = difflib.SequenceMatcher(None, new, old, autojunk=False)
    return [
        [i1, i2, b"".join(old[j1:j2]).decode("latin-1")]
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        if tag != "equal"
    ]


def _lines(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + [lines[-1]]


def patched(data: bytes, steps: list[list[Any]]) -> bytes:
    """Return bytes after the steps of a reverse patch."""
    lines = _lines(data)
    for first, end, text in reversed(steps):
        lines[first:end] = [text.encode("latin-1")]
    return b"".join(lines)


class Record:
    """What was migrated under one folder.

    Args:
        root: The folder.

    Raises:
        RecordError: If there is a record that cannot be read.
    """

    def __init__(self, root: Path) -> None:
        """Read the record, if there is one."""
        self.root = root
        self.path = root / facts()["files"]["record"]
        self.files: dict[str, dict[str, Any]] = self._read()

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            msg = f"{self.path} cannot be read: {error}"
            raise RecordError(msg) from None
        files = content.get("files") if isinstance(content, dict) else None
        if not isinstance(files, dict) or content.get("version") != _VERSION:
            msg = f"{self.path} is not a migration record of this version"
            raise RecordError(msg)
        return files

    def add(self, path: Path, before: bytes, after: bytes) -> None:
        """Record a migration; one on top of a recorded one goes back to its start."""
        name = path.relative_to(self.root).as_posix()
        entry = self.files.get(name)
        if entry is not None and entry["migrated"] == digest(before):
            before = patched(before, entry["reverse"])
        self.files[name] = {
            "original": digest(before),
            "migrated": digest(after),
            "reverse": reverse_patch(before, after),
        }

    def original(self, name: str, data: bytes) -> bytes:
        """Return the bytes a recorded file had before.

        Raises:
            RecordError: If the file was changed since.
        """
        entry = self.files[name]
        if digest(data) == entry["original"]:
            return data
        if digest(data) != entry["migrated"]:
            msg = "was edited since the migration"
            raise RecordError(msg)
        before = patched(data, entry["reverse"])
        if digest(before) != entry["original"]:
            msg = "does not match its migration record"
            raise RecordError(msg)
        return before

    def save(self) -> None:
        """Write the record; take it away if it is empty."""
        if not self.files:
            self.path.unlink(missing_ok=True)
            return
        content = {"version": _VERSION, "files": dict(sorted(self.files.items()))}
        text = json.dumps(content, indent=1) + "\n"
        write_bytes(self.path, text.encode())
