"""Prices by service tier, by the day and by what tokens hold."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timezone
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.cost import (
    BudgetExceededError,
    cost_usd,
    estimate_usd,
    price_of,
)
from langchain_unified.cost.list_prices import update_prices
from langchain_unified.errors import RegistryError
from langchain_unified.registry import Registry
from langchain_unified.testing.server import LoopbackServer
from langchain_unified.testing.wire import HttpReply
from tests.unit_tests.servers.loopback import CompatibleServer, json_reply

DAYS = [
    date(2026, 9, 1),
    date(2026, 11, 28),
    date(2026, 12, 1),
    date(2027, 1, 1),
]
TIERS = {
    "": {},
    "default": {"service_tier": "default"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
    "fast": {"service_tier": "fast"},
    "batch": {"processing": "batch"},
}
OWNERS = {"google_genai": "google", "openai": "openai", "anthropic": "anthropic"}
USAGES: list[tuple[dict[str, Any], dict[str, int]]] = [
    (
        {"input_tokens": 1_000, "output_tokens": 500},
        {"input_tokens": 1_000, "output_tokens": 500},
    ),
    (
        {
            "input_tokens": 400_000,
            "output_tokens": 9,
            "input_token_details": {"cache_read": 250_000, "cache_creation": 1_000},
        },
        {
            "input_tokens": 400_000,
            "output_tokens": 9,
            "cache_read_tokens": 250_000,
            "cache_write_tokens": 1_000,
        },
    ),
    (
        {
            "input_tokens": 900,
            "output_tokens": 800,
            "input_token_details": {"audio": 300},
            "output_token_details": {"audio": 200},
        },
        {
            "input_tokens": 900,
            "output_tokens": 800,
            "input_audio_tokens": 300,
            "output_audio_tokens": 200,
        },
    ),
    (
        {
            "input_tokens": 900,
            "output_tokens": 1_400,
            "input_token_details": {"image": 300},
            "output_token_details": {"image": 1_290},
        },
        {
            "input_tokens": 900,
            "output_tokens": 1_400,
            "input_image_tokens": 300,
            "output_image_tokens": 1_290,
        },
    ),
    (
        {
            "input_tokens": 900,
            "output_tokens": 1,
            "input_token_details": {
                "ephemeral_5m_input_tokens": 100,
                "ephemeral_1h_input_tokens": 200,
                "cache_creation": 0,
            },
        },
        {
            "input_tokens": 900,
            "output_tokens": 1,
            "cache_write_tokens": 300,
            "cache_write_1h_tokens": 200,
        },
    ),
]


@pytest.fixture
def prices() -> Any:
    """The package genai-prices, if it knows service tiers."""
    found = pytest.importorskip("genai_prices")
    if not hasattr(found.types, "PriceContext"):
        pytest.skip("prices of tiers come with genai-prices 0.2")
    return found


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("day", DAYS, ids=str)
def test_every_price_is_the_librarys(prices: Any, day: date, tier: str) -> None:
    """Every model costs at every tier and day what genai-prices says."""
    when = datetime(day.year, day.month, day.day, 12, tzinfo=timezone.utc)
    compared = 0
    for config in Registry(clock=lambda: day).models():
        owner = OWNERS[config.provider]
        for told, counts in USAGES:
            about = {"provider_id": owner, "genai_request_timestamp": when}
            try:
                usage = prices.Usage(**counts)
                usual = prices.calc_price(usage, config.model, **about)
                found = prices.calc_price(
                    usage, config.model, price_context=TIERS[tier], **about
                )
            except LookupError:
                continue
            if found.model_price.input_mtok is None:
                continue
            has_tier = tier in {"", "default"} or found.model_price != usual.model_price
            if has_tier:
                compared += 1
                expected = float(found.total_price)
                assert expected == pytest.approx(cost_usd(config, told, tier))
            elif tier not in {*config.service_tiers, "fast"}:
                assert cost_usd(config, told, tier) is None
    assert compared or (day < date(2026, 10, 1) and tier)


@pytest.mark.parametrize(
    ("model", "tier", "day", "dollars"),
    [
        ("gpt-6.2-astra", None, DAYS[1], (8, 40)),
        ("gpt-6.2-astra", "flex", DAYS[1], (4, 20)),
        ("gpt-6.2-astra", "priority", DAYS[1], (16, 80)),
        ("gpt-6.2-astra", "fast", DAYS[1], (16, 80)),
        ("gpt-6.2-sol", "auto", DAYS[1], (2, 10)),
        ("gpt-6.1-sol", "default", DAYS[1], (2, 10)),
        ("gpt-6.1-sol", "flex", DAYS[1], (1, 5)),
        ("gpt-6.1-sol", "priority", DAYS[1], (4, 20)),
        ("gpt-6.1-sol", "ultrafast", DAYS[1], (12, 60)),
        ("gemini-4-argon", None, DAYS[1], (2, 10)),
        ("gemini-4-argon", None, DAYS[2], (4, 20)),
    ],
)
def test_the_table_has_the_prices_of_the_pages(
    prices: Any, model: str, tier: str | None, day: date, dollars: tuple[float, float]
) -> None:
    """Dollars for a million tokens in and out are those of the facts of 2026-11-27."""
    price = price_of(Registry(clock=lambda: day).resolve(model), tier)

    assert price is not None
    assert dollars == (price.rates.input, price.rates.output)


def _chat(tier: str | None, **usage: Any) -> Callable[[dict[str, Any]], HttpReply]:
    """Return what answers chats with usage, at a tier, streamed or not."""
    counts = {"prompt_tokens": 1_000_000, "completion_tokens": 500_000, **usage}
    counts["total_tokens"] = 1_500_000
    named = {} if tier is None else {"service_tier": tier}

    def answer(body: dict[str, Any]) -> HttpReply:
        common = {"id": "c", "created": 1, "model": body["model"], **named}
        if not body.get("stream"):
            message = {"role": "assistant", "content": "hi"}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            kind = {"object": "chat.completion", "choices": [choice]}
            return json_reply({**common, **kind, "usage": counts})
        chunk = {**common, "object": "chat.completion.chunk"}
        first = {"index": 0, "delta": {"content": "hi"}, "finish_reason": None}
        last = {"index": 0, "delta": {}, "finish_reason": "stop"}
        chunks = [
            {**chunk, "choices": [first]},
            {**chunk, "choices": [last]},
            {**chunk, "choices": [], "usage": counts},
        ]
        lines = [f"data: {json.dumps(one)}\n\n" for one in chunks]
        text = "".join([*lines, "data: [DONE]\n\n"])
        return HttpReply(200, {"content-type": "text/event-stream"}, text.encode())

    return answer


@pytest.fixture
def served() -> Iterator[list[Any]]:
    """A server that bills at OpenAI's prices; its answer is the list's last entry."""
    answers: list[Any] = []

    def answer(body: dict[str, Any]) -> Any:
        return answers[-1](body)

    with CompatibleServer(answer) as server:
        answers.append(server)
        yield answers


def _llm(server: CompatibleServer, **settings: Any) -> UnifiedChatModel:
    return UnifiedChatModel(
        api_key="key",
        providers={"openai": {"base_url": server.url, "prices": "openai"}},
        **settings,
    )


def _costs(llm: UnifiedChatModel, **settings: Any) -> list[float | None]:
    """Return the cost of an answer, and of the same answer streamed."""
    pieces = list(llm.stream("hi", stream_usage=True, **settings))
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece
    answers = [llm.invoke("hi", **settings), whole]
    return [one.response_metadata["unified"]["cost_usd"] for one in answers]


@pytest.mark.parametrize(
    ("sent", "named", "dollars"),
    [
        ("flex", "flex", 0.625 + 2.5),
        ("flex", None, 0.625 + 2.5),
        ("flex", "default", 1.25 + 5),
        ("auto", "priority", 2.5 + 10),
        (None, "priority", 2.5 + 10),
        ("fast", "priority", 2.5 + 10),
        (None, None, 1.25 + 5),
    ],
)
def test_the_tier_that_counts_is_the_one_the_answer_names(
    prices: Any,
    served: list[Any],
    sent: str | None,
    named: str | None,
    dollars: float,
) -> None:
    """A call that was moved to another tier costs what that tier costs."""
    server = served[0]
    served.append(_chat(named))
    asked = {} if sent is None else {"service_tier": sent}
    llm = _llm(server, model="gpt-5", use_responses_api=False, **asked)

    assert [pytest.approx(dollars)] * 2 == _costs(llm)


def test_cached_tokens_of_a_tier_are_cheaper(prices: Any, served: list[Any]) -> None:
    """LangChain counts them apart as flex_cache_read; they have the tier's rate."""
    served.append(_chat("flex", prompt_tokens_details={"cached_tokens": 400_000}))
    llm = _llm(served[0], model="gpt-5", use_responses_api=False)
    dollars = 0.6 * 0.625 + 0.4 * 0.0625 + 2.5

    assert [pytest.approx(dollars)] * 2 == _costs(llm)


