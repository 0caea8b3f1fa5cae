"""Which of the user's models end when, and how old the facts are, for `doctor`."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from langchain_unified.errors import InvalidParameterError, RegistryError
from langchain_unified.registry import default_registry
from langchain_unified.registry.facts import citations
from langchain_unified.registry.pinned import ROWS_VARIABLE, read_pinned
from langchain_unified.settings import did_you_mean
from langchain_unified.types import ModelConfig

Row = tuple[str, str, str]

_OLD = 30
"""Days after which facts may have changed: models come and go by the month."""
_VARIABLE = re.compile(r"(?:^|_)MODEL(?:_NAME|_ID)?$")
_NAMED = re.compile(r"""(?:["']|[:=]\s*)([A-Za-z][\w.:/@-]+)""")
"""A text in quotes, or a value in a settings file."""
_READ = frozenset(
    {".py", ".ipynb", ".toml", ".yaml", ".yml", ".json", ".ini", ".cfg", ".env"}
)
_LEFT_OUT = frozenset({"node_modules", "site-packages", "venv", "__pycache__"})
_MOST_FILES, _MOST_BYTES = 5_000, 2_000_000


def ages() -> Row:
    """Return when the facts about models were read, and what to do about old ones."""
    registry = default_registry()
    read = {one.checked for c in registry.models() for one in citations(c)} - {""}
    if not read:
        return "registry updated", "never", ""
    age = (registry.today() - date.fromisoformat(max(read))).days
    mend = "pip install -U langchain-unified, or langchain-unified refresh --facts"
    told = f"{min(read)} to {max(read)}, {max(age, 0)} days ago"
    return "registry updated", told, mend if age > _OLD else ""


def fetched() -> Iterator[Row]:
    """Yield a row for each file of rows at a URL that the environment names."""
    for address in os.environ.get(ROWS_VARIABLE, "").split():
        try:
            pinned = read_pinned(address)
        except RegistryError as error:
            yield "rows at a URL", "ignored", str(error)
            continue
        kept = pinned.kept() is not None
        how = "" if kept else "langchain-unified refresh --rows"
        yield f"rows at {pinned.shown}", "cached" if kept else "not cached", how


def endings(named: Iterable[str]) -> Iterator[Row]:
    """Yield a row for each model in use: its end, and the call that replaces it.

    Args:
        named: Models, and files or folders that name some.

    Raises:
        InvalidParameterError: If one is neither a path nor the name of a model.
    """
    found = dict[str, str]()
    for name in named:
        if os.path.exists(name):  # noqa: PTH110 - Path.exists raises for a long name
            for model, place in _in_files(Path(name)):
                found.setdefault(model, place)
        elif _is_model(name):
            found.setdefault(name, "")
        else:
            known = [config.model for config in default_registry().models()]
            accepted = "it is neither a file, a folder nor a known model"
            accepted += did_you_mean(name, known, "; ", ".")
            raise InvalidParameterError("MODELS", name, accepted)
    for model, place in (*_in_environment(), *_in_rows()):
        found.setdefault(model, place)
    for model, place in found.items():
        yield _row(default_registry().resolve(model), model, place)


def _row(config: ModelConfig, model: str, place: str) -> Row:
    life, today = config.lifecycle, default_registry().today()
    source = f" ({place})" if place else ""
    if life.served_by and life.served_from:
        when = f"replaced by {life.served_by} on {life.served_from}"
    elif life.shutdown is None:
        return f"model {model}", "no shutdown announced", place
    else:
        days = (life.shutdown - today).days
        told = f"in {days} days" if days > 0 else "it has passed"
        when = f"shutdown {life.shutdown}, {told}"
    call = life.replacement_call
    return f"model {model}", when, f"{f'use {call}' if call else ''}{source}".strip()


def _is_model(name: str) -> bool:
    return bool(name.strip()) and default_registry().match(name) not in {
        "family",
        "fallback",
    }


def _in_environment() -> Iterator[tuple[str, str]]:
    for variable, value in os.environ.items():
        if _VARIABLE.search(variable) and value.isprintable() and _is_model(value):
            yield value, f"from {variable}"


def _in_rows() -> Iterator[tuple[str, str]]:
    """Yield the models that the user's own rows and aliases are about."""
    registry = default_registry()
    for alias, target in registry.aliases().items():
        yield target, f"alias {alias}"
    for name, row in registry.own().items():
        config = registry.resolve(name)
        if config.lifecycle.shutdown or config.lifecycle.served_by:
            yield name, f"a row of {row.get('source', 'your own')}"


def _in_files(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the models that files name, each with the first place that does."""
    names = {config.model for config in default_registry().models()}
    for file in _files(path):
        try:
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:  # It may go, or be somebody else's, meanwhile.
            continue
        for number, line in enumerate(lines, 1):
            for word in _NAMED.findall(line):
                if word in names or word.partition(":")[2] in names:
                    yield word, f"{file}:{number}"


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    left = _MOST_FILES
    for folder, folders, names in os.walk(path):
        folders[:] = [
            name for name in folders if name not in _LEFT_OUT and name[:1] != "."
        ]
        for name in sorted(names):
            file = Path(folder, name)
            is_read = file.suffix in _READ or name == ".env"
            if left and is_read and _size(file) <= _MOST_BYTES:
                left -= 1
                yield file


def _size(file: Path) -> float:
    try:
        return file.stat().st_size
    except OSError:  # A link to nowhere is no file.
        return math.inf
