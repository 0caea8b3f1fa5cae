"""Prices of one's own, read by costs, budgets and `auto` alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.cost import BudgetExceededError, cost_usd, estimate_usd
from langchain_unified.errors import RegistryError
from langchain_unified.registry import Registry
from tests.unit_tests.servers.loopback import CompatibleServer, json_reply

USAGE = {
    "prompt_tokens": 1_000_000,
    "completion_tokens": 500_000,
    "total_tokens": 1_500_000,
    "prompt_tokens_details": {"cached_tokens": 400_000},
}


@pytest.fixture
def server() -> Iterator[CompatibleServer]:
    """A server of one's own that says how many tokens it took."""

    def answer(body: dict[str, Any]) -> Any:
        message = {"role": "assistant", "content": "hi"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        model = body["model"]
        return json_reply(
            {"id": "c", "model": model, "choices": [choice], "usage": USAGE}
        )

    with CompatibleServer(answer) as running:
        yield running


def _cost(llm: UnifiedChatModel, **settings: Any) -> float | None:
    record = llm.invoke("hi", **settings).response_metadata["unified"]
    cost: float | None = record["cost_usd"]
    return cost


def test_an_answer_costs_what_the_row_says(server: CompatibleServer) -> None:
    """Input, cached input and output are billed at the rates of the row."""
    registry = Registry()
    registry.add_server("vllm", server.url)
    registry.register("vllm:mine", price={"input": 2, "output": 8, "cached": 0.5})
    llm = UnifiedChatModel(model="vllm:mine", registry=registry)

    assert pytest.approx(0.6 * 2 + 0.4 * 0.5 + 0.5 * 8) == _cost(llm)


def test_a_row_of_a_file_has_tiers(tmp_path: Path) -> None:
    """Larger calls have the rates of their tier, on all their tokens."""
    path = tmp_path / "models.toml"
    path.write_text(
        """
        [models."gpt-4o".price]
        input = 1
        output = 4
        tiers = [{ above = 200_000, input = 2, output = 6, cached = 1 }]
        """,
        encoding="utf-8",
    )
    config = Registry(overrides=path).resolve("gpt-4o-2024-11-20")
    sizes = [(200_000, 100_000), (200_001, 100_000)]

    assert [0.6, pytest.approx(1.000002)] == [estimate_usd(config, *s) for s in sizes]
    assert "models.toml" in str(config.price.provenance if config.price else "")


def test_a_price_of_zero_is_a_price(server: CompatibleServer) -> None:
    """A machine of one's own costs nothing, so a budget lets every call through."""
    registry = Registry()
    registry.add_server("vllm", server.url)
    registry.register("vllm:mine", price={"input": 0, "output": 0})
    llm = UnifiedChatModel(
        model="vllm:mine", registry=registry, budget_usd=0.001, max_tokens=1_000
    )

    assert [0.0, 0.0] == [_cost(llm), _cost(llm)]


def test_a_budget_names_the_line_to_write(server: CompatibleServer) -> None:
    """Where no price is known, the error has the line that states one."""
    registry = Registry()
    registry.add_server("vllm", server.url)
    llm = UnifiedChatModel(
        model="vllm:mine", registry=registry, budget_usd=1, max_tokens=10
    )

    with pytest.raises(BudgetExceededError, match=r'registry\.register\("vllm:mine", '):
        llm.invoke("hi")
    assert [] == server.bodies


def test_own_servers_are_not_billed_at_list_prices(server: CompatibleServer) -> None:
    """A server of one's own costs what rows say; a gateway can bill at list prices."""
    pytest.importorskip("genai_prices")
    registry = Registry()
    registry.add_server("gateway", server.url, prices="openai")
    registry.add_server("lab", server.url)
    llm = UnifiedChatModel(
        model="gpt-4o", registry=registry, base_url=server.url, api_key="key"
    )
    billed = UnifiedChatModel(
        model="gpt-4o",
        api_key="key",
        providers={"openai": {"base_url": server.url, "prices": "openai"}},
    )
    list_price = cost_usd(
        Registry().resolve("gpt-4o"),
        {
            "input_tokens": 1_000_000,
            "output_tokens": 500_000,
            "input_token_details": {"cache_read": 400_000},
        },
    )

    assert [None, None] == [_cost(llm), _cost(llm, model="lab:gpt-4o")]
    assert [list_price, list_price] == [
        _cost(billed),
        _cost(llm, model="gateway:gpt-4o"),
    ]


GOOGLE = "google_genai"
GEMINI = {
    "candidates": [
        {
            "content": {"role": "model", "parts": [{"text": "hi"}]},
            "finishReason": "STOP",
        }
    ],
    "usageMetadata": {
        "promptTokenCount": 1_000,
        "candidatesTokenCount": 1_000,
        "totalTokenCount": 2_000,
    },
}


@pytest.mark.parametrize(
    ("stated", "budget", "bills"),
    [({}, None, ""), ({"prices": GOOGLE}, None, GOOGLE), ({}, 1, GOOGLE)],
    ids=["nobody says", "the user says", "a budget has to be kept"],
)
def test_no_provider_is_billed_elsewhere_unless_said(
    stated: dict[str, str], budget: float | None, bills: str
) -> None:
    """Gemini behind a gateway costs what the gateway says, as OpenAI's models do."""
    pytest.importorskip("genai_prices")
    name = "gemini-3.5-flash"
    with CompatibleServer(lambda _: json_reply(GEMINI), ":generateContent") as gateway:
        url = gateway.url.removesuffix("/v1")
        llm = UnifiedChatModel(
            model=name,
            max_tokens=10,
            budget_usd=budget,
            providers={"google_genai": {"api_key": "k", "base_url": url, **stated}},
        )
        cost = _cost(llm)

    config = Registry().resolve(name)
    listed = estimate_usd(config, 1_000, 1_000)
    assert listed is not None
    assert (listed if bills else None) == cost


def test_a_deployment_is_billed_by_azure_at_its_own_address_only() -> None:
    """Azure's prices hold for Azure's hosts, and behind a gateway for nobody."""
    own, gateway = "https://mine.openai.azure.com", "https://gateway.example.com"
    found = [
        UnifiedChatModel(
            model="azure_openai:gpt-4o",
            enable=["azure_openai"],
            providers={"azure_openai": {"azure_endpoint": url, "api_key": "k"}},
        )
        .resolve()
        .billed_as
        for url in (own, gateway)
    ]

    assert ["azure_openai", ""] == found


def test_same_as_has_the_price_of_the_other() -> None:
    """A model that is the same as another costs the same, by list or by row."""
    pytest.importorskip("genai_prices")
    registry = Registry()
    registry.register("mine", same_as="gpt-4o")
    one, other = registry.resolve("mine"), registry.resolve("gpt-4o")
    assert estimate_usd(other, 1_000, 1_000) == estimate_usd(one, 1_000, 1_000)

    registry.register("gpt-4o", price={"input": 7, "output": 7})
    assert 0.014 == pytest.approx(estimate_usd(registry.resolve("mine"), 1_000, 1_000))


def test_auto_reads_the_same_prices(server: CompatibleServer) -> None:
    """A model of one's own with a rank and a price is chosen where it is cheapest."""
    registry = Registry()
    registry.register(
        "tiny-1",
        provider="openai",
        family="classic",
        rank={"strength": 1, "speed": 1},
        price={"input": 0, "output": 0},
    )
    llm = UnifiedChatModel(
        model="auto:cheapest", registry=registry, base_url=server.url, api_key="key"
    )

    assert ("tiny-1", 0.0) == (llm.explain().model, _cost(llm))


def test_why_tells_the_price() -> None:
    """The registry says where a price is from."""
    registry = Registry()
    registry.register("gpt-4o", price={"input": 1, "output": 2}, source="our contract")

    assert "our contract" in str(registry.get("gpt-4o").why("price"))


@pytest.mark.parametrize(
    ("price", "told"),
    [
        ({"input": -1, "output": 1}, "price.input: -1"),
        ({"input": 1, "output": float("nan")}, "price.output: nan"),
        ({"input": 1}, "price.output"),
        ({"input": 1, "ouput": 1}, "did you mean 'output'"),
        ({"input": 1, "output": 1, "tiers": [{"above": 1}]}, "tiers.0.input"),
    ],
)
def test_a_price_that_makes_no_sense_is_refused(
    price: dict[str, Any], told: str
) -> None:
    """Negative, missing and misspelt rates are refused."""
    with pytest.raises(RegistryError, match=told):
        Registry().register("gpt-4o", price=price)
