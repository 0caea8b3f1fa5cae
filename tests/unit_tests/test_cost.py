"""What calls cost, streamed or not, and a budget that is kept."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.cost import BudgetExceededError, cost_usd
from langchain_unified.registry import Registry, default_registry
from langchain_unified.testing import ProviderEmulator

Make = Callable[..., UnifiedChatModel]
NAMES = ["gpt-4o", "gpt-5", "gpt-6-luna", "gemini-3.8-flash"]


@pytest.fixture
def without_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package with the prices is not installed."""
    monkeypatch.setitem(sys.modules, "genai_prices", None)


def test_a_price_is_per_token_and_cached_tokens_are_cheaper() -> None:
    """A million tokens cost what the list says, those read from a cache less."""
    pytest.importorskip("genai_prices")
    config = default_registry().resolve("gpt-4o")
    usage = {"input_tokens": 1000, "output_tokens": 1000, "total_tokens": 2000}
    cached = {**usage, "input_token_details": {"cache_read": 1000}}

    assert 0.0125 == pytest.approx(cost_usd(config, usage))
    assert cost_usd(config, cached) < cost_usd(config, usage)


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_says_what_it_cost(model: Make, name: str) -> None:
    """The record of an answer has its cost."""
    pytest.importorskip("genai_prices")
    answer = model().invoke("hi", model=name)
    config = default_registry().resolve(name)

    assert (
        cost_usd(config, answer.usage_metadata)
        == (answer.response_metadata["unified"]["cost_usd"])
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_stream_says_what_it_cost(model: Make, name: str) -> None:
    """The pieces of a stream add up to one cost, on the last piece."""
    pytest.importorskip("genai_prices")
    pieces = list(model().stream("one two three", model=name))
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece
    config = default_registry().resolve(name)

    assert (
        cost_usd(config, whole.usage_metadata)
        == (whole.response_metadata["unified"]["cost_usd"])
    )
    told = [p for p in pieces if "cost_usd" in p.response_metadata.get("unified", {})]
    assert 1 == len(told)
    assert "last" == told[0].chunk_position


async def test_an_asynchronous_stream_says_what_it_cost(model: Make) -> None:
    """The same for an asynchronous stream."""
    pytest.importorskip("genai_prices")
    whole = None
    async for piece in model().astream("hi"):
        whole = piece if whole is None else whole + piece

    assert whole.response_metadata["unified"]["cost_usd"] > 0


@pytest.mark.usefixtures("without_prices")
def test_without_the_extra_there_is_no_cost(model: Make) -> None:
    """Without the package a cost is `None`, and nothing else changes."""
    answer = model().invoke("hi")

    assert "hi" == answer.text
    assert answer.response_metadata["unified"]["cost_usd"] is None


def test_a_model_without_a_price_has_no_cost(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A model nobody has a price for has no cost."""
    answer = model().invoke("hi", model="gemini-4-carbon")

    assert answer.response_metadata["unified"]["cost_usd"] is None


def test_a_budget_is_checked_before_sending(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A call that may cost more than what is left is refused, and nothing is sent."""
    pytest.importorskip("genai_prices")
    llm = model(budget_usd=0.001, max_tokens=1000)

    with pytest.raises(BudgetExceededError, match=r"budget_usd=0\.001"):
        llm.invoke("hi")
    assert [] == provider_emulator.requests


def test_what_was_spent_counts(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """Calls and streams add up until the budget is used up."""
    pytest.importorskip("genai_prices")
    llm = model(budget_usd=0.0006, max_tokens=10)
    llm.invoke("hi")
    list(llm.stream("hi"))
    with pytest.raises(BudgetExceededError) as refused:
        list(map(llm.invoke, ["hi " * 20] * 100))

    assert 0 < refused.value.spent < 0.0006


@pytest.mark.usefixtures("without_prices")
def test_a_budget_needs_prices(model: Make) -> None:
    """A budget that cannot be kept is an error that says what to install."""
    with pytest.raises(BudgetExceededError, match=r"langchain-unified\[cost\]"):
        model(budget_usd=1).invoke("hi")


@pytest.mark.parametrize("read", [1, 999, 250_000, 800_000])
def test_every_price_is_the_librarys(read: int) -> None:
    """What is worked out from its rates is what genai-prices itself would say."""
    prices = pytest.importorskip("genai_prices")
    counts = {"input_tokens": read, "output_tokens": 77, "cache_read_tokens": read // 3}
    details = {"cache_read": read // 3}
    told = {"input_tokens": read, "output_tokens": 77, "input_token_details": details}
    owners = {"google_genai": "google", "openai": "openai", "anthropic": "anthropic"}
    compared = 0

    for config in Registry().models():
        try:
            wanted = prices.calc_price(
                prices.Usage(**{k: v for k, v in counts.items() if v}),
                config.model,
                provider_id=owners[config.provider],
            )
        except (KeyError, LookupError):
            continue
        compared += 1
        assert float(wanted.total_price) == pytest.approx(cost_usd(config, told))
    assert compared > 100


def test_a_budget_is_kept_on_a_server_of_the_users(
    provider_emulator: ProviderEmulator,
) -> None:
    """A gateway says no prices: list prices keep the budget, and calls go through."""
    llm = UnifiedChatModel(
        model="gpt-4o",
        base_url=provider_emulator.openai_base_url,
        api_key="none",
        max_tokens=100,
        budget_usd=0.0012,
    )
    for _ in range(3):
        assert llm.invoke("hi").text
    with pytest.raises(BudgetExceededError):
        llm.batch(["hi"] * 50)

    assert 3 <= len(provider_emulator.requests) < 53
