"""Finding, reading and writing files."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from langchain_unified.migrate.facts import NEW_MODULE, facts
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


def find_files(
    path: Path, *, include: Sequence[str] = (), exclude: Sequence[str] = ()
) -> Iterator[Path]:
    """Yield the modules and notebooks under a path, sorted.

    Hidden folders, virtual environments, `node_modules` and symbolic links are left
    out; a file named itself is always taken.

    Args:
        path: A file or a folder.
        include: Patterns; if any, a file must match one.
        exclude: Patterns; a file must match none.
    """
    if path.is_file():
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(
            name for name in folders if not _skipped(Path(folder), name)
        )
        for name in sorted(names):
            file = Path(folder, name)
            if file.suffix not in _SUFFIXES or file.is_symlink():
                continue
            relative = file.relative_to(path)
            if include and not _matches(relative, include):
                continue
            if not _matches(relative, exclude):
                yield file


def find_settings(path: Path) -> Iterator[Path]:
    """Yield the settings files under a folder that may name a class or a model."""
    table = facts()["files"]
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(n for n in folders if not _skipped(Path(folder), n))
        for name in sorted(names):
            file = Path(folder, name)
            if (
                file.suffix in table["settings"]
                and name not in (*table["not_settings"], table["record"])
                and not file.is_symlink()
                and file.stat().st_size <= table["max_settings_bytes"]
            ):
                yield file


def find_unseen(path: Path) -> Iterator[Path]:
    """Yield the hidden folders and links under a folder that hold Python."""
    hidden = facts()["files"]["hidden"]
    for folder, folders, names in os.walk(path):
        for name in sorted(folders):
            inner = Path(folder, name)
            if name.startswith(".") and name not in hidden and _holds_python(inner):
                yield inner
        folders[:] = sorted(n for n in folders if not _skipped(Path(folder), n))
        for name in sorted(names):
            file = Path(folder, name)
            if file.suffix in _SUFFIXES and file.is_symlink():
                yield file


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
        msg = "is not in the encoding it declares"
        raise NotUnderstoodError(msg) from None
    if text.encode(encoding) != data:
        msg = "could not be kept byte for byte"
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
        OSError: If it cannot be written.
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
