"""The emulator plays servers of other makes, and every one of them can be used."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import add

import pytest
from langchain.agents import create_agent
from langchain_core.tools import tool

from langchain_unified import UnifiedChatModel
from langchain_unified.registry.makes import server_profiles
from langchain_unified.testing import ProviderEmulator
from langchain_unified.testing.__main__ import banner
from langchain_unified.testing.makes.facts import makes


@tool
def weather(city: str) -> str:
    """The weather in a city."""
    return f"sunny in {city}"


@pytest.fixture(params=sorted(makes()))
def played(request: pytest.FixtureRequest) -> Iterator[ProviderEmulator]:
    with ProviderEmulator(as_server=request.param) as emulator:
        yield emulator


def at(emulator: ProviderEmulator, **settings: object) -> UnifiedChatModel:
    return UnifiedChatModel(
        model="vendor/some-model:free",
        api_key="k",
        base_url=emulator.openai_base_url,
        **settings,
    )


def test_every_make_has_a_profile() -> None:
    """The emulator plays all that the registry has a profile of, beside OpenAI."""
    profiles = server_profiles().profiles
    own = {name for name, row in profiles.items() if not row.passes_on}

    assert own == set(makes())


def test_whole_and_streamed_say_the_same(played: ProviderEmulator) -> None:
    """Text and usage are the same in both, whatever the make leaves out or adds."""
    whole = at(played).invoke("one two three")
    streamed = reduce(add, at(played).stream("one two three"))

    assert whole.text == streamed.text.strip()
    assert whole.usage_metadata is not None
    assert streamed.usage_metadata is not None
    assert (
        whole.usage_metadata["total_tokens"]
        == (streamed.usage_metadata["total_tokens"])
    )


@pytest.mark.parametrize("streaming", [True, False])
def test_an_agent_comes_to_its_end(
    played: ProviderEmulator, *, streaming: bool
) -> None:
    """Calls are run and results are sent back as each make wants them."""
    agent = create_agent(at(played, streaming=streaming), [weather])
    said = agent.invoke({"messages": [("user", "weather in Lyon")]})["messages"]

    assert "sunny" in said[-2].text
    assert said[-1].text


def test_reasoning_of_every_make_is_a_block(played: ProviderEmulator) -> None:
    """Whoever tells its reasoning has it shown as a reasoning block."""
    whole = at(played).invoke("hi")
    told = [block["type"] for block in whole.content_blocks]
    named = [k for k in whole.additional_kwargs if k.startswith("reasoning")]

    assert bool(named) == ("reasoning" in told)


def test_a_make_that_does_not_exist_is_refused() -> None:
    """A misspelt name is answered with the names there are."""
    with pytest.raises(ValueError, match="deepseek"):
        ProviderEmulator(as_server="deepsek")


def test_the_banner_names_the_address() -> None:
    """Run by hand, the emulator says where it plays the server."""
    with ProviderEmulator(as_server="deepseek") as emulator:
        assert emulator.openai_base_url in banner(emulator)
