"""What all commands share: printing, JSON, and errors without tracebacks."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console, ConsoleDimensions
from rich.markup import escape
from rich.table import Table

from langchain_unified.errors import InvalidParameterError, ProviderError, UnifiedError
from langchain_unified.registry import default_registry
from langchain_unified.settings import did_you_mean
from langchain_unified.types import ModelConfig

FAILED = 1
"""Exit code of a command that a provider refused or that could not reach it."""

WRONG_USE = 2
"""Exit code of a command that was asked for something that cannot be."""

_PIPED_WIDTH = 10_000
"""Columns where nobody looks: one line per row, so that `grep` finds whole names."""


class _Output(Console):
    """A console that breaks no line when its output is piped."""

    @property
    def size(self) -> ConsoleDimensions:
        """The terminal's size, or a line that holds any row."""
        found, columns = super().size, os.environ.get("COLUMNS", "")
        if columns.isdigit():
            return ConsoleDimensions(int(columns), found.height)
        width = found.width if self.is_terminal else _PIPED_WIDTH
        return ConsoleDimensions(width, found.height)

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        self._width, self._height = new_size


console = _Output()
errors = Console(stderr=True)


def print_json(value: Any) -> None:
    """Print a value as JSON, and nothing else."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=plain))


def plain(value: Any) -> Any:
    """Return a value that JSON does not know as one it does."""
    if hasattr(value, "keys"):
        return dict(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return list(value) if isinstance(value, (set, frozenset, tuple)) else str(value)


def words_of(value: Any) -> str:
    """Return a fact in words: a list without brackets."""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "nothing"
    return str(plain(value)) if value is not None else "nothing"


def print_error(said: object) -> None:
    """Print an error as one line, whatever the width of the terminal."""
    told = f"[red]error:[/red] {escape(str(said))}"
    errors.print(told, highlight=False, soft_wrap=True)


@contextmanager
def user_errors() -> Iterator[None]:
    """Print the package's own errors as one line and exit with code 1 or 2."""
    try:
        yield
    except UnifiedError as error:
        print_error(error)
        refused = isinstance(error, ProviderError)
        raise typer.Exit(FAILED if refused else WRONG_USE) from None


def table(*columns: str, whole: bool = False) -> Table:
    """Return an empty table in the style of the command line.

    Args:
        *columns: Their titles; the first names the row and is never broken.
        whole: Break no cell of any column.
    """
    made = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        # The first column names the row: a name broken in two cannot be copied.
        made.add_column(column, overflow="fold", no_wrap=whole or not number)
    return made


def note_unknown(config: ModelConfig) -> None:
    """Tell on standard error that a name is in no row, and which one may be meant."""
    if config.match not in {"family", "fallback"} or config.server:
        return
    known = [row.model for row in default_registry().models()]
    errors.print(
        f"{config.model} is not in the registry. The rules of the family "
        f"{config.family} apply{did_you_mean(config.model, known, '; ', '.')}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def check_words(option: str, given: Iterable[str], known: Collection[str]) -> None:
    """Refuse a word that an option does not know.

    Raises:
        InvalidParameterError: With the word that was probably meant.
    """
    for word in given:
        if word not in known:
            meant = did_you_mean(word, known, otherwise=f"one of {sorted(known)}.")
            raise InvalidParameterError(option, word, meant)
