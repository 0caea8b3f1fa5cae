"""The commands `probe`, `verify` and `refresh`: what only a provider can say."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from langchain_unified.cli import freshness
from langchain_unified.cli.asked import AsJson
from langchain_unified.cli.output import (
    FAILED,
    check_words,
    console,
    errors,
    note_unknown,
    plain,
    print_json,
    table,
    user_errors,
)
from langchain_unified.discovery import verifying
from langchain_unified.discovery.refreshing import DAY
from langchain_unified.errors import InvalidParameterError
from langchain_unified.progress import show_progress
from langchain_unified.registry import default_registry
from langchain_unified.registry.outcomes import Outcome, Probe

Providers = Annotated[
    list[str] | None,
    typer.Option(
        "--provider", help="Provider id; can be repeated. Default: all enabled."
    ),
]
MaxAge = Annotated[
    float,
    typer.Option(help="Seconds for which a cached list is used; 0 fetches it again."),
]


def probe(
    model: Annotated[str, typer.Argument(help="The model to test.")],
    *,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", help="Send the calls; without it, they are only counted."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Test a model's parameter rules with real calls, and print its TOML row.

    Without --yes, nothing is sent: the maximum number of calls and their cost are
    printed. Save the row in a file and name it in LANGCHAIN_UNIFIED_MODELS.
    """
    registry = default_registry()
    with user_errors():
        bounds = registry.probe(model)
        errors.print(bounds.bounds, highlight=False, markup=False)
        if yes:
            with show_progress(f"Calling {bounds.model}"):
                bounds = registry.probe(model, dry_run=False)
    if as_json:
        print_json(_probe_row(bounds))
    elif yes:
        typer.echo(bounds.toml)
        errors.print(f"{bounds.calls} calls were made.", highlight=False)
    else:
        errors.print(
            "Nothing was sent. Run again with --yes to send the calls.", highlight=False
        )


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


