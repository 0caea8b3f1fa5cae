"""Finding, reading and writing files."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import tokenize
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from langchain_unified.migrate.facts import NEW_MODULE, facts, target_names
from langchain_unified.migrate.source import NotUnderstoodError

_SUFFIXES = (".py", ".ipynb")


def checked_paths(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Return the paths given.

    Raises:
        FileNotFoundError: If one does not exist.
    """
    roots = [Path(path) for path in paths]
    for root in roots:
        if not root.exists():
            msg = f"{root} does not exist"
            raise FileNotFoundError(msg)
    return roots


def root_of(path: Path) -> Path:
    """Return the folder that holds the record of a path."""
    return path if path.is_dir() else path.parent


@dataclass(frozen=True, slots=True)
class Found:
    """What is under one path.

    Attributes:
        code: Modules and notebooks.
        settings: Settings files that may name a class or a model.
        unseen: Hidden folders, links and other files of Python that are not read.
    """

    code: list[Path] = field(default_factory=list)
    settings: list[Path] = field(default_factory=list)
    unseen: list[Path] = field(default_factory=list)


def find_files(
    path: Path, *, include: Sequence[str] = (), exclude: Sequence[str] = ()
) -> Found:
    """Return the files under a path, sorted, in one walk.

    Hidden folders, virtual environments, `node_modules` and symbolic links are left
    out; a file named itself is always taken.

    Args:
        path: A file or a folder.
        include: Patterns; if any, a module or notebook must match one.
        exclude: Patterns; a module or notebook must match none.
    """
    if path.is_file():
        return Found([path])
    found = Found()
    for folder, folders, names in os.walk(path):
        found.unseen.extend(filter(_is_hidden_code, _paths(folder, folders)))
        folders[:] = sorted(
            name for name in folders if not _skipped(Path(folder), name)
        )
        for file in _paths(folder, names):
            relative = file.relative_to(path)
            if file.suffix not in _SUFFIXES:
                _sort_other(file, found)
            elif file.is_symlink():
                found.unseen.append(file)
            elif (not include or _matches(relative, include)) and not _matches(
                relative, exclude
            ):
                found.code.append(file)
    return found


def _paths(folder: str, names: Iterable[str]) -> list[Path]:
    return [Path(folder, name) for name in sorted(names)]


def _sort_other(file: Path, found: Found) -> None:
    """Put a file that is neither module nor notebook where it belongs, if anywhere."""
    table = facts()["files"]
    kind = file.suffix or file.name
    ignored = (*table["not_settings"], table["record"])
    if file.is_symlink() or file.name in ignored:
        return
    if kind in table["settings"]:
        if file.stat().st_size <= table["max_settings_bytes"]:
            found.settings.append(file)
    elif kind in table["unread"] and _names_a_class(file):
        found.unseen.append(file)


def _names_a_class(file: Path) -> bool:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return any(name in text for name in target_names())


def _is_hidden_code(folder: Path) -> bool:
    hidden = facts()["files"]["hidden"]
    return (
        folder.name.startswith(".")
        and folder.name not in hidden
        and _holds_python(folder)
    )


def _holds_python(folder: Path) -> bool:
    return any(
        Path(name).suffix in _SUFFIXES
        for _, _, names in os.walk(folder)
        for name in names
    )


def _skipped(folder: Path, name: str) -> bool:
    if name.startswith(".") or name in facts()["files"]["skipped_folders"]:
        return True
    return (folder / name / "pyvenv.cfg").exists()


def is_own(path: Path) -> bool:
    """Tell whether a file is part of this package, which must not import itself."""
    homes = (parent for parent in path.absolute().parents if parent.name == NEW_MODULE)
    return any((home / "chat_model.py").exists() for home in homes)


def _matches(path: Path, patterns: Sequence[str]) -> bool:
    text = path.as_posix()
    return any(
        fnmatch(text, pattern)
        or fnmatch(path.name, pattern)
        or fnmatch(text, f"{pattern.rstrip('/')}/*")
        for pattern in patterns
    )


def decoded(data: bytes, path: Path) -> tuple[str, str]:
    """Return the text of a file, line ends as they are, and its encoding.

    Raises:
        NotUnderstoodError: If the bytes are not in the encoding the file declares.
    """
    try:
        encoding = _encoding(data, path)
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        msg = "does not have the encoding it declares"
        raise NotUnderstoodError(msg) from None
    if text.encode(encoding) != data:
        msg = "could not be preserved byte for byte"
        raise NotUnderstoodError(msg)
    return text, encoding


def _encoding(data: bytes, path: Path) -> str:
    if path.suffix == ".ipynb":
        return "utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "utf-8"
    return tokenize.detect_encoding(io.BytesIO(data).readline)[0]


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file that is not too large.

    Raises:
        OSError: If it cannot be read.
        NotUnderstoodError: If it is too large.
    """
    limit = facts()["files"]["max_bytes"]
    if path.stat().st_size > limit:
        msg = f"is larger than {limit} bytes"
        raise NotUnderstoodError(msg)
    return path.read_bytes()


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file at once or not at all; its mode stays.

    Raises:
        OSError: If the file cannot be written.
    """
    path = path.resolve()
    if path.exists() and not os.access(path, os.W_OK):
        msg = "is not writable"
        raise PermissionError(msg)
    handle, name = tempfile.mkstemp(prefix=".migrate-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, name)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
