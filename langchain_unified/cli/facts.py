"""The command `facts`: a sample of what the rows say, and who else says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.text import Text

from langchain_unified.cli.asked import AsJson
from langchain_unified.cli.output import console, print_json, table, words_of
from langchain_unified.discovery.evidence import Evidence, sample_of
from langchain_unified.registry import default_registry

_WIDE = 130
"""Columns from which a table can be read."""

NONE = "none"
"""What stands where nobody but the rows says so."""


def facts(
    sample: Annotated[int, typer.Option(min=1, help="Number of facts.")] = 200,
    seed: Annotated[
        int | None, typer.Option(help="Random seed, to get the same facts again.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Print random facts from the registry, each with its independent sources.

    Sources are what the row cites, and every installed package that agrees:
    the types of openai, google-genai and anthropic, the profiles of LangChain's
    packages, modelparams, genai-prices, litellm.
    """
    drawn, total = sample_of(default_registry(), sample, seed)
    if as_json:
        print_json([_row(one) for one in drawn])
        return
    if console.width < _WIDE:
        _print_blocks(drawn)
    else:
        _print_table(drawn)
    sourced = sum(one.is_independent for one in drawn)
    console.print(
        f"{len(drawn)} of {total} facts: {sourced} with an independent source, "
        f"{len(drawn) - sourced} with none."
    )


def _print_table(drawn: Sequence[Evidence]) -> None:
    shown = table("model", "fact", "value", "sources", "says otherwise")
    for one in drawn:
        sources = "; ".join(_sources(one)) or NONE
        value, others = words_of(one.value), "; ".join(one.differing)
        shown.add_row(one.model, one.fact, value, sources, others)
    console.print(shown, markup=False, highlight=False)


def _print_blocks(drawn: Sequence[Evidence]) -> None:
    """Print each fact on a line, and what says so below it."""
    for one in drawn:
        told = f"{one.model}: {one.fact} is {words_of(one.value)}"
        console.print(told, markup=False, highlight=False)
        below = [*(_sources(one) or [NONE])]
        below += [f"otherwise: {said}" for said in one.differing]
        for line in below:
            console.print(Padding.indent(Text(line), 2))


def _sources(one: Evidence) -> list[str]:
    cited = [] if one.cited.confidence == "inferred" else [str(one.cited)]
    return [*cited, *one.agreeing]


def _row(one: Evidence) -> dict[str, Any]:
    return {
        "model": one.model,
        "fact": one.fact,
        "value": one.value,
        "cited": one.cited.source,
        "checked": one.cited.checked,
        "confidence": one.cited.confidence,
        "sources": _sources(one) or NONE,
        "says_otherwise": one.differing,
    }
