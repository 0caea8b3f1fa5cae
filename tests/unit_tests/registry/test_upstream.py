"""The rows next to other catalogues: a new difference is a question for a person."""

from __future__ import annotations

import sys
from datetime import date
from importlib.util import find_spec

import pytest

from langchain_unified.data import read_toml
from langchain_unified.discovery.upstream import (
    Claim,
    claims,
    disagreements,
    is_known,
    left_out,
    reviewed,
    why_left_out,
)
from langchain_unified.registry import Registry
from langchain_unified.types import ModelConfig


@pytest.mark.upstream
def test_no_catalogue_disagrees_in_a_new_way() -> None:
    """Every difference from an installed catalogue was reviewed and accepted."""
    pytest.importorskip("modelparams")
    pytest.importorskip("genai_prices")
    new = [d for d in disagreements(Registry()) if d.key not in reviewed()]

    assert [] == [str(one) for one in new]


@pytest.mark.upstream
@pytest.mark.skipif(
    sys.version_info < (3, 11), reason="genai-prices 0.2 needs Python 3.11"
)
def test_nothing_is_accepted_that_nobody_claims() -> None:
    """An acceptance whose catalogue has come round is to be deleted."""
    pytest.importorskip("modelparams")
    pytest.importorskip("genai_prices")
    made = list(claims())
    here = {one.source for one in made}
    found = {one.key for one in disagreements(Registry(), made)}
    accepted = {key for key in reviewed() if key[0] in here}

    assert [] == sorted(accepted - found)


def test_every_acceptance_has_a_reason_and_a_source() -> None:
    """Who accepts a difference says why, and where that is written."""
    entries = read_toml("reviewed.toml")["accepted"]

    assert all(entry["reason"] and entry["source"] for entry in entries)


def _listed(sources: set[str]) -> dict[str, ModelConfig]:
    """Return what the ids of catalogues resolve to, but for those left out."""
    registry = Registry()
    return {
        f"{c.provider}:{c.model} ({c.source})": registry.resolve(
            f"{c.provider}:{c.model}"
        )
        for c in claims()
        if c.fact == "id" and c.source in sources
        if why_left_out(c.provider, c.model) is None
    }


def _unknown(found: dict[str, ModelConfig]) -> list[str]:
    return [name for name, config in found.items() if not is_known(config)]


@pytest.mark.parametrize(
    ("source", "package", "fewest"),
    [
        ("openai.types", "openai", 110),
        ("langchain_openai", "langchain_openai", 50),
        ("langchain_google_genai", "langchain_google_genai", 35),
        ("langchain_anthropic", "langchain_anthropic", 15),
        ("anthropic.types", "anthropic", 15),
        ("genai-prices", "genai_prices", 110),
        ("modelparams", "modelparams", 60),
        ("litellm", "litellm", 230),
    ],
)
@pytest.mark.upstream
def test_every_id_of_a_catalogue_has_a_row_or_a_reason(
    source: str, package: str, fewest: int
) -> None:
    """A listed id resolves to a row, to another API's family, or was left out."""
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    found = _listed({source})

    assert fewest <= len(found)
    assert [] == _unknown(found)
    assert all(one.provenance["endpoints"].source for one in found.values())


def test_what_is_left_out_has_a_reason_and_resolves_to_no_row() -> None:
    """Nobody states a reason for a name that has a row."""
    registry = Registry()
    listed = [(one.provider, name) for one in left_out() for name in one.names]
    plain = [(p, n) for p, n in listed if "*" not in n]

    assert all(one.reason and one.source for one in left_out())
    assert 5 < len(plain)
    assert [] == [
        name for p, name in plain if is_known(registry.resolve(f"{p}:{name}"))
    ]


def test_an_id_without_a_row_or_a_reason_is_found() -> None:
    """A newcomer of a known family is noticed, and not taken for known."""
    made = [Claim("somebody", "openai", "gpt-5.4-of-tomorrow", "id", "listed")]

    assert 1 == len(disagreements(Registry(), made))


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("shutdown", date(2031, 1, 1)),
        ("max_input_tokens", 7),
        ("tool_calling", False),
        ("reasoning_effort_levels", ("low",)),
    ],
)
def test_a_new_difference_is_found(fact: str, value: object) -> None:
    """A catalogue that says something else about a known model is noticed."""
    claim = Claim("somebody", "openai", "gpt-4o", fact, value)
    (found,) = disagreements(Registry(), [claim])

    assert found.claim is claim
    assert found.key not in reviewed()


def test_an_unknown_id_is_found() -> None:
    """An id that only the fallback covers is noticed."""
    claim = Claim("somebody", "openai", "zeta-1", "id", "listed")

    assert 1 == len(disagreements(Registry(), [claim]))
