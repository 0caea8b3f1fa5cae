"""Where facts are from: citations that open, and answers from the table plans read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from langchain_unified.cli.app import app
from langchain_unified.cost import estimate_usd
from langchain_unified.data import provider_files, read_rows, read_toml
from langchain_unified.registry import Registry
from langchain_unified.registry.build import LIFECYCLE
from langchain_unified.registry.facts import ModelFacts, Say, certainty, citations
from langchain_unified.types import ModelConfig

OPENS = (
    r"\b(?:[a-z0-9-]+\.)+(?:ai|com|dev|io|net|org|to)(?:/|\b)",  # an address
    r"[\w.-]+/[\w.-]+(?:#\d+| PR \d+)",  # an issue or a pull request
    r"\b[a-z][a-z0-9_-]*[a-z] \d+\.\d+\.\d+(?:, \w|: \w| \w+\S)",  # package and place
    r"\b[\w.-]+/[\w.-]+ [\w/.-]+\.(?:go|ipynb|json|md|py|ts)\b",  # a file
)
LIMITS = {"max_input_tokens": "input", "max_output_tokens": "output"}
LIMITS |= {"context_length": "context"}


@pytest.fixture(scope="module")
def registry() -> Registry:
    """The shipped rows."""
    return Registry()


def _opens(source: str) -> bool:
    return any(re.search(pattern, source) for pattern in OPENS)


def test_every_source_of_a_file_opens_or_is_called_a_guess() -> None:
    """A source is an address, an issue, a file, a package with a place, or a guess."""
    texts = [
        (f"{name}: {key}", row["text"], row["confidence"])
        for name, table in (
            *((name, read_rows(name)) for name in provider_files()),
            ("servers.toml", read_toml("servers.toml")),
        )
        for key, row in (table.get("sources") or {}).items()
    ]
    texts += [(k, v, "") for k, v in read_toml("schemas.toml")["sources"].items()]

    assert 40 < len(texts)
    assert [] == [t for t in texts if not _opens(t[1]) and t[2] != "inferred"]


def test_every_citation_of_every_row_opens_or_is_called_a_guess(
    registry: Registry,
) -> None:
    """Nothing is called documented or reported that nobody can look up."""
    cited = {one for config in registry.models() for one in citations(config)}
    closed = [one for one in cited if not _opens(one.source)]

    assert 50 < len(cited)
    assert {"inferred"} == {one.confidence for one in closed}


def test_a_line_of_text_is_no_source_that_opens() -> None:
    """The check tells an address from words."""
    closed = (
        "our contract",
        "gemini_parameters.md section c",
        "repository 123",
        "v1.2",
    )

    assert [False] * 4 == [_opens(text) for text in closed]


def _last(facts: ModelFacts, fact: str, endpoint: str = "") -> Say | None:
    """Return the last word about a fact on an endpoint."""
    says = [say for say in facts.why(fact) if say.endpoint in {"", endpoint}]
    return says[-1] if says else None


def _rules(facts: ModelFacts, config: ModelConfig) -> Iterator[tuple[Any, ...]]:
    for endpoint in config.endpoints:
        for name, rule in config.mappings[endpoint].rules.items():
            says = [s for s in facts.why(name) if s.endpoint in {"", endpoint}]
            stated = [say.value for say in says if isinstance(say.value, dict)]
            told = [value["accepts"] for value in stated if "accepts" in value]
            yield f"{name} on {endpoint}", (told or ["any"])[-1], rule.accepts
    first = config.mappings[config.endpoints[0]].rules
    for name in first.keys() - {"tools"}:  # that is also when they are taken
        yield name, facts.why(name).value, first[name].accepts


def _others(facts: ModelFacts, config: ModelConfig) -> Iterator[tuple[Any, ...]]:
    for name, value in config.features.items():
        fact = f"features.{name}"
        said = _last(facts, fact)
        yield fact, facts.why(fact).value, value
        yield fact, value if said is None else said.value, value
    for name, key in LIMITS.items():
        said = _last(facts, name)
        yield name, facts.why(name).value, config.limits.get(key)
        yield name, said and said.value, config.limits.get(key)
    for name in LIFECYCLE:
        said = _last(facts, name)
        yield name, facts.why(name).value, getattr(config.lifecycle, name)
        yield name, said and said.value, getattr(config.lifecycle, name)
    for name in ("endpoints", "system_roles"):
        said = _last(facts, name)
        yield name, tuple(said.value if said else ()), getattr(config, name)
    for name in ("family", "tools", "thinking"):
        yield name, facts.why(name).value, getattr(config, name)


def test_why_answers_from_the_table_the_plan_reads(registry: Registry) -> None:
    """Over all rows no answer differs from what a plan goes by."""
    compared, differing = 0, []
    for config in registry.models():
        facts = registry.get(config.full_name)
        assert config == facts.config
        for fact, told, known in (*_rules(facts, config), *_others(facts, config)):
            compared += 1
            if told != known:
                differing.append((config.full_name, fact, told, known))

    assert [] == differing
    assert 20_000 < compared


@pytest.mark.parametrize(
    "name",
    [
        "mine",
        "mine-2026-02-03",
        "ft:mine:team::1",
        "quick",
        "lab:prod",
        "lab:gpt-5",
        "lab:nobody",
        "azure_openai:prod",
        "azure_openai:eu-gpt-5.1",
        "azure_openai:nobody",
        "models/gemini-2.5-flash",
    ],
)
def test_why_answers_for_names_of_ones_own(name: str) -> None:
    """Rows, servers, aliases and deployments are told by what a plan goes by, too."""
    registry = Registry()
    registry.add_server("lab", "http://127.0.0.1:9/v1", profile="vllm")
    registry.register("mine", same_as="gpt-5.1", limits={"output": 5})
    registry.register("lab:prod", same_as="gpt-5", features={"tool_choice": False})
    registry.register("prod", provider="azure_openai", same_as="gpt-5.1")
    registry.alias("quick", "mine")
    config, facts = registry.resolve(name), registry.get(name)
    found = [*_rules(facts, config), *_others(facts, config)]
    dates = set(LIFECYCLE) if config.provider == "azure_openai" else set()

    assert config == facts.config
    assert [] == [
        (fact, told, known)
        for fact, told, known in found
        if told != known and fact not in dates
    ]


def test_days_of_a_model_are_not_those_of_a_deployment() -> None:
    """Azure retires deployments on days of its own: no row's day holds for one."""
    why = Registry().get("azure_openai:gpt-5.1").why("shutdown")

    assert (None, [False]) == (why.value, [say.holds for say in why])


