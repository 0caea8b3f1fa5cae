"""`notebooks/ray_batch.py`: the chat model inside Ray Data, run as a user runs it."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from langchain_unified.learning import Lessons
from langchain_unified.testing import ProviderEmulator, Reply

EXAMPLE = Path(__file__).parents[2] / "notebooks" / "ray_batch.py"
CHANGED = "gpt-4o"
"""A model that, against what the registry knows, takes no temperature here."""

pytestmark = [
    pytest.mark.skipif(
        not all(map(importlib.util.find_spec, ("ray", "pandas", "pyarrow"))),
        reason='needs pip install "langchain-unified[ray]"',
    ),
    pytest.mark.timeout(900),
]


@pytest.fixture
def emulator() -> Iterator[ProviderEmulator]:
    """Run a server with a model whose rules the registry gets wrong."""
    with ProviderEmulator() as emulator:
        rules = emulator.rules_for(CHANGED)
        assert rules is not None
        emulator.add_rules(replace(rules, temperature="only_default"))
        yield emulator


@dataclass
class Run:
    """What a run of the example printed."""

    report: dict[str, Any]
    progress: list[str]
    code: int


def run(
    emulator: ProviderEmulator, *arguments: str, folder: Path, seconds: float = 240
) -> Run:
    """Run the example in a process of its own, with the emulator as both providers."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "OPENAI_API_KEY": "sk-test",
        "OPENAI_BASE_URL": emulator.openai_base_url,
        "GOOGLE_API_KEY": "test",
        "GOOGLE_GEMINI_BASE_URL": emulator.google_base_url,
        "LANGCHAIN_UNIFIED_PLAYGROUND": "real",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    command = [sys.executable, str(EXAMPLE), *arguments]
    done = subprocess.run(  # noqa: S603 - the example is ours
        command,
        check=False,
        capture_output=True,
        text=True,
        timeout=seconds,
        env=environment,
    )
    lines = done.stdout.splitlines()
    assert lines, done.stderr[-4000:]
    assert lines[-1].startswith("{"), done.stderr[-4000:]
    progress = [line for line in lines if "answered," in line]
    return Run(json.loads(lines[-1]), progress, done.returncode)


def answered(emulator: ProviderEmulator) -> list[str]:
    """Return the messages of the requests that were answered."""
    return [
        json.dumps(request.body["messages"])
        for request in emulator.requests
        if request.status == 200
    ]


def test_the_short_form(emulator: ProviderEmulator, tmp_path: Path) -> None:
    """Of 300 prompts each is answered once; one that cannot be is a row with why.

    One request in twenty fails for a while and is repeated.
    """
    flagged = {"error": {"message": "Flagged.", "code": "content_policy_violation"}}
    emulator.script(
        Reply(
            400,
            body=flagged,
            when=lambda request: "Is 7 odd" in json.dumps(request.body),
            times=0,
        )
    )
    emulator.fault_rate(0.05, Reply(429, headers={"retry-after": "0"}), Reply(503))
    done = run(emulator, "--prompts", "300", folder=tmp_path)

    assert 299 == len(answered(emulator)) == len(set(answered(emulator)))
    assert (299, 1, 1) == (done.report["answered"], done.report["failed"], done.code)
    assert ["Flagged." in error for error in done.report["errors"]] == [True]
    assert {400, 429, 503} == {request.status for request in emulator.errors}
    assert 2 == done.report["workers"]
    assert 2 <= len(done.progress)


def test_workers_share_what_they_learn(
    emulator: ProviderEmulator, tmp_path: Path
) -> None:
    """A refusal is paid for by the first requests only, and never by a later run."""
    lessons = tmp_path / "lessons"
    arguments = ("--prompts", "100", "--model", CHANGED, "--learned", str(lessons))
    first = run(emulator, *arguments, folder=tmp_path)
    refused = len(emulator.errors)
    learned = Lessons.at(lessons).all()
    emulator.reset()
    second = run(emulator, *arguments, folder=tmp_path)

    assert (100, 100) == (first.report["answered"], second.report["answered"])
    # What is under way when the first refusal comes back: a round of each worker.
    assert 1 <= refused <= 2 * 16
    assert ["temperature"] == [lesson.correction.parameter for lesson in learned]
    assert [] == emulator.errors


@pytest.mark.soak
def test_ten_thousand_prompts(emulator: ProviderEmulator, tmp_path: Path) -> None:
    """Ten thousand prompts, some requests failing, each answered exactly once."""
    emulator.fault_rate(0.01, Reply(429, headers={"retry-after": "0"}), Reply(503))
    arguments = (
        "--prompts",
        "10000",
        "--batch-size",
        "250",
        "--requests-at-once",
        "32",
    )
    done = run(emulator, *arguments, folder=tmp_path, seconds=850)

    assert (10_000, 0) == (done.report["answered"], done.report["failed"])
    assert 10_000 == len(answered(emulator)) == len(set(answered(emulator)))
    assert 2 == done.report["workers"]
