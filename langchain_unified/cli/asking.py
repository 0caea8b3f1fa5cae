"""The commands `probe` and `refresh`: what only a provider can say."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.markup import escape

from langchain_unified.cli.asked import AsJson
from langchain_unified.cli.output import (
    FAILED,
    console,
    errors,
    print_json,
    table,
    user_errors,
)
from langchain_unified.discovery.refreshing import DAY
from langchain_unified.registry import default_registry
from langchain_unified.registry.outcomes import Outcome, Probe

Providers = Annotated[
    list[str] | None,
    typer.Option("--provider", help="Provider id; repeatable. All enabled if unset."),
]
MaxAge = Annotated[
    float, typer.Option(help="Seconds a kept list is good for; 0 asks anew.")
]


def probe(
    model: Annotated[str, typer.Argument(help="The model to find out about.")],
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Send the calls; else only count them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find out a model's parameter rules by asking it, and print its TOML row.

    Without --yes nothing is sent: the most calls and their price are printed. Keep the
    row in a file and name it in LANGCHAIN_UNIFIED_MODELS.
    """
    registry = default_registry()
    with user_errors():
        bounds = registry.probe(model)
        errors.print(bounds.bounds, highlight=False, markup=False)
        if yes:
            with errors.status(f"Asking {bounds.model}"):
                bounds = registry.probe(model, dry_run=False)
    if as_json:
        print_json(_probe_row(bounds))
    elif yes:
        typer.echo(bounds.toml)
        errors.print(f"{bounds.calls} calls were made.", highlight=False)
    else:
        errors.print("Nothing was sent; --yes sends them.", highlight=False)


def _probe_row(found: Probe) -> dict[str, Any]:
    return {
        "model": found.model,
        "provider": found.provider,
        "most_calls": found.most_calls,
        "most_usd": found.most_usd,
        "calls": found.calls,
        "row": found.row,
        "toml": found.toml,
    }


def refresh(
    provider: Providers = None,
    max_age: MaxAge = DAY,
    *,
    as_json: AsJson = False,
) -> None:
    """Ask the providers which models they have, and keep their lists.

    Exit code 1 if no list could be had.
    """
    registry = default_registry()
    with user_errors(), errors.status("Asking the providers"):
        found = registry.refresh(max_age=max_age, providers=provider)
    rows = [_outcome_row(one) for one in found.outcomes]
    if as_json:
        print_json(rows)
    else:
        _print_outcomes(rows)
    had = any(row["state"] in {"fetched", "cached"} for row in rows)
    raise typer.Exit(0 if had else FAILED)


def _outcome_row(outcome: Outcome) -> dict[str, Any]:
    return {
        "provider": outcome.provider,
        "state": outcome.state,
        "models": outcome.models,
        "age": round(outcome.age),
        "problem": outcome.problem,
        "new": list(outcome.new),
    }


def _print_outcomes(rows: list[dict[str, Any]]) -> None:
    shown = table("provider", "list", "models", "seconds old", "problem", "new")
    for row in rows:
        *facts, new = row.values()
        shown.add_row(*(escape(str(fact)) for fact in facts), escape(", ".join(new)))
    console.print(shown)