def test_why_tells_prices_and_ranks(registry: Registry) -> None:
    """Prices are those that calls cost, ranks those that `auto` reads, with sources."""
    pytest.importorskip("genai_prices")
    priced = ranked = 0
    for config in registry.models():
        facts = registry.get(config.full_name)
        price, rank = facts.why("price"), facts.why("rank")
        cost = estimate_usd(config, 1_000, 0)
        if cost is not None:
            priced += 1
            assert price.value.rates.input == pytest.approx(cost * 1_000)
            holds = next(say for say in price if say.holds)
            listed = "genai-prices" in holds.provenance.source
            assert listed or _opens(holds.provenance.source)
        assert registry.rank(config.full_name) == rank.value
        if rank.value is not None:
            ranked += 1
            said = [say for say in rank if say.holds]
            assert _opens(said[-1].provenance.source)

    assert 50 < priced
    assert 20 < ranked


def test_a_price_of_ones_own_goes_before_the_list() -> None:
    """The price that holds is marked, and the list price stays to be seen."""
    pytest.importorskip("genai_prices")
    registry = Registry()
    registry.register("gpt-4o", price={"input": 1, "output": 2}, source="a contract")
    lines = str(registry.get("gpt-4o").why("price")).splitlines()

    assert lines[1].startswith("   shipped    list price")
    assert lines[-2].startswith("-> override")


@pytest.mark.parametrize(
    "command", [["models"], ["show", "gpt-4o"], ["doctor", "--offline"]]
)
def test_guesses_are_counted_where_people_see_them(command: list[str]) -> None:
    """The command line says how many facts are inferred."""
    said = CliRunner().invoke(app, command, env={"COLUMNS": "200"}).output

    assert re.search(r"\d+ of \d+ facts are\s+inferred", said)


def test_the_count_is_of_what_holds(registry: Registry) -> None:
    """A fact that is stated with a document is no longer counted."""
    own = Registry()
    before = certainty([own.resolve("gpt-4o")])
    own.register(
        "gpt-4o",
        parameters_on={"chat": {"audio": {"accepts": "never"}}},
        source="https://example.com/limits",
        confidence="documented",
    )
    after = certainty([own.resolve("gpt-4o")])

    assert before.facts == after.facts
    assert before.inferred - 1 == after.inferred


def test_every_wording_of_a_refusal_names_where_it_was_seen() -> None:
    """Each row cites an address, an issue or a package with a place."""
    rows = read_toml("corrections.toml")["rows"]

    assert 60 < len(rows)
    assert [] == [row["source"] for row in rows if not _opens(row["source"])]


def test_a_wording_that_nobody_else_has_is_marked() -> None:
    """Who reads a row sees whether the words were seen, or are what they may be."""
    rows = read_toml("corrections.toml")["rows"]
    alone = ("no independent source", "nobody reported it")
    marked = [row.get("confidence", "reported") for row in rows]

    assert {"reported", "inferred"} == set(marked)
    assert [] == [
        row["source"]
        for row, confidence in zip(rows, marked, strict=True)
        if (confidence == "inferred") != any(one in row["source"] for one in alone)
    ]


def test_every_fact_that_is_cited_by_itself_names_a_source_of_its_file() -> None:
    """A key in `cited` is one of the sources of the same file."""
    tables = [read_rows(name) for name in provider_files()]
    cited = [
        (name, key, table.get("sources", {}))
        for table in tables
        for name, row in table.get("models", {}).items()
        for key in row.get("cited", {}).values()
    ]

    assert 200 < len(cited)
    assert [] == [(name, key) for name, key, sources in cited if key not in sources]
