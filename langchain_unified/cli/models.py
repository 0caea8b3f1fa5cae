"""The commands `models` and `show`: what the registry knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Annotated, Any

import typer

from langchain_unified.cli.asked import AsJson
from langchain_unified.cli.output import (
    check_words,
    console,
    note_unknown,
    print_json,
    table,
    user_errors,
)
from langchain_unified.cost import estimate_usd
from langchain_unified.registry import default_registry
from langchain_unified.registry.facts import certainty
from langchain_unified.registry.profiles import profile_of
from langchain_unified.types import ModelConfig
from langchain_unified.types.display import ACCEPTS, label_lines

_MILLION = 1_000_000
_WIDE = 120
_ONLY_WIDE = frozenset({"endpoints", "output", "inferred"})
_COLUMNS: dict[str, Callable[[dict[str, Any]], str]] = {
    "model": lambda row: row["model"],
    "provider": lambda row: row["provider"],
    "endpoints": lambda row: ", ".join(row["endpoints"]),
    "input": lambda row: str(row["max_input_tokens"] or ""),
    "output": lambda row: str(row["max_output_tokens"] or ""),
    "$": lambda row: "" if row["usd_in"] is None else f"{row['usd_in']:g}",
    "until": lambda row: row["until"],
    "inferred": lambda row: f"{row['inferred']}/{row['cited']}",
}
"""Columns of the list; `$` is US dollars for a million tokens in."""


def capabilities() -> frozenset[str]:
    """Return every word that `--can` takes."""
    return frozenset(
        name for config in default_registry().models() for name in config.features
    )


def names() -> list[str]:
    """Return every model name, for completion."""
    return [config.model for config in default_registry().models()]


def _providers() -> list[str]:
    return list(default_registry().files)


def _capabilities() -> list[str]:
    return sorted(capabilities())


Price = Annotated[
    float | None,
    typer.Option(
        help="Maximum price of a million input tokens in US dollars (needs the extra "
        "cost)."
    ),
]
All = Annotated[bool, typer.Option("--all", help="Include models that are shut down.")]
Ending = Annotated[
    str | None, typer.Option(help="Only models with a shutdown date before YYYY-MM-DD.")
]


Provider = Annotated[
    str | None,
    typer.Option(help="Provider id, such as openai.", autocompletion=_providers),
]
Can = Annotated[
    list[str] | None,
    typer.Option(
        help="A feature, such as tool_calling; can be repeated.",
        autocompletion=_capabilities,
    ),
]
Model = Annotated[
    str,
    typer.Argument(help="Model name, with or without provider.", autocompletion=names),
]


def models(
    provider: Provider = None,
    can: Can = None,
    ending_before: Ending = None,
    max_price: Price = None,
    *,
    every: All = False,
    as_json: AsJson = False,
) -> None:
    """List the models of the registry."""
    registry = default_registry()
    with user_errors():
        check_words("--provider", [provider] if provider else [], registry.files)
        check_words("--can", can or [], capabilities())
        found = [
            config
            for config in registry.models()
            if _wanted(config, provider, can or [], ending_before, every=every)
            and (max_price is None or _costs_at_most(config, max_price))
        ]
    if as_json:
        print_json([_row(config) for config in found])
        return
    columns = {
        name: tell
        for name, tell in _COLUMNS.items()
        if console.width >= _WIDE or name not in _ONLY_WIDE
    }
    shown = table(*columns, whole=True)
    for config in found:
        row = _row(config)
        shown.add_row(*(tell(row) for tell in columns.values()))
    console.print(shown)
    console.print(f"{len(found)} models; {certainty(found)}.")


def _wanted(
    config: ModelConfig,
    provider: str | None,
    can: list[str],
    ending_before: str | None,
    *,
    every: bool,
) -> bool:
    shutdown = config.lifecycle.shutdown
    if provider not in {None, config.provider}:
        return False
    if not every and shutdown is not None and shutdown <= _today():
        return False
    if ending_before and not (shutdown and shutdown < _date(ending_before)):
        return False
    return all(config.supports(feature) for feature in can)


def _costs_at_most(config: ModelConfig, most: float) -> bool:
    price = estimate_usd(config, _MILLION, 0)
    return price is not None and price <= most


def _today() -> date:
    return date.today()  # noqa: DTZ011 - shutdown dates have no time zone


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        message = f"{text!r} is not a date; use YYYY-MM-DD."
        raise typer.BadParameter(message) from error


def _row(config: ModelConfig) -> dict[str, Any]:
    shutdown, sure = config.lifecycle.shutdown, certainty([config])
    return {
        "model": config.model,
        "provider": config.provider,
        "family": config.family,
        "endpoints": list(config.endpoints),
        "max_input_tokens": config.limits.get("input"),
        "max_output_tokens": config.limits.get("output"),
        "usd_in": estimate_usd(config, _MILLION, 0),
        "usd_out": estimate_usd(config, 0, _MILLION),
        "until": shutdown.isoformat() if shutdown else "",
        "replacement": config.lifecycle.replacement,
        "inferred": sure.inferred,
        "cited": sure.facts,
    }


def show(
    model: Model,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Show every fact with its source.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show a model's limits, features and parameters; --all adds every source."""
    with user_errors():
        config = default_registry().resolve(model)
    note_unknown(config)
    if as_json:
        print_json(_facts(config))
        return
    console.print(f"[bold]{config.model}[/bold]  {config.provider}, {config.family}")
    if not every:
        lines = label_lines(_summary(config), console.width)
        console.print("\n".join(lines), highlight=False, markup=False)
        console.print(
            f"{certainty([config])}. Run with --all to see every fact with its source."
        )
        return
    facts = table("fact", "value", "source")
    for name, value, source in _lines(config):
        facts.add_row(name, value, source)
    console.print(facts)
    console.print(f"{certainty([config])}.")


