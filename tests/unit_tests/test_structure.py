"""The figures of the house, which may become better and not worse.

`python -m tests.structure` prints them; `.github/CONTRIBUTING.md` has them in a table.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.runtime import runtime
from tests.structure import code, names, state, warm

INVOKE = warm.Passed(files=54, calls=230)
CHUNK = warm.Passed(files=19, calls=45)
"""Own files and function calls at most, with room for a few."""


@pytest.fixture(scope="module")
def models() -> Iterator[dict[str, UnifiedChatModel]]:
    runtime.reset()  # What other tests left behind makes calls longer.
    with warm.models() as found:
        yield found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("route", warm.ROUTES)
def test_a_warm_invoke_is_short(
    models: dict[str, UnifiedChatModel], route: str
) -> None:
    """A second call passes through few files and functions of ours."""
    found = warm.summed(warm.of_invoke(models[route]))

    assert found.files <= INVOKE.files
    assert found.calls <= INVOKE.calls


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("route", warm.ROUTES)
def test_a_streamed_chunk_is_short(
    models: dict[str, UnifiedChatModel], route: str
) -> None:
    """A chunk in the middle of a stream passes through few files and functions."""
    found = warm.summed(warm.of_chunk(models[route]))

    assert found.files <= CHUNK.files
    assert found.calls <= CHUNK.calls


def test_parts_are_held_not_inherited() -> None:
    """The model has one class of ours above LangChain's."""
    ours = [
        kind.__name__
        for kind in UnifiedChatModel.__mro__
        if kind.__module__.startswith("langchain_unified.")
    ]

    assert ["UnifiedChatModel", "DropIn"] == ours


def test_no_more_modules_are_in_circles() -> None:
    """Imports inside functions and for types count; the number only goes down."""
    assert CIRCLES >= sum(map(len, code.circles()))


def test_no_more_state_of_the_process() -> None:
    """What lives as long as the process goes into one place; none is added."""
    assert GLOBALS >= len(state.mutable_globals())


def test_no_private_names_of_others() -> None:
    """A private name of another package stands in a seam file."""
    assert PRIVATE >= len(names.foreign_private_names())


CIRCLES, GLOBALS, PRIVATE = 52, 0, 0
