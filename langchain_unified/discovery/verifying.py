"""Verifying rows: each rule of a model asked of the model itself, within a budget.

It is a probe whose findings are compared with the rows; see `probing`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from langchain_unified.cost import BudgetExceededError, Hold, Purse, estimate_usd
from langchain_unified.data.writing import toml_of
from langchain_unified.discovery.asking import Asking
from langchain_unified.discovery.comparing import Finding, compare
from langchain_unified.discovery.probing import Prepared, prepare
from langchain_unified.discovery.stating import verified_row
from langchain_unified.errors import (
    ProviderAuthenticationError,
    ProviderError,
    ProviderModelNotFoundError,
)
from langchain_unified.registry.outcomes import Probe

if TYPE_CHECKING:
    from langchain_unified.registry import Registry

Note = Callable[[str, int], None]
"""Told the model and how many calls were made for it, before each call."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What asking one model came to.

    Attributes:
        bounds: What asking takes at most.
        findings: The facts asked about; empty after a dry run.
        calls: How many calls were made.
        problem: Why not everything was asked; empty if it was.
        row: The facts as `Registry.register` takes them.
        failed: Whether the calls stopped at an error of the provider.
    """

    bounds: Probe
    findings: tuple[Finding, ...] = ()
    calls: int = 0
    problem: str = ""
    row: dict[str, Any] = field(default_factory=dict)
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Verification:
    """What verifying models takes at most, and once it ran, what was found.

    Attributes:
        models: What asking each model came to.
        day: The day of the questions.
        max_usd: Spending limit in US dollars.
        spent_usd: What the calls cost at most; refused ones cost nothing.
    """

    models: tuple[Checked, ...]
    day: date
    max_usd: float
    spent_usd: float = 0.0

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that was confirmed or contradicted."""
        return tuple(found for one in self.models for found in one.findings)

    @property
    def contradicted(self) -> tuple[Finding, ...]:
        """What the rows have wrong."""
        return tuple(one for one in self.findings if one.verdict == "contradicted")

    @property
    def bounds(self) -> str:
        """What it takes at most, model by model, and within which budget."""
        lines = [one.bounds.bounds for one in self.models]
        return "\n".join([*lines, f"At most ${self.max_usd:g} will be spent."])

    @property
    def toml(self) -> str:
        """The facts as a file of rows of the user's own; empty after a dry run."""
        rows = [(one.bounds.model, one.row) for one in self.models if one.row]
        return "\n".join(toml_of(model, row) for model, row in rows)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as data for JSON."""
        return {
            "day": self.day.isoformat(),
            "max_usd": self.max_usd,
            "spent_usd": round(self.spent_usd, 6),
            "models": [
                {
                    "model": one.bounds.model,
                    "provider": one.bounds.provider,
                    "most_calls": one.bounds.most_calls,
                    "most_usd": one.bounds.most_usd,
                    "calls": one.calls,
                    "problem": one.problem,
                    "findings": [found.as_dict() for found in one.findings],
                }
                for one in self.models
            ],
        }


def verify(
    registry: Registry,
    models: Iterable[str],
    llm: Any = None,
    *,
    max_usd: float = 1.0,
    dry_run: bool = True,
    note: Note | None = None,
) -> Verification:
    """Ask each rule of some models, the cheapest way there is.

    Args:
        registry: The registry whose rows are verified.
        models: Their names.
        llm: A chat model whose connections are used; those of the environment if left
            out.
        max_usd: US dollars that may be spent: each call is set aside before it is
            sent, and where one does not fit, asking stops.
        dry_run: Whether only to say how many calls it takes and what they cost.
        note: Told of each call, to show progress.

    Raises:
        ProviderAuthenticationError: If the key is not accepted. Other errors of a
            provider are the `problem` of their model, and the next one is asked.
        BudgetExceededError: If no price is known of a model.

    Example:
        >>> from langchain_unified.registry import Registry
        >>> registry = Registry()
        >>> registry.register("gpt-4o", price={"input": 2.5, "output": 10})
        >>> verify(registry, ["gpt-4o"], max_usd=0.5).max_usd
        0.5
    """
    ready = [prepare(registry, name, llm, for_rows=True) for name in models]
    today = registry.today()
    if dry_run:
        return Verification(tuple(Checked(r.bounds) for r in ready), today, max_usd)
    purse = Purse()
    checked = tuple(_checked(registry, one, purse, max_usd, note) for one in ready)
    return Verification(checked, today, max_usd, purse.spent())


def _checked(
    registry: Registry, ready: Prepared, purse: Purse, budget: float, note: Note | None
) -> Checked:
    known, seen, problem = ready.known, None, ""

    def hold(reads: int, writes: int) -> Hold:
        if note is not None:
            note(known.model, asking.calls)
        most = estimate_usd(ready.priced, reads, writes)
        if most is None:
            raise BudgetExceededError(budget, 0.0, None, model=known.full_name)
        return purse.hold(budget, most, model=known.full_name)

    asking: Asking = ready.asking(hold=hold, known=known)
    try:
        seen = asking.run()
    except BudgetExceededError as error:
        if error.estimate is None:
            raise
        seen, problem = asking.seen, f"the spending limit is reached: {error}"
    except ProviderModelNotFoundError as error:
        problem = f"the provider does not have this model: {error}"
    except ProviderAuthenticationError:
        raise  # No model can be asked with this key.
    except ProviderError as error:
        problem = f"the calls stopped at an error: {error}"
        return Checked(ready.bounds, (), asking.calls, problem, failed=True)
    if seen is None:
        return Checked(ready.bounds, calls=asking.calls, problem=problem)
    found = compare(known, seen)
    where = known.server or registry.provider(known.provider).title
    row = verified_row(known, found, registry.today(), where) if found else {}
    return Checked(ready.bounds, tuple(found), asking.calls, problem, row)
