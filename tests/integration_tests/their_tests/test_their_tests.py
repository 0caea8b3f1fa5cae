"""langchain-openai's own tests, brought for the version installed and run on our class.

Nothing of theirs is kept here: the source distribution is fetched when the test runs,
and the test is skipped where it cannot be. So a new release is tried the day it comes.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
PACKAGE = "langchain-openai"
FILES = (
    "chat_models/test_base.py",
    "chat_models/test_base_standard.py",
    "chat_models/test_prompt_cache_key.py",
    "chat_models/test_responses_standard.py",
    "test_secrets.py",
)
MOST_ACCEPTED = 6
FEWEST = 100
"""Tests that must be left to speak of behaviour, or the reading of theirs is broken."""

_SECONDS = 240


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with their tests, fetched for the version installed."""
    found = tmp_path_factory.mktemp("theirs")
    version = importlib.metadata.version(PACKAGE)
    asked = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
        *("--no-binary", ":all:", "--no-build-isolation"),
        *("--dest", str(found), f"{PACKAGE}=={version}"),
    ]
    done = subprocess.run(  # noqa: S603 - no shell, and nothing a user wrote
        asked, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    archives = list(found.glob("*.tar.gz"))
    if done.returncode or not archives:
        pytest.skip(f"the sources of {PACKAGE} {version} cannot be fetched here")
    with tarfile.open(archives[0]) as archive:
        for member in archive.getmembers():
            name = member.name.partition("/")[2]
            data = archive.extractfile(member) if member.isfile() else None
            if data is not None and name.startswith("tests/"):
                target = found / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data.read())
    return found


def outcomes(folder: Path, whose: str) -> dict[str, str]:
    """Return how each of their tests ends with a class in ChatOpenAI's place."""
    report = folder / f"{whose}.json"
    repository = HERE.parents[2]
    environment = {
        **os.environ,
        "THEIR_CLASS": whose,
        "THEIR_REPORT": str(report),
        "OPENAI_API_KEY": "k",
        "PYTHONPATH": os.pathsep.join([str(HERE), str(repository)]),
    }
    options = ["-o", "addopts=", "-o", "asyncio_mode=auto", "-p", "plugin", "-q"]
    files = [str(folder / "tests/unit_tests" / file) for file in FILES]
    subprocess.run(  # noqa: S603 - no shell, and nothing a user wrote
        [sys.executable, "-m", "pytest", *options, "-W", "ignore", *files],
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=_SECONDS,
        check=False,
    )
    if not report.exists():
        pytest.skip("their tests need packages that are not installed")
    found: dict[str, str] = json.loads(report.read_text())
    return found


def rows_of(*kinds: str) -> list[dict[str, Any]]:
    """Return reviewed differences: those a promise demands, or those still open."""
    listed = tomllib.loads((HERE / "accepted.toml").read_text(encoding="utf-8"))
    return [row for kind in kinds for row in listed[kind]]


def test_the_list_of_differences_is_short() -> None:
    """Each difference says what differs and which promise demands it; six at most."""
    rows = rows_of("differs")

    assert MOST_ACCEPTED >= len(rows)
    assert all(row["what"] and row["promise"] for row in rows)


@pytest.mark.timeout(600)
def test_their_tests_pass_with_our_class(folder: Path) -> None:
    """What passes with ChatOpenAI passes with us, but for the reviewed differences."""
    theirs, ours = outcomes(folder, "theirs"), outcomes(folder, "ours")
    passed = {name for name, outcome in theirs.items() if outcome == "passed"}
    known = re.compile(
        "|".join(f"({row['tests']})" for row in rows_of("differs", "open"))
    )
    new = sorted(
        name
        for name in passed
        if ours.get(name) != "passed" and not known.search(name.partition("::")[2])
    )

    assert FEWEST <= len(passed)
    assert [] == new
