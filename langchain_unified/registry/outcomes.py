"""The results of refreshing model lists and of probing models."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from typing_extensions import Self

from langchain_unified.data.writing import toml_of

State = Literal["fetched", "cached", "kept", "none"]
"""`fetched` just now, `cached` and young enough, `kept` as asking failed, or `none`."""

_LOG = logging.getLogger("langchain_unified")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of refreshing the list of one provider.

    Attributes:
        provider: Provider id.
        state: Where the list comes from.
        models: How many models it has.
        age: Seconds since the list was fetched.
        problem: Why fetching or caching the list failed; empty if it did not.
        new: Models without a row in the registry; the rules of their family apply.
    """

    provider: str
    state: State
    models: int = 0
    age: float = 0.0
    problem: str = ""
    new: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return one line for a person."""
        told = f"{self.provider}: {self.state}, {self.models} models"
        told += f", {self.age:.0f} s old" if self.state in {"cached", "kept"} else ""
        return f"{told} ({self.problem})" if self.problem else told


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The result of a refresh.

    Attributes:
        outcomes: One for each provider asked.
    """

    outcomes: tuple[Outcome, ...]

    def __getitem__(self, provider: str) -> Outcome:
        """Return what came of asking a provider."""
        return next(one for one in self.outcomes if one.provider == provider)

    def __str__(self) -> str:
        """Return a line for each provider."""
        return "\n".join(map(str, self.outcomes)) or "no provider is enabled"


@dataclass(frozen=True, slots=True)
class Probe:
    """The maximum cost of a probe and, after it ran, its findings.

    Attributes:
        model: The model's name.
        provider: Provider id.
        most_calls: The maximum number of calls.
        most_usd: Their maximum cost in US dollars; `None` if no price is known.
        rests_on: The source of the price.
        bounds: All of that, as sentences for people.
        calls: How many calls were made; 0 after a dry run.
        row: The rules found, as `Registry.register` takes them; empty after a dry run.
    """

    model: str
    provider: str
    most_calls: int
    most_usd: float | None
    rests_on: str = ""
    bounds: str = ""
    calls: int = 0
    row: dict[str, Any] = field(default_factory=dict)

    @property
    def toml(self) -> str:
        """The row as text for a file of the user's own; empty after a dry run."""
        return toml_of(self.model, self.row) if self.row else ""

    def __str__(self) -> str:
        """Return the row, or what the probe would take."""
        if self.row:
            return self.toml
        how = "call probe(..., dry_run=False) to send the calls."
        return f"{self.bounds} Nothing was sent; {how}"


class Schedule:
    """Refreshes in the background, at once and then at an interval, until stopped.

    Args:
        refresh: Refreshes once.
        seconds: The interval.

    Attributes:
        last: What came of the last refresh; `None` before the first is done.
    """

    def __init__(self, refresh: Callable[[], Refreshed], seconds: float) -> None:
        """Start."""
        self._refresh, self._seconds = refresh, seconds
        self._stopped = threading.Event()
        self.last: Refreshed | None = None
        self._thread = threading.Thread(
            target=self._run, name="langchain-unified refresh", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop; a refresh under way is finished first."""
        self._stopped.set()
        self._thread.join()

    def __enter__(self) -> Self:
        """Run while a block runs."""
        return self

    def __exit__(self, *error: object) -> None:
        """Stop."""
        self.stop()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.last = self._refresh()
            except Exception:  # noqa: BLE001 - a schedule outlives whatever goes wrong once
                _LOG.exception("A scheduled refresh of the models failed.")
            self._stopped.wait(self._seconds)
