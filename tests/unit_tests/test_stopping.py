"""Stop strings on the client: the meaning the APIs give them, wherever they fall."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from langchain_core.messages import HumanMessage

from langchain_unified import UnifiedChatModel
from langchain_unified.answers.stopping import StopText
from langchain_unified.testing import ProviderEmulator

Make = Callable[..., UnifiedChatModel]


def _whole(text: str, stops: list[str]) -> str:
    for end in range(len(text) + 1):
        complete = [stop for stop in stops if text[:end].endswith(stop)]
        if complete:
            return text[: end - max(map(len, complete))]
    return text


def _pieces(pieces: list[str], stops: list[str]) -> str:
    cut = StopText(stops)
    out = "".join(cut.feed(piece) for piece in pieces)
    return out + cut.rest()


@example(["a", "c", "b"], ["c", "acb"])
@given(
    st.lists(st.text("abc", max_size=4), max_size=8),
    st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=3),
)
@settings(max_examples=2_000)
def test_pieces_are_cut_where_the_whole_would_be(
    pieces: list[str], stops: list[str]
) -> None:
    """However an answer is split, it ends before the first complete stop string."""
    assert _whole("".join(pieces), stops) == _pieces(pieces, stops)


def test_text_that_cannot_begin_a_stop_string_is_not_held_back() -> None:
    """Only what could begin a stop string waits for the next piece."""
    cut = StopText(["END"])

    assert "one " == cut.feed("one E")
    assert "Eat" == cut.feed("at")


@pytest.mark.parametrize("name", ["gpt-6-sol", "gpt-5-pro", "o3"])
def test_a_whole_answer(model: Make, name: str) -> None:
    """A whole answer is cut, says why it ended, and is on record."""
    answer = model(name, stop=["STOP"]).invoke("one two STOP three")
    changes = answer.response_metadata["unified"]["changes"]

    assert "one two " == answer.text
    assert "stop" == answer.response_metadata["finish_reason"]
    assert ("stop", "emulated") in [(c["parameter"], c["kind"]) for c in changes]


@pytest.mark.parametrize("name", ["gpt-6-sol", "gpt-5-pro"])
async def test_a_stream_ends_at_the_stop_string(
    model: Make, provider_emulator: ProviderEmulator, name: str
) -> None:
    """A stream ends before the stop string; the rest of it is not read."""
    llm = model(name, stop=["three four"])
    text = "one two three four five"

    assert "one two " == "".join(chunk.text for chunk in llm.stream(text))
    assert "one two " == "".join([chunk.text async for chunk in llm.astream(text)])
    assert [] == provider_emulator.errors


def test_more_stop_strings_than_the_model_takes(model: Make) -> None:
    """Five stop strings work on a model that takes four."""
    answer = model("gpt-4o").invoke("one five two", stop=["q", "w", "r", "t", "five"])

    assert "one " == answer.text


def test_copies_where_the_endpoint_has_none(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """Two answers of a model without `n` are two requests, with their usage summed."""
    llm = model("gpt-5-pro", n=2)
    result = llm.generate([[HumanMessage("hi")]])
    usages = [g.message.usage_metadata for g in result.generations[0]]
    single = model("gpt-5-pro").invoke("hi").usage_metadata

    assert 3 == len(provider_emulator.requests)
    assert [2 * single["total_tokens"]] * 2 == [u["total_tokens"] for u in usages]
