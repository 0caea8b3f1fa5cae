"""The figures of the house, which may become better and not worse.

`python -m tests.structure` prints them; `.github/CONTRIBUTING.md` has them in a table.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from langchain_unified import UnifiedChatModel
from tests.structure import code, names, state, warm

ROOT = Path(__file__).parents[2]
INVOKE = {
    "OpenAI": warm.Passed(files=18, calls=104),
    "Gemini": warm.Passed(files=18, calls=88),
}
CHUNK = {
    "OpenAI": warm.Passed(files=6, calls=26),
    "Gemini": warm.Passed(files=6, calls=20),
}
"""Own files and function calls at most by wire; a body may come in a few more reads."""


@pytest.fixture(scope="module")
def passed() -> dict[str, warm.Passed]:
    """Return what warm calls pass through in a process that ran no other test."""
    program = [sys.executable, "-m", "tests.structure", "--warm"]
    run = subprocess.run(  # noqa: S603
        program, cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = re.findall(r"^(.+): (\d+) files, (\d+) calls$", run.stdout, re.MULTILINE)
    return {what: warm.Passed(int(files), int(calls)) for what, files, calls in found}


@pytest.mark.parametrize("route", warm.ROUTES)
def test_a_warm_invoke_is_short(passed: dict[str, warm.Passed], route: str) -> None:
    """A second call passes through few files and functions of ours."""
    found, most = passed[f"{route}, invoke"], INVOKE[route.partition(",")[0]]

    assert found.files <= most.files
    assert found.calls <= most.calls


@pytest.mark.parametrize("route", warm.ROUTES)
def test_a_streamed_chunk_is_short(passed: dict[str, warm.Passed], route: str) -> None:
    """A chunk in the middle of a stream passes through few files and functions."""
    found, most = passed[f"{route}, streamed chunk"], CHUNK[route.partition(",")[0]]

    assert found.files <= most.files
    assert found.calls <= most.calls


def test_parts_are_held_not_inherited() -> None:
    """The model has one class of ours above LangChain's."""
    ours = [
        kind.__name__
        for kind in UnifiedChatModel.__mro__
        if kind.__module__.startswith("langchain_unified.")
    ]

    assert ["UnifiedChatModel", "Settings"] == ours


def test_functions_are_short() -> None:
    """Half of the functions fit in a few lines, and none needs scrolling."""
    lines = [length for length, _ in code.functions()]
    found = (statistics.median(lines), statistics.quantiles(lines, n=10)[-1], lines[-1])

    assert [] == [(a, b) for a, b in zip(found, LENGTHS, strict=True) if a > b]


LENGTHS = (7, 17, 50)
"""Lines of a function, its docstring included: median, ninth tenth and longest."""


def test_no_more_state_of_the_process() -> None:
    """What lives as long as the process goes into one place; none is added."""
    assert GLOBALS >= len(state.mutable_globals())


def test_no_provider_is_named_in_more_files() -> None:
    """A provider's name stands in its folder and in data; the numbers only go down."""
    found = {word: len(paths) for word, paths in names.provider_names().items()}

    assert found.keys() == NAMED.keys()
    assert [] == [word for word, number in found.items() if number > NAMED[word]]


NAMED = {"anthropic": 0, "azure": 0, "gemini": 0, "google": 1, "ollama": 0}
"""Files that name a provider: a keyword of the constructor, `google_api_key`."""


def test_no_private_names_of_others() -> None:
    """A private name of another package stands in a seam file."""
    assert PRIVATE >= len(names.foreign_private_names())


GLOBALS, PRIVATE = 0, 0
