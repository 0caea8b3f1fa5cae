"""The rows next to other catalogues: a new difference is a question for a person."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pytest

from langchain_unified.data import parse_toml
from langchain_unified.discovery.rewriting import refresh_rows, with_fact
from langchain_unified.discovery.upstream import Claim, claims, disagreements
from langchain_unified.registry import Registry

ACCEPTED = Path(__file__).parent / "accepted_disagreements.toml"
OPEN_IDS = {"openai.types", "langchain_openai", "langchain_google_genai"}


def _accepted() -> dict[tuple[str, str, str, str], str]:
    entries = parse_toml(ACCEPTED.read_text(encoding="utf-8"))["accepted"]
    return {
        (entry["catalogue"], model, entry["fact"], value): entry["reason"]
        for entry in entries
        for model, value in entry["claims"].items()
    }


@pytest.mark.upstream
def test_no_catalogue_disagrees_in_a_new_way() -> None:
    """Every difference from an installed catalogue was reviewed and accepted."""
    pytest.importorskip("modelparams")
    pytest.importorskip("genai_prices")
    accepted = _accepted()
    new = [str(one) for one in disagreements(Registry()) if one.key not in accepted]

    assert [] == new


@pytest.mark.upstream
@pytest.mark.skipif(
    sys.version_info < (3, 11), reason="genai-prices 0.2 needs Python 3.11"
)
def test_nothing_is_accepted_that_nobody_claims() -> None:
    """An acceptance whose catalogue has come round is to be deleted."""
    pytest.importorskip("modelparams")
    pytest.importorskip("genai_prices")
    found = {one.key for one in disagreements(Registry())}

    assert [] == sorted(set(_accepted()) - found)


def test_every_acceptance_has_a_reason_and_a_source() -> None:
    """Who accepts a difference says why, and where that is written."""
    entries = parse_toml(ACCEPTED.read_text(encoding="utf-8"))["accepted"]

    assert all(entry["reason"] and entry["source"] for entry in entries)


@pytest.mark.upstream
def test_every_listed_id_resolves_with_provenance() -> None:
    """Every id of the SDK and of both partner profiles finds a row or a family."""
    registry = Registry()
    listed = [c for c in claims() if c.source in OPEN_IDS and c.fact == "id"]
    found = {
        f"{c.provider}:{c.model}": registry.resolve(f"{c.provider}:{c.model}")
        for c in listed
    }

    assert 160 < len(found)
    assert [] == [name for name, one in found.items() if one.match == "fallback"]
    assert all(one.provenance["endpoints"].source for one in found.values())


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
    assert found.key not in _accepted()


def test_an_unknown_id_is_found() -> None:
    """An id that only the fallback covers is noticed."""
    claim = Claim("somebody", "openai", "zeta-1", "id", "listed")

    assert 1 == len(disagreements(Registry(), [claim]))


def test_gaps_are_filled_from_trusted_catalogues_only(tmp_path: Path) -> None:
    """A fact the rows lack is entered if its catalogue may be believed about it."""
    table = '[models.gpt-daybreak-red-latest]\nfamily = "x"\n\n[models.other]\n'
    (tmp_path / "openai.toml").write_text(table, encoding="utf-8")
    day = date(2031, 1, 1)
    name = "gpt-daybreak-red-latest"
    made = [
        Claim("openai.types", "openai", name, "shutdown", day),
        Claim("modelparams", "openai", name, "shutdown", date(2030, 1, 1)),
        Claim("openai.types", "openai", "gpt-4o", "shutdown", day),
    ]
    found = refresh_rows(made=made, folder=tmp_path, write=True)
    text = (tmp_path / "openai.toml").read_text(encoding="utf-8")

    assert [made[0]] == [one.claim for one in found]
    assert f'family = "x"\nshutdown = {day}\n\n[models.other]' in text


def test_a_fact_without_a_table_is_an_error() -> None:
    """A fact about a model without a table has no place to go."""
    with pytest.raises(ValueError, match="no table"):
        with_fact("[models.a]\n", "b", "released", date(2031, 1, 1))
