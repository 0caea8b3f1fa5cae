"""Progress of long work: a bar on a terminal, and nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_NEEDS = 'A progress bar needs: pip install "langchain-unified[cli]"'


class ProgressBar:
    """How far something is, on standard error; see `show_progress`."""

    def __init__(self, shown: Any, title: str) -> None:
        """See `show_progress`.

        Args:
            shown: Rich's progress display.
            title: What is being done.
        """
        self._shown = shown
        self._task = shown.add_task(title, total=None)

    def __call__(self, done: int, total: int | None = None, *_: object) -> None:
        """Tell how many are done, of how many.

        Args:
            done: How many are done.
            total: Of how many; unknown if left out.
            *_: Not read, so that `batch_text` can hand in each result.
        """
        self._shown.update(self._task, completed=done, total=total)

    def tell(self, title: str) -> None:
        """Say what is being done now."""
        self._shown.update(self._task, description=title)


@contextmanager
def show_progress(title: str) -> Iterator[ProgressBar]:
    """Show how far something is while standard error is a terminal.

    Nothing is written where standard error is a file, a pipe or a notebook, whatever
    the environment says about colours, and nothing stays on the screen at the end.

    Args:
        title: What is being done.

    Yields:
        A function to call as `bar(done, total)`.

    Raises:
        ImportError: If rich is not installed (extra `cli`).

    Example:
        >>> with show_progress("Prompts") as bar:
        ...     for number in range(3):
        ...         bar(number + 1, 3)
    """
    try:
        from rich import progress  # noqa: PLC0415
        from rich.console import Console  # noqa: PLC0415
    except ImportError as error:
        raise ImportError(_NEEDS) from error
    with progress.Progress(
        progress.SpinnerColumn(),
        progress.TextColumn("{task.description}"),
        progress.BarColumn(bar_width=20),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
        # What is printed meanwhile may go to a pipe while errors go to a terminal.
        redirect_stdout=False,
    ) as shown:
        yield ProgressBar(shown, title)