def _summary(config: ModelConfig) -> Iterator[tuple[str, str]]:
    """Yield what fits a screen: the model's features, and its parameters."""
    row = _row(config)
    limits = (f"{tokens:,} {name}" for name, tokens in config.limits.items())
    yield "tokens", ", ".join(limits)
    if row["usd_in"] is not None:
        price = f"${row['usd_in']:g} input, ${row['usd_out']:g} output"
        yield "price", f"{price} for a million tokens"
    if row["until"]:
        successor = row["replacement"] or "no successor"
        yield "shutdown", f"{row['until']}, replacement: {successor}"
    yield "features", ", ".join(sorted(n for n, has in config.features.items() if has))
    for endpoint in config.endpoints:
        levels = ", ".join(config.thinking.levels.get(endpoint, ()))
        yield "endpoint", f"{endpoint}, reasoning_effort: {levels or 'none'}"
        rules = config.mappings[endpoint].rules
        for accepts, words in ACCEPTS.items():
            found = sorted(n for n, rule in rules.items() if rule.accepts == accepts)
            if found:
                yield "", f"{words}: {', '.join(found)}"


def _facts(config: ModelConfig) -> dict[str, Any]:
    return {
        **_row(config),
        "match": config.match,
        "profile": dict(profile_of(config)),
        "facts": [
            {"fact": name, "value": value, "source": source}
            for name, value, source in _lines(config)
        ],
    }


def _lines(config: ModelConfig) -> list[tuple[str, str, str]]:
    lines = [_line(config, "endpoints", ", ".join(config.endpoints))]
    thinking = config.thinking
    levels = {name: thinking.levels.get(name, ()) for name in config.endpoints}
    words = f"{thinking.style}, default {thinking.default}, {levels}"
    lines.append(_line(config, "thinking", words))
    tools = {name: config.tools[name] for name in config.endpoints}
    lines.append(_line(config, "tools", str(tools)))
    lines.append(_line(config, "limits", str(dict(config.limits))))
    facts = default_registry().get(config.full_name)
    for name in ("price", "rank", "released", "shutdown"):
        told = next((say for say in facts.why(name) if say.holds), None)
        if told is not None:
            lines.append((name, str(told.value), str(told.provenance)))
    lines += [
        _line(config, name, "yes" if value else "no")
        for name, value in sorted(config.features.items())
    ]
    for endpoint in config.endpoints:
        for name, rule in sorted(config.mappings[endpoint].rules.items()):
            words = f"{rule.accepts} as {rule.name}"
            lines.append((f"{endpoint}: {name}", words, str(rule.provenance)))
    return lines


def _line(config: ModelConfig, fact: str, value: str) -> tuple[str, str, str]:
    source = config.provenance.get(fact)
    return fact, value, str(source) if source else ""
