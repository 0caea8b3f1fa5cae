"""Tests of langchain-openai and langchain-google-genai, run on our class.

Nothing of theirs is kept here: the source distribution of the version installed is
fetched when the test runs, and the test is skipped where it cannot be. So a new release
is tried the day it comes.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integration_tests.sources import fetch_source, pip

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
MOST_ACCEPTED = 6
"""Differences on the list of ChatOpenAI's tests, at most."""

_SECONDS = 500


@dataclass(frozen=True)
class Suite:
    """Some tests of another package, and the plugin that puts our class in them."""

    plugin: str
    package: str
    folder: str
    files: tuple[str, ...]
    accepted: str
    fewest: int
    """Tests that must be left and pass with their class, or the reading of theirs is
    broken."""
    options: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


WIRE = Suite(
    "openai_plugin",
    "langchain-openai",
    "tests/unit_tests",
    (
        "chat_models/test_base.py",
        "chat_models/test_base_standard.py",
        "chat_models/test_prompt_cache_key.py",
        "chat_models/test_responses_standard.py",
        "test_secrets.py",
    ),
    accepted="accepted.toml",
    fewest=100,
)
RECORDED = Suite(
    "recorded_plugin",
    "langchain-openai",
    "tests/integration_tests/chat_models",
    (
        "test_base.py",
        "test_base_standard.py",
        "test_responses_api.py",
        "test_responses_standard.py",
    ),
    accepted="accepted_recorded.toml",
    fewest=30,
    options=("--record-mode=none", "--block-network", "-m", "vcr"),
)
GOOGLE = Suite(
    "google_plugin",
    "langchain-google-genai",
    "tests/unit_tests",
    ("test_chat_models.py", "test_refusal.py", "test_standard.py"),
    accepted="accepted_google.toml",
    fewest=200,
    needs=("protobuf",),
)
SUITES = (WIRE, RECORDED, GOOGLE)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the folders with their tests, fetched for the versions installed."""
    packages = {suite.package for suite in SUITES}
    return {
        package: fetch_source(package, tmp_path_factory.mktemp(package))
        for package in sorted(packages)
    }


def needed(suite: Suite, folder: Path) -> Path:
    """Return a folder with the packages that tests import beside those installed."""
    found = folder / "needed"
    if suite.needs and not found.exists():
        done = pip("install", "--quiet", "--target", str(found), *suite.needs)
        if done.returncode:
            pytest.skip(f"{suite.needs} cannot be installed: {done.stderr[-300:]}")
    return found


def outcomes(suite: Suite, folder: Path, whose: str) -> dict[str, str]:
    """Return how each of their tests ends with a class in the place of theirs."""
    report = folder / f"{suite.plugin}_{whose}.json"
    paths = [HERE, HERE.parents[2], needed(suite, folder)]
    environment = {
        **os.environ,
        "THEIR_CLASS": whose,
        "THEIR_REPORT": str(report),
        "OPENAI_API_KEY": "k",
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
    }
    options = ["-o", "addopts=", "-o", "asyncio_mode=auto", "-p", "reporting", "-q"]
    options += ["-p", suite.plugin, "-p", "no:cacheprovider", "-W", "ignore"]
    options += ["--benchmark-disable", "--timeout", "60", *suite.options]
    files = [str(folder / suite.folder / file) for file in suite.files]
    done = subprocess.run(  # noqa: S603 - no shell, and nothing a user wrote
        [sys.executable, "-m", "pytest", *options, *files],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    found: dict[str, str] = json.loads(report.read_text()) if report.exists() else {}
    if not found and "ModuleNotFoundError" in done.stdout + done.stderr:
        pytest.skip("their tests need packages that are not installed")
    assert found, done.stdout[-2000:] + done.stderr[-2000:]
    return found


def rows_of(suite: Suite) -> list[dict[str, Any]]:
    """Return the reviewed differences of a suite."""
    listed = tomllib.loads((HERE / suite.accepted).read_text(encoding="utf-8"))
    return list(listed.get("differs", ()))


def test_the_list_of_differences_is_short() -> None:
    """ChatOpenAI's own tests end differently for six reasons at most."""
    assert MOST_ACCEPTED >= len(rows_of(WIRE)) + len(rows_of(RECORDED))


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.plugin)
def test_each_difference_has_its_promise(suite: Suite) -> None:
    """Each row says what differs and which promise demands it."""
    assert all(row["what"] and row["promise"] for row in rows_of(suite))


@pytest.mark.foreign
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.plugin)
def test_their_tests_pass_with_our_class(
    suite: Suite, sources: dict[str, Path]
) -> None:
    """What passes with their class passes with ours, but for reviewed differences."""
    folder = sources[suite.package]
    theirs, ours = (outcomes(suite, folder, whose) for whose in ("theirs", "ours"))
    passed = {name for name, outcome in theirs.items() if outcome == "passed"}
    known = [re.compile(row["tests"]) for row in rows_of(suite)]
    differ = {name for name in passed if ours.get(name) != "passed"}
    new = sorted(
        name
        for name in differ
        if not any(row.search(name.partition("::")[2]) for row in known)
    )

    assert suite.fewest <= len(passed)
    assert [] == new
