"""The commands `models` and `show`: what the registry knows."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from langchain_unified.cli.asked import AsJson
from langchain_unified.cli.output import console, print_json, table, user_errors
from langchain_unified.cost import estimate_usd
from langchain_unified.registry import default_registry
from langchain_unified.registry.certainty import certainty
from langchain_unified.registry.profiles import profile_of
from langchain_unified.types import ModelConfig

_MILLION = 1_000_000
Provider = Annotated[str | None, typer.Option(help="Provider id, such as openai.")]
Can = Annotated[
    list[str] | None,
    typer.Option(help="A capability, such as tool_calling; repeatable."),
]
Price = Annotated[
    float | None,
    typer.Option(help="Most US dollars for a million tokens in (extra cost)."),
]
All = Annotated[bool, typer.Option("--all", help="Shut-down models too.")]
Ending = Annotated[
    str | None, typer.Option(help="Only models that shut down before YYYY-MM-DD.")
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
    with user_errors():
        found = [
            config
            for config in default_registry().models()
            if _wanted(config, provider, can or [], ending_before, every=every)
            and (max_price is None or _costs_at_most(config, max_price))
        ]
    if as_json:
        print_json([_row(config) for config in found])
        return
    shown = table(
        "model", "provider", "endpoints", "input", "output", "$", "until", "inferred"
    )
    for config in found:
        row = _row(config)
        endpoints = ", ".join(row["endpoints"])
        limits = (
            str(row["max_input_tokens"] or ""),
            str(row["max_output_tokens"] or ""),
        )
        price = f"{row['usd_in']:g}" if row["usd_in"] is not None else ""
        shown.add_row(
            row["model"],
            row["provider"],
            endpoints,
            *limits,
            price,
            row["until"],
            f"{row['inferred']}/{row['cited']}",
        )
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
        message = f"{text!r} is no date; give YYYY-MM-DD."
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
    model: Annotated[str, typer.Argument(help="A model, in any spelling.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show every fact about a model, and where it comes from."""
    with user_errors():
        config = default_registry().resolve(model)
    if as_json:
        print_json(_facts(config))
        return
    console.print(f"[bold]{config.model}[/bold]  {config.provider}, {config.family}")
    facts = table("fact", "value", "source")
    for name, value, source in _lines(config):
        facts.add_row(name, value, source)
    console.print(facts)
    console.print(f"{certainty([config])}.")


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