def test_a_price_changes_at_its_day_within_a_process(
    prices: Any, served: list[Any]
) -> None:
    """The registry's clock decides: from 2026-12-01 on the same object pays double."""
    today = [date(2026, 11, 30)]
    registry = Registry(clock=lambda: today[0])
    registry.add_server("gateway", served[0].url, prices="google_genai")
    served.append(_chat(None))
    llm = UnifiedChatModel(model="gateway:gemini-4-argon", registry=registry)
    before = _costs(llm)
    today[0] = date(2026, 12, 1)

    assert [[pytest.approx(7)] * 2, [pytest.approx(14)] * 2] == [before, _costs(llm)]


def test_a_budget_sets_aside_what_the_tier_costs(
    prices: Any, served: list[Any]
) -> None:
    """A flex call fits a budget that a priority call does not."""
    served.append(_chat(None))
    llm = _llm(
        served[0],
        model="gpt-5",
        budget_usd=0.008,
        max_tokens=1_000,
        use_responses_api=False,
    )
    for tier in (None, "priority"):
        asked = {} if tier is None else {"service_tier": tier}
        with pytest.raises(BudgetExceededError):
            llm.invoke("hi", **asked)
    assert [] == served[0].bodies

    assert "hi" == llm.invoke("hi", service_tier="flex").text


