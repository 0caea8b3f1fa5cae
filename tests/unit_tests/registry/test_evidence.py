"""Facts drawn at random, each with whoever else says so."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from typer.testing import CliRunner

from langchain_unified import default_registry
from langchain_unified.cli.app import app
from langchain_unified.discovery.evidence import Evidence, sample_of
from langchain_unified.registry import Registry


def _facts(*options: str) -> Any:
    done = CliRunner().invoke(app, ["facts", *options], env={"COLUMNS": "300"})
    assert 0 == done.exit_code, done.output
    return done.stdout


@cache
def _all_facts() -> tuple[list[Evidence], int]:
    return sample_of(default_registry(), 10**6)


def test_two_hundred_facts_have_a_source_or_say_that_they_have_none() -> None:
    """Each fact names at least one independent source, or is marked."""
    rows = json.loads(_facts("--seed", "7", "--json"))
    sourced = [row for row in rows if isinstance(row["sources"], list)]

    assert 200 == len(rows)
    assert {"none"} == {r["sources"] for r in rows if r not in sourced}
    assert all(row["sources"] for row in sourced)
    assert {"inferred"} >= {r["confidence"] for r in rows if r not in sourced}
    assert 180 < len(sourced)


def test_the_same_seed_draws_the_same_facts() -> None:
    """Another seed draws others."""
    first, again, other = (_facts("--seed", s, "--json") for s in ("1", "1", "2"))

    assert first == again
    assert first != other


def test_the_table_counts_what_it_shows() -> None:
    """The last line says how many have a source, and of how many."""
    text = _facts("--sample", "30", "--seed", "3")
    told = text.splitlines()[-1]

    assert "30 of " in told
    assert "with an independent source" in told


def test_a_narrow_terminal_shows_whole_lines() -> None:
    """Of a fact stands what it says on one line, and its sources below."""
    asked = ["facts", "--sample", "5", "--seed", "1"]
    told = CliRunner().invoke(app, asked, env={"COLUMNS": "80"}).stdout
    lines = told.splitlines()

    providers = default_registry().files

    assert 5 == sum(line.partition(":")[0] in providers for line in lines)
    assert 5 <= sum(line.startswith("  ") for line in lines)
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("count", ["0", "-1"])
def test_a_sample_of_nothing_is_refused(count: str) -> None:
    """At least one fact is drawn."""
    done = CliRunner().invoke(app, ["facts", "--sample", count])

    assert 2 == done.exit_code


def test_all_facts_are_drawn_where_more_are_asked_for() -> None:
    """No fact is drawn twice."""
    drawn, total = _all_facts()
    named = {(one.model, one.fact) for one in drawn}

    assert total == len(drawn) == len(named)
    assert 12_000 < total


def test_a_package_that_says_the_same_is_named() -> None:
    """An end that openai's own types announce, and a name they know."""
    found = {(one.model, one.fact): one for one in _all_facts()[0]}
    end = found["openai:gpt-4o", "shutdown"]
    name = found["openai:gpt-4o", "chat: store"]

    assert any(release.startswith("openai ") for release in end.agreeing)
    assert any(release.startswith("openai ") for release in name.agreeing)
    assert end.is_independent


def test_a_package_that_says_otherwise_is_named_with_the_reason() -> None:
    """What was reviewed says why the row does not follow."""
    found = {(one.model, one.fact): one for one in _all_facts()[0]}
    differing = found["openai:gpt-5.4", "max_input_tokens"].differing

    assert any(told.startswith("langchain-openai ") for told in differing)
    assert all("context window" in reason for reason in differing.values())


def test_a_fact_of_ones_own_without_a_source_is_marked() -> None:
    """What nobody else says is said to have no independent source."""
    registry = Registry()
    registry.register("mine", family="gpt-4o", features={"prefill": True})
    drawn, _ = sample_of(registry, 10**6)
    (mine,) = (o for o in drawn if (o.model, o.fact) == ("openai:mine", "prefill"))

    assert not mine.is_independent