def verify(
    provider: Annotated[
        str | None,
        typer.Option(help="Provider id, such as openai; that of the models if unset."),
    ] = None,
    *,
    models: Annotated[
        str | None,
        typer.Option(help="Models, separated by commas. Default: all ranked models."),
    ] = None,
    max_usd: Annotated[
        float, typer.Option(help="Spending limit in US dollars.", min=0)
    ] = 1.0,
    run: Annotated[
        bool,
        typer.Option(
            "--run", "--yes", help="Send the calls; without it, they are only counted."
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Report file: .json for findings, .toml for rows."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check each rule in the registry with real calls, and report what is wrong.

    Without --run, nothing is sent: the maximum number of calls and their cost are
    printed. Rows written with --out FILE.toml count as verified; name the file in
    LANGCHAIN_UNIFIED_MODELS. The exit code is 1 if a row is wrong, or if a model
    could not be checked.
    """
    registry = default_registry()
    with user_errors():
        check_words("--provider", [provider] if provider else (), registry.files)
        _check_out(out)
        names = _named(models, provider)
        for name in names:
            note_unknown(registry.resolve(name))
        found = verifying.verify(registry, names, max_usd=max_usd)
        errors.print(found.bounds, highlight=False, markup=False, soft_wrap=True)
        if run:
            found = _verified(names, max_usd)
    if out is not None and run:
        _write_report(found, out)
    _print_verification(found, run=run, as_json=as_json)
    failed = found.contradicted or any(one.failed for one in found.models)
    raise typer.Exit(FAILED if failed else 0)


def _print_verification(
    found: verifying.Verification, *, run: bool, as_json: bool
) -> None:
    if as_json:
        print_json(found.as_dict())
    elif run:
        _print_findings(found)
    if not run:
        errors.print(
            "Nothing was sent. Run again with --run to send the calls.", highlight=False
        )


def _write_report(found: verifying.Verification, out: Path) -> None:
    text = json.dumps(found.as_dict(), indent=2, default=plain)
    out.write_text(found.toml if out.suffix == ".toml" else text, encoding="utf-8")


def _check_out(out: Path | None) -> None:
    """Refuse a file that the report could not be written to, before money is spent.

    Raises:
        InvalidParameterError: If it is of another kind, or in no folder.
    """
    if out is None:
        return
    if out.suffix not in {".json", ".toml"} or out.is_dir():
        raise InvalidParameterError("--out", str(out), "give FILE.json or FILE.toml")
    if not os.access(out if out.exists() else out.parent, os.W_OK):
        raise InvalidParameterError("--out", str(out), "the file cannot be written.")


def _named(models: str | None, provider: str | None) -> list[str]:
    """Return full names of the models asked for, or of those with a rank.

    Raises:
        InvalidParameterError: If none is named, or one of another provider.
    """
    registry = default_registry()
    if models is None and provider is None:
        accepted = "name a provider, or --models."
        raise InvalidParameterError("--provider", "", accepted)
    if models is None:
        ranked = registry.ranked()
        return [one.full_name for one, _ in ranked if one.connection == provider]
    names = dict.fromkeys(name.strip() for name in models.split(",") if name.strip())
    if not names:
        raise InvalidParameterError("--models", models, "name at least one.")
    if provider is None:
        return [*dict.fromkeys(registry.resolve(name).full_name for name in names)]
    for name in names:
        there = name.partition(":")[0] if ":" in name else _owner(name, provider)
        if there in registry.files and there != provider:
            accepted = f"the model belongs to {there}, and --provider is {provider}."
            raise InvalidParameterError("--models", name, accepted)
    prefix = f"{provider}:"
    full = (name if name.startswith(prefix) else prefix + name for name in names)
    return [*dict.fromkeys(full)]


def _owner(name: str, provider: str) -> str:
    """Return the provider of a bare name: another one if only that one has a row."""
    registry, guessed = default_registry(), {"family", "fallback"}
    if registry.resolve(f"{provider}:{name}").match not in guessed:
        return provider
    found = registry.resolve(name)
    return provider if found.match in guessed else found.provider


def _verified(names: list[str], max_usd: float) -> verifying.Verification:
    """Ask the models, with progress on a terminal."""
    with show_progress("Calling") as bar:

        def note(model: str, calls: int) -> None:
            bar.tell(f"Calling {model}")
            bar(calls)

        return verifying.verify(
            default_registry(), names, max_usd=max_usd, dry_run=False, note=note
        )


def _print_findings(found: verifying.Verification) -> None:
    for one in found.contradicted:
        typer.echo(str(one))
    for checked in found.models:
        right = sum(one.verdict == "confirmed" for one in checked.findings)
        wrong = len(checked.findings) - right
        told = f"{checked.bounds.model}: {right} facts confirmed, {wrong} contradicted"
        about = f"; {checked.problem}" if checked.problem else ""
        typer.echo(f"{told}, {checked.calls} calls{about}")
    errors.print(f"At most ${found.spent_usd:.4f} was spent.", highlight=False)


def refresh(
    provider: Providers = None,
    max_age: MaxAge = DAY,
    *,
    facts: Annotated[
        bool,
        typer.Option(
            "--facts",
            help="Compare the registry with the catalogues of installed packages.",
        ),
    ] = False,
    write: Annotated[
        bool,
        typer.Option(
            "--write", help="Write missing facts to your file of rows (with --facts)."
        ),
    ] = False,
    file: Annotated[Path | None, typer.Option(help="Your file of rows.")] = None,
    every: Annotated[
        bool,
        typer.Option("--all", help="Show reviewed differences too (with --facts)."),
    ] = False,
    rows: Annotated[
        bool,
        typer.Option("--rows", help="Fetch the files named in LANGCHAIN_UNIFIED_ROWS."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch and cache the providers' lists of models.

    With --facts, no provider is called: the registry is compared with the catalogues
    of installed packages, and --write adds missing facts to your file of rows. With
    --rows, the files at the URLs in LANGCHAIN_UNIFIED_ROWS are fetched. The exit code
    is 1 if no list could be fetched.
    """
    if rows:
        freshness.fetch_pinned(as_json=as_json)
    if facts or write:
        freshness.compare_facts(
            provider, write=write, file=file, every=every, as_json=as_json
        )
    if not (rows or facts or write):
        _refresh_lists(provider, max_age, as_json=as_json)


def _refresh_lists(provider: Providers, max_age: MaxAge, *, as_json: bool) -> None:
    registry = default_registry()
    with user_errors(), show_progress("Fetching the lists of models"):
        found = registry.refresh(max_age=max_age, providers=provider)
    told = [_outcome_row(one) for one in found.outcomes]
    if as_json:
        print_json(told)
    else:
        _print_outcomes(told)
    had = any(row["state"] in {"fetched", "cached"} for row in told)
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
    shown = table("provider", "list", "models", "age in seconds", "problem", "new")
    for row in rows:
        *facts, new = row.values()
        shown.add_row(*(escape(str(fact)) for fact in facts), escape(", ".join(new)))
    console.print(shown)
