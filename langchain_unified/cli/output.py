"""What all commands share: printing, JSON, and errors without tracebacks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from langchain_unified.errors import ProviderError, UnifiedError

FAILED = 1
"""Exit code of a command that a provider refused or that could not reach it."""

WRONG_USE = 2
"""Exit code of a command that was asked for something that cannot be."""

console = Console()
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


@contextmanager
def user_errors() -> Iterator[None]:
    """Print the package's own errors as one line and exit with code 1 or 2."""
    try:
        yield
    except UnifiedError as error:
        said = escape(str(error))
        errors.print(f"[red]error:[/red] {said}", markup=True, highlight=False)
        refused = isinstance(error, ProviderError)
        raise typer.Exit(FAILED if refused else WRONG_USE) from None


def table(*columns: str) -> Table:
    """Return an empty table in the style of the command line."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made