def test_a_budget_names_what_to_state_of_a_tier(prices: Any, served: list[Any]) -> None:
    """A tier without a price is refused with the line that states one."""
    served.append(_chat(None))
    settings = {"model": "gpt-4o", "budget_usd": 100, "max_tokens": 10}
    llm = _llm(served[0], **settings)
    line = 'registry.register("openai:gpt-4o", service_tiers={"scale": 1.0})'

    with pytest.raises(BudgetExceededError) as refused:
        llm.invoke("hi", service_tier="scale")
    assert line in str(refused.value)
    registry = Registry()
    registry.register("openai:gpt-4o", service_tiers={"scale": 1.0})
    told = _llm(served[0], registry=registry, **settings)
    assert "hi" == told.invoke("hi", service_tier="scale").text


def test_a_budget_names_the_price_where_no_tier_has_one(served: list[Any]) -> None:
    """A factor of no price is none: what is asked for is the price, and it suffices."""
    served.append(_chat(None))
    settings = {"model": "gpt-99", "budget_usd": 100, "max_tokens": 10}
    line = 'registry.register("openai:gpt-99", price={"input": 0, "output": 0})'

    with pytest.raises(BudgetExceededError) as refused:
        _llm(served[0], **settings).invoke("hi", service_tier="flex")
    assert line in str(refused.value)
    registry = Registry()
    registry.register("openai:gpt-99", price={"input": 0, "output": 0})
    told = _llm(served[0], registry=registry, **settings)
    assert "hi" == told.invoke("hi", service_tier="flex").text


def test_auto_compares_prices_at_the_tier_of_the_call(prices: Any) -> None:
    """What is cheapest at one tier need not be at another."""
    registry = Registry()
    for name, usual, flex in (("one", 1.0, 0.9), ("other", 1.1, 0.1)):
        registry.register(
            name,
            provider="openai",
            family="classic",
            rank={"strength": 1, "speed": 1},
            price={"input": usual, "output": usual},
            service_tiers={"flex": flex},
        )
    llm = UnifiedChatModel(
        model="auto:cheapest(one, other)", registry=registry, api_key="key"
    )
    picked = [llm.explain(), llm.explain(service_tier="flex")]

    assert ["one", "other"] == [plan.model for plan in picked]


