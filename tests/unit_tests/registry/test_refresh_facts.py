"""refresh --facts: rows beside installed catalogues, and what they lack written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import langchain_unified.data
from langchain_unified.cli.app import app
from langchain_unified.discovery.catalogues import Claim
from langchain_unified.discovery.rewriting import Filling, gaps, write_rows
from langchain_unified.errors import RegistryError
from langchain_unified.registry import Registry, default_registry

DAY, TODAY = date(2031, 1, 1), date(2030, 6, 1)
KNOWN = "gpt-daybreak-red-latest"
NEW = "zeta-9-turbo"


def _claims() -> list[Claim]:
    return [
        Claim("openai.types", "openai", KNOWN, "shutdown", DAY),
        Claim("modelparams", "openai", KNOWN, "shutdown", date(2030, 1, 1)),
        Claim("openai.types", "openai", "gpt-4o", "shutdown", DAY),
        Claim("langchain_openai", "openai", "gpt-4o", "max_output_tokens", 1),
        Claim("langchain_openai", "openai", NEW, "id", "listed"),
        Claim("langchain_openai", "openai", NEW, "max_input_tokens", 5_000),
        Claim("langchain_openai", "openai", NEW, "max_output_tokens", 900),
        Claim("langchain_openai", "openai", NEW, "released", TODAY),
        Claim("modelparams", "openai", "zeta-10", "id", "listed"),
        Claim("langchain_openai", "openai", "gpt-oss-20b", "id", "listed"),
        Claim("langchain_openai", "openai", "text-embedding-3-small", "id", "listed"),
    ]


def _found() -> list[Filling]:
    return gaps(Registry(), _claims())


def test_gaps_are_filled_from_trusted_catalogues_only() -> None:
    """What rows state is a person's to settle, and what is left out stays out."""
    assert {
        (KNOWN, "shutdown"),
        (NEW, "id"),
        (NEW, "max_input_tokens"),
        (NEW, "max_output_tokens"),
        (NEW, "released"),
    } == {(one.claim.model, one.claim.fact) for one in _found()}


def test_a_new_file_has_the_rows(tmp_path: Path) -> None:
    """A registry that loads it knows the model, with the package as the source."""
    path = tmp_path / "models.toml"
    write_rows(_found(), path, TODAY)
    registry = Registry(overrides=path)
    config = registry.resolve(NEW)

    assert "exact" == config.match
    assert {"input": 5_000, "output": 900} == dict(config.limits)
    assert TODAY == config.lifecycle.released
    assert "langchain-openai" in config.provenance["limits"].source
    assert DAY == registry.resolve(KNOWN).lifecycle.shutdown
    assert [] == gaps(registry, _claims())


def test_nothing_to_write_makes_no_file(tmp_path: Path) -> None:
    """Where no fact is missing, there is nothing to load."""
    path = tmp_path / "models.toml"
    write_rows([], path, TODAY)

    assert not path.exists()


def test_a_file_keeps_what_it_says(tmp_path: Path) -> None:
    """Rows, comments and order stay; a fact goes to the end of its model's table."""
    path = tmp_path / "models.toml"
    path.write_text(
        f'# Ours.\n[models."{KNOWN}"]  # a test\nrank = {{ speed = 3 }}\n'
        f'\n[models."{KNOWN}".limits]\noutput = 3\n\n[aliases]\nfast = "gpt-4o"\n',
        encoding="utf-8",
    )
    write_rows(_found(), path, TODAY)
    text = path.read_text(encoding="utf-8")

    assert text.startswith("# Ours.")
    assert f"rank = {{ speed = 3 }}\nshutdown = {DAY}\n\n[models" in text
    registry = Registry(overrides=path)
    assert {"fast": "gpt-4o"} == registry.aliases()
    assert 3 == registry.resolve(KNOWN).limits["output"]
    assert "exact" == registry.resolve(NEW).match


@pytest.mark.parametrize("text", ["[models.", '[models."a"]\nfamly = "x"\n'])
def test_a_file_that_is_wrong_is_left_alone(text: str, tmp_path: Path) -> None:
    """What no registry could load is not written over."""
    path = tmp_path / "models.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RegistryError):
        write_rows(_found(), path, TODAY)

    assert text == path.read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def fresh_registry() -> Iterator[None]:
    """The registry of a new process, and a new one afterwards."""
    default_registry.cache_clear()
    yield
    default_registry.cache_clear()


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["refresh", *arguments])


@pytest.mark.upstream
def test_the_command_shows_what_differs_and_why() -> None:
    """Each difference has both values, the catalogue's release and a reason."""
    result = _run("--facts", "--all", "--json")
    told = json.loads(result.stdout)["differences"]

    assert 0 == result.exit_code
    assert 20 < len(told)
    assert all(row["catalogue"] and (row["reviewed"] or row["source"]) for row in told)
    assert 0 == _run("--facts", "--provider", "openai").exit_code


def test_the_command_writes_into_the_users_file_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a file it is an error; the package's own rows never change."""
    folder = Path(langchain_unified.data.__file__).parent
    before = {file: file.read_bytes() for file in folder.glob("*.toml")}
    monkeypatch.delenv("LANGCHAIN_UNIFIED_MODELS", raising=False)
    refused = _run("--facts", "--write")
    path = tmp_path / "mine.toml"
    path.write_text('[models.acme]\nprovider = "openai"\nfamily = "classic"\n')
    monkeypatch.setenv("LANGCHAIN_UNIFIED_MODELS", str(path))
    written = _run("--facts", "--write")

    assert (2, 0) == (refused.exit_code, written.exit_code)
    assert "--file" in refused.stderr
    assert before == {file: file.read_bytes() for file in folder.glob("*.toml")}
    assert path.read_text().startswith("[models.acme]")
