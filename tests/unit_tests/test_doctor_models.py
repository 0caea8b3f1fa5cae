"""doctor: how old the facts are, and which models end when."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from langchain_unified.cli.app import app
from langchain_unified.registry import Registry, default_registry

ENDING = next(
    config
    for config in Registry().models()
    if config.lifecycle.shutdown
    and config.lifecycle.replacement_with
    and config.match == "exact"
)
"""A model whose successor does as it did with some settings."""


@pytest.fixture(autouse=True)
def fresh_registry() -> Iterator[None]:
    """The registry of a new process, and a new one afterwards."""
    default_registry.cache_clear()
    yield
    default_registry.cache_clear()


def _told(*arguments: str, **environment: str) -> dict[str, tuple[str, str]]:
    """Return what doctor tells, by what it is about."""
    asked = ["doctor", "--offline", "--json", *arguments]
    result = CliRunner().invoke(app, asked, env=environment)
    rows = json.loads(result.stdout)
    return {row["what"]: (row["state"], row["advice"]) for row in rows}


def test_the_age_of_the_facts_is_told() -> None:
    """The oldest and the newest day on which sources were read."""
    state, _ = _told()["registry updated"]

    assert re.fullmatch(r"20\d\d-\d\d-\d\d to 20\d\d-\d\d-\d\d, \d+ days ago", state)


def test_a_model_that_ends_has_the_exact_call() -> None:
    """The successor comes with the settings that make it do as the model did."""
    state, advice = _told(ENDING.model)[f"model {ENDING.model}"]

    assert f"shutdown {ENDING.lifecycle.shutdown}" in state
    assert f"use {ENDING.lifecycle.replacement_call}" == advice
    assert ", " in ENDING.lifecycle.replacement_call


def test_models_of_the_surroundings_are_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Variables, rows and aliases of the user's own name models too."""
    rows = tmp_path / "rows.toml"
    rows.write_text(f'[aliases]\nours = "{ENDING.model}"\n')
    monkeypatch.setenv("LANGCHAIN_UNIFIED_MODELS", str(rows))
    told = _told(OPENAI_MODEL="gpt-4o", OTHER_MODEL="no model of anybody")

    assert {f"model {ENDING.model}", "model gpt-4o"} == {
        what for what in told if what.startswith("model ")
    }
    assert "alias ours" in told[f"model {ENDING.model}"][1]
    assert "from OPENAI_MODEL" in told["model gpt-4o"][1]


def test_models_in_files_are_found_with_their_place(tmp_path: Path) -> None:
    """Code, notebooks and settings files are read; folders of packages are not."""
    app_file = tmp_path / "app.py"
    app_file.write_text(f"o1 = 1\nllm = Chat(model='{ENDING.model}')\n")
    (tmp_path / "settings.yaml").write_text("model: openai:gpt-4o\nname: words\n")
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "x.py").write_text("m = 'gpt-4.1'\n")
    told = _told(str(tmp_path))

    assert {f"model {ENDING.model}", "model openai:gpt-4o"} == {
        what for what in told if what.startswith("model ")
    }
    assert f"({app_file}:2)" in told[f"model {ENDING.model}"][1]


def test_a_name_that_is_nothing_is_an_error() -> None:
    """A slip in a name is told, with exit code 2."""
    result = CliRunner().invoke(app, ["doctor", "--offline", "gtp-4o"])

    assert 2 == result.exit_code
    assert "neither a file, a folder" in result.stderr


@pytest.mark.parametrize("length", [300, 5_000])
def test_a_name_longer_than_a_path_is_an_error(length: int) -> None:
    """No file system has such a name, and no row either."""
    result = CliRunner().invoke(app, ["doctor", "--offline", "a" * length])

    assert 2 == result.exit_code
    assert "neither a file, a folder" in result.stderr


def test_a_link_to_nowhere_is_left_out(tmp_path: Path) -> None:
    """The other files of the folder are read all the same."""
    (tmp_path / "a.py").symlink_to(tmp_path / "gone.py")
    (tmp_path / "b.py").write_text("m = 'gpt-4o'\n")

    assert "model gpt-4o" in _told(str(tmp_path))


def test_a_slip_in_a_name_is_met_with_the_model_that_was_meant() -> None:
    """The nearest name of a row is told."""
    result = CliRunner().invoke(app, ["doctor", "--offline", "gpt-4oo"])

    assert 2 == result.exit_code
    assert "did you mean 'gpt-4o'?" in result.stderr


def test_rows_at_urls_are_told_of(tmp_path: Path) -> None:
    """What was not fetched, or cannot be, is said with what to do."""
    pin = f"https://rows.example.com/a.toml#sha256={'0' * 64}"
    named = {"LANGCHAIN_UNIFIED_ROWS": f"{pin} http://rows.example.com/b.toml"}
    told = _told(LANGCHAIN_UNIFIED_CACHE=str(tmp_path), **named)
    fetch = "langchain-unified refresh --rows"

    assert ("not cached", fetch) == told["rows at https://rows.example.com/a.toml"]
    assert "ignored" == told["rows at a URL"][0]