def test_a_row_states_tiers_as_prices_or_factors() -> None:
    """A table is the tier's price, a number multiplies the usual one, cached too."""
    registry = Registry()
    registry.register(
        "gpt-5",
        price={"input": 10, "output": 20, "cached": 1},
        service_tiers={"flex": 0.5, "priority": {"input": 11, "output": 99}},
    )
    config = registry.resolve("gpt-5")
    rates = {
        tier: price.rates.stated()
        for tier in ("flex", "priority", "scale")
        if (price := price_of(config, tier)) is not None
    }

    assert {
        "flex": {"input": 5, "output": 10, "cached": 0.5},
        "priority": {"input": 11, "output": 99},
        "scale": {"input": 10, "output": 20, "cached": 1},
    } == rates


def test_a_tier_is_read_as_the_words_of_calls_are() -> None:
    """Blanks and capitals around it do not keep the price from being used."""
    registry = Registry()
    registry.register("mine", price={"input": 1, "output": 1})
    registry.register("mine", service_tiers={"Flex ": 0.5})
    config = registry.resolve("mine")
    found = [estimate_usd(config, 1_000_000, 0, tier) for tier in ("flex", "Flex ")]

    assert [0.5, 0.5] == found


def test_a_tier_of_the_users_own_goes_before_the_list(prices: Any) -> None:
    """A contract's factor counts, although the list has another price."""
    registry = Registry()
    registry.register("gpt-5", service_tiers={"flex": 0.1})

    assert 0.125 == pytest.approx(
        estimate_usd(registry.resolve("gpt-5"), 1_000_000, 0, "flex")
    )


def test_own_rates_of_audio_and_images() -> None:
    """Rows state what audio and images cost; the rest is billed as text."""
    registry = Registry()
    registry.register(
        "mine",
        provider="openai",
        family="classic",
        price={"input": 1, "output": 2, "input_audio": 10, "output_image": 100},
    )
    usage = {
        "input_tokens": 1_000_000,
        "output_tokens": 1_000_000,
        "input_token_details": {"audio": 500_000, "image": 100_000},
        "output_token_details": {"image": 10_000, "audio": 10_000},
    }

    assert 0.5 + 5 + 0.99 * 2 + 1 == pytest.approx(
        cost_usd(registry.resolve("mine"), usage)
    )


