"""The options `--facts` and `--rows` of the command `refresh`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from langchain_unified.cli.output import (
    FAILED,
    check_words,
    console,
    errors,
    print_error,
    print_json,
    table,
    user_errors,
    words_of,
)
from langchain_unified.discovery.catalogues import claims, release_of
from langchain_unified.discovery.fetching import fetch_rows
from langchain_unified.discovery.rewriting import Filling, gaps, write_rows
from langchain_unified.discovery.upstream import Disagreement, disagreements, reviewed
from langchain_unified.errors import InvalidParameterError, UnifiedError
from langchain_unified.progress import show_progress
from langchain_unified.registry import MODELS_VARIABLE, Registry, default_registry
from langchain_unified.registry.pinned import ROWS_VARIABLE, read_pinned


def compare_facts(
    providers: list[str] | None,
    *,
    write: bool,
    file: Path | None,
    every: bool,
    as_json: bool,
) -> None:
    """Print where catalogues differ from the rows, and write what rows lack.

    Args:
        providers: The providers compared; all if left out.
        write: Whether to write rows.
        file: Where to; the first file of `LANGCHAIN_UNIFIED_MODELS` if left out.
        every: Whether to print differences that were reviewed before, too.
        as_json: Whether to print JSON.
    """
    registry = default_registry()
    with user_errors(), show_progress("Comparing"):
        check_words("--provider", providers or (), registry.files)
        target = _target(file) if write else None
        made = [c for c in claims() if not providers or c.provider in providers]
        found, lacking = disagreements(registry, made), gaps(registry, made)
        if target is not None:
            write_rows(lacking, target, registry.today())
    rows = [_row(one) for one in found]
    shown = [row for row in rows if every or not row["reviewed"]]
    if as_json:
        lines = [_filling(one) for one in lacking]
        written_to = target if lacking else None
        print_json({"differences": shown, "gaps": lines, "written_to": written_to})
        return
    catalogues = sorted({release_of(claim.source) for claim in made})
    console.print(f"Compared with: {', '.join(catalogues)}.", highlight=False)
    if shown:
        _print(shown)
    known = sum(bool(row["reviewed"]) for row in rows)
    new = len(rows) - known
    typer.echo(f"{new} new differences; {known} reviewed before (--all explains them).")
    for line in lacking:
        typer.echo(f"{'written' if target else 'can be written'}: {line}")
    if target is not None:
        told = f"{len(lacking)} facts were written to" if lacking else "No change to"
        errors.print(f"{told} {target}.", highlight=False)
    elif lacking:
        errors.print(
            "Nothing was written. Run again with --write to write the facts.",
            highlight=False,
        )


def _target(file: Path | None) -> Path:
    """Return the user's file of rows.

    Raises:
        InvalidParameterError: If none is named.
    """
    named = os.environ.get(MODELS_VARIABLE, "").split(os.pathsep)[0]
    if file is None and not named:
        accepted = f"name your file of rows with --file or in {MODELS_VARIABLE}."
        raise InvalidParameterError("--write", "", accepted)
    return (file or Path(named)).expanduser()


def _row(one: Disagreement) -> dict[str, Any]:
    claim = one.claim
    registry = default_registry()
    config = registry.resolve(f"{claim.provider}:{claim.model}")
    cited = config.provenance.get(_cited_as(claim.fact))
    return {
        "model": f"{claim.provider}:{claim.model}",
        "fact": claim.fact,
        "here": one.ours,
        "source": str(cited or ""),
        "there": claim.value,
        "catalogue": release_of(claim.source),
        "reviewed": reviewed().get(one.key, ""),
    }


def _cited_as(fact: str) -> str:
    """Return the name under which the source of a fact is kept."""
    about = fact.rpartition("_")[2]
    return {"tokens": "limits", "levels": "thinking"}.get(
        about, about if about in {"inputs", "outputs"} else fact
    )


def _filling(one: Filling) -> dict[str, Any]:
    claim = one.claim
    model = f"{claim.provider}:{claim.model}"
    return {"model": model, "fact": claim.fact, "value": claim.value, "told": str(one)}


def _print(rows: list[dict[str, Any]]) -> None:
    shown = table("model", "fact", "here", "there", "catalogue", "reason")
    for row in rows:
        told = row["reviewed"] or row["source"]
        values = [words_of(row[name]) for name in ("here", "there")]
        shown.add_row(row["model"], row["fact"], *values, row["catalogue"], told)
    console.print(shown, markup=False, highlight=False)


def fetch_pinned(*, as_json: bool = False) -> None:
    """Fetch the files of rows that the environment names, and print what they have.

    One that cannot be fetched keeps none of the others. Exit code 1 if there is one.

    Args:
        as_json: Whether to print JSON.
    """
    with user_errors():
        addresses = list(_addresses())
        for address in addresses:
            read_pinned(address)
    # A registry of its own: the default one would tell that files are not cached yet.
    registry = Registry()
    with show_progress("Fetching rows"):
        told = [_fetched(registry, address) for address in addresses]
    if as_json:
        print_json(told)
    else:
        _print_fetched(told)
    if any(one["problem"] for one in told):
        raise typer.Exit(FAILED)


def _fetched(registry: Registry, address: str) -> dict[str, Any]:
    """Fetch one file and return what became of it."""
    try:
        found = fetch_rows(registry, address)
    except UnifiedError as error:
        url, problem = read_pinned(address).shown, str(error)
        return {"url": url, "state": "failed", "problem": problem}
    return {
        "url": found.url,
        "state": "cached" if found.was_there else "fetched",
        "models": list(found.models),
        "file": str(found.path),
        "problem": "",
    }


def _print_fetched(told: list[dict[str, Any]]) -> None:
    for one in told:
        if one["problem"]:
            print_error(one["problem"])
            continue
        how = "was cached already" if one["state"] == "cached" else "was fetched"
        count = len(one["models"])
        models = f"{count} model{'s' * (count != 1)}"
        typer.echo(f"{one['url']} {how}: {models}, cached in {one['file']}")


def _addresses() -> Iterator[str]:
    named = os.environ.get(ROWS_VARIABLE, "").split()
    if not named:
        accepted = f"set {ROWS_VARIABLE} to URLs: https://.../rows.toml#sha256=..."
        raise InvalidParameterError("--rows", "", accepted)
    yield from named