def test_a_model_without_a_price_says_so_once(
    prices: Any, served: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    """The log tells once how to state a price; calls go on."""
    served.append(_chat(None))
    llm = _llm(served[0], model="gpt-99-new", use_responses_api=False)
    with caplog.at_level(logging.WARNING, "langchain_unified"):
        costs = [_costs(llm), _costs(llm)]
    told = [text for text in caplog.messages if "no price is known" in text]

    assert [[None, None]] * 2 == costs
    assert 1 == len(told)
    assert 'registry.register("openai:gpt-99-new", price=' in told[0]


LISTED = [
    {
        "id": "openai",
        "name": "OpenAI",
        "api_pattern": "https://api\\.openai\\.com",
        "models": [
            {
                "id": "gpt-5",
                "match": {"equals": "gpt-5"},
                "prices": {"input_mtok": 70, "output_mtok": 90},
            }
        ],
    }
]


@contextmanager
def _file(reply: HttpReply) -> Iterator[str]:
    """Serve one file; yield its address."""
    server = LoopbackServer(lambda _: reply)
    server.start()
    yield f"http://127.0.0.1:{server.port}/data.json"
    server.stop()


@pytest.fixture
def bundled() -> Iterator[Any]:
    """The prices that genai-prices came with, here and afterwards."""
    found = pytest.importorskip("genai_prices.data_snapshot")
    yield found.set_custom_snapshot(None)
    found.set_custom_snapshot(None)


@pytest.mark.usefixtures("bundled")
def test_list_prices_are_updated_when_asked() -> None:
    """What genai-prices fetches holds at once, for models that were priced before."""
    config = Registry().resolve("gpt-5")
    before = estimate_usd(config, 1_000_000, 0)
    with _file(json_reply(LISTED)) as url:
        update_prices(url)

    assert (1.25, 70) == (before, estimate_usd(config, 1_000_000, 0))


@pytest.mark.usefixtures("bundled")
@pytest.mark.parametrize("reply", [json_reply({}), HttpReply(500), HttpReply(200)])
def test_prices_that_cannot_be_fetched_change_nothing(reply: HttpReply) -> None:
    """A server that answers with anything else is an error, and the old prices stay."""
    with (
        _file(reply) as url,
        pytest.raises(RegistryError, match="the previous ones are kept"),
    ):
        update_prices(url)

    assert 1.25 == estimate_usd(Registry().resolve("gpt-5"), 1_000_000, 0)


def _gemini(*, stream: bool, **usage: Any) -> HttpReply:
    """Return an answer of Gemini with usage; of a stream, its running totals."""
    part = {"content": {"role": "model", "parts": [{"text": "hi"}]}}
    last = {"candidates": [{**part, "finishReason": "STOP"}], "usageMetadata": usage}
    if not stream:
        return json_reply(last)
    half = {k: v // 2 if isinstance(v, int) else v for k, v in usage.items()}
    pieces = [{"candidates": [part], "usageMetadata": half}, last]
    lines = [f"data: {json.dumps(one)}\n\n" for one in pieces]
    kind = {"content-type": "text/event-stream"}
    return HttpReply(200, kind, "".join(lines).encode())


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("named", "factor"),
    [
        ({"x-gemini-service-tier": "flex"}, 0.5),
        ({"x-gemini-service-tier": "standard"}, 1),
        ({"x-gemini-service-tier": "paid"}, 3),
        ({"trafficType": "ON_DEMAND_FLEX"}, 0.5),
        ({}, 3),
    ],
)
def test_gemini_names_its_tier_too(
    named: dict[str, str], factor: float, *, stream: bool
) -> None:
    """A header or the usage names the tier; without one, the call's counts."""
    registry = Registry()
    registry.register(
        "gemini-2.5-flash",
        price={"input": 1, "output": 2},
        service_tiers={"flex": 0.5, "priority": 3},
    )
    counts = {"promptTokenCount": 600_000, "candidatesTokenCount": 200_000}
    paths = ":streamGenerateContent" if stream else ":generateContent"

    def answer(_: dict[str, Any]) -> HttpReply:
        reply = _gemini(stream=stream, **counts, **named)
        return replace(reply, headers={**reply.headers, **named})

    with CompatibleServer(answer, paths) as server:
        url = server.url.removesuffix("/v1")
        llm = UnifiedChatModel(
            model="gemini-2.5-flash",
            registry=registry,
            providers={"google_genai": {"api_key": "k", "base_url": url}},
            service_tier="priority",
        )
        if stream:
            pieces = list(llm.stream("hi"))
            whole = pieces[0]
            for piece in pieces[1:]:
                whole += piece
        else:
            whole = llm.invoke("hi")

    assert factor == pytest.approx(whole.response_metadata["unified"]["cost_usd"])


@pytest.mark.parametrize("stream", [False, True])
def test_images_that_gemini_draws_are_billed_as_images(*, stream: bool) -> None:
    """Ten times the price of text: the answer counts its tokens by modality."""
    name = "gemini-2.5-flash-image"
    registry = Registry()
    registry.register(
        name, price={"input": 1, "output": 2, "output_image": 20, "input_audio": 5}
    )

    def answer(_: dict[str, Any]) -> HttpReply:
        return _gemini(
            stream=stream,
            promptTokenCount=500_000,
            candidatesTokenCount=1_000_000,
            promptTokensDetails=[{"modality": "AUDIO", "tokenCount": 100_000}],
            candidatesTokensDetails=[
                {"modality": "TEXT", "tokenCount": 400_000},
                {"modality": "IMAGE", "tokenCount": 600_000},
            ],
        )

    path = ":streamGenerateContent" if stream else ":generateContent"
    with CompatibleServer(answer, path) as server:
        url = server.url.removesuffix("/v1")
        llm = UnifiedChatModel(
            model=name,
            registry=registry,
            providers={"google_genai": {"api_key": "k", "base_url": url}},
        )
        if stream:
            pieces = list(llm.stream("hi"))
            whole = pieces[0]
            for piece in pieces[1:]:
                whole += piece
        else:
            whole = llm.invoke("hi")
    usage = whole.usage_metadata

    assert usage is not None
    assert 600_000 == usage["output_token_details"]["image"]
    assert 0.4 + 0.5 + 0.8 + 12 == pytest.approx(
        whole.response_metadata["unified"]["cost_usd"]
    )
