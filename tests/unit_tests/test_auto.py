"""`auto` decides on the call: its size, its cap, its price and its budget."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langchain_core.messages.utils import count_tokens_approximately

from langchain_unified import UnifiedChatModel
from langchain_unified.choice import NoModelFitsError
from langchain_unified.errors import InvalidParameterError
from langchain_unified.registry import Registry
from tests.unit_tests.servers.loopback import CompatibleServer, say
from tests.unit_tests.test_property import PIXEL, TOOLS

MODELS: dict[str, dict[str, Any]] = {
    "tiny": {"context": 8_000, "output": 1_000, "price": (0.1, 0.4), "can": ""},
    "small": {"context": 32_000, "output": 4_000, "price": (0.2, 0.8), "can": "tools"},
    "eyes": {
        "context": 128_000,
        "output": 16_000,
        "price": (0.5, 1.5),
        "can": "tools image",
    },
    "reader": {
        "context": 1_000_000,
        "output": 8_000,
        "price": (0.3, 6),
        "can": "tools",
    },
    "writer": {
        "context": 200_000,
        "output": 64_000,
        "price": (2, 2),
        "can": "tools image",
    },
    "tiered": {
        "context": 2_000_000,
        "output": 32_000,
        "price": (0.25, 3),
        "above": (200_000, (4, 9)),
        "can": "tools image",
    },
}
SIZES = (20, 7_000, 110_000, 400_000)
CAPS = (None, 900, 3_500, 12_000, 50_000)
NEEDS = ("", "tools", "image")
SITUATIONS = list(itertools.product(SIZES, CAPS, NEEDS))


@pytest.fixture(scope="module")
def llm() -> UnifiedChatModel:
    """A model object that can reach a server of its own and nothing else."""
    registry = Registry()
    registry.add_server("lab", "http://127.0.0.1:9/v1")
    for name, facts in MODELS.items():
        read, made = facts["price"]
        price: dict[str, Any] = {"input": read, "output": made}
        if "above" in facts:
            above, (more, most) = facts["above"]
            price["tiers"] = [{"above": above, "input": more, "output": most}]
        registry.register(
            f"lab:{name}",
            limits={"context": facts["context"], "output": facts["output"]},
            price=price,
            rank={"strength": len(name), "speed": 10 - len(name)},
            features={"tool_calling": "tools" in facts["can"]},
            inputs=["text", *(["image"] if "image" in facts["can"] else [])],
        )
    return UnifiedChatModel(model="auto", registry=registry)


def _message(size: int, needs: str) -> HumanMessage:
    text = "word" * size
    if needs != "image":
        return HumanMessage(text)
    image = {"type": "image_url", "image_url": {"url": PIXEL}}
    return HumanMessage([{"type": "text", "text": text}, image])


def _tokens(message: HumanMessage, needs: str) -> int:
    tools = len(json.dumps(TOOLS)) // 4 if needs == "tools" else 0
    return count_tokens_approximately([message]) + tools


def _usd(facts: dict[str, Any], read: int, made: int) -> float:
    rates = facts["price"]
    if "above" in facts and read > facts["above"][0]:
        rates = facts["above"][1]
    return float((read * rates[0] + made * rates[1]) / 1_000_000)


def _fitting(read: int, cap: int | None, needs: str) -> list[tuple[float, str]]:
    """Return price and name of what can do it, worked out here."""
    return sorted(
        (_usd(facts, read, cap or 500), name)
        for name, facts in MODELS.items()
        if read + (cap or 0) <= facts["context"]
        and (cap or 0) <= facts["output"]
        and needs in facts["can"]
    )


@pytest.mark.parametrize(("size", "cap", "needs"), SITUATIONS)
def test_the_cheapest_that_can_do_it_is_chosen(
    llm: UnifiedChatModel, size: int, cap: int | None, needs: str
) -> None:
    """In 60 situations size, cap and needs decide; prices are right to a millionth."""
    message = _message(size, needs)
    tools = {"tools": TOOLS} if needs == "tools" else {}
    read = _tokens(message, needs)
    fitting = _fitting(read, cap, needs)
    if not fitting:
        with pytest.raises(NoModelFitsError):
            llm.explain([message], max_tokens=cap, **tools)
        return
    plan = llm.explain([message], max_tokens=cap, **tools)
    told = re.search(r"about \$([0-9.]+)", plan.changes[0].reason)

    assert fitting[0][1] == plan.model
    assert told is not None
    assert f"{fitting[0][0]:.6f}" == told.group(1)


def test_the_table_has_sixty_situations() -> None:
    """Sixty situations are tried, and most models win some of them."""
    won = {
        fitting[0][1]
        for size, cap, needs in SITUATIONS
        if (fitting := _fitting(size + 3, cap, needs))
    }

    assert 60 == len(SITUATIONS)
    assert {"tiny", "small", "eyes", "writer", "tiered"} <= won


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        ("auto:cheapest(lab:writer, lab:reader)", "writer"),
        ("auto:cheapest(lab:writer,lab:eyes)", "eyes"),
        ("AUTO:Strongest( lab:tiny , lab:writer )", "writer"),
        ("auto:fastest(lab:tiny,lab:writer)", "tiny"),
        ("auto:lab:writer,lab:tiny", "writer"),
    ],
)
def test_a_policy_among_some_models(
    llm: UnifiedChatModel, asked: str, chosen: str
) -> None:
    """A policy can be asked for among named models only."""
    assert chosen == llm.explain("hi", model=asked).model


def test_a_ranking_needs_ranks(llm: UnifiedChatModel) -> None:
    """The strongest of models without a rank is a question nobody can answer."""
    with pytest.raises(InvalidParameterError, match=r'register\("lab:other"'):
        llm.explain("hi", model="auto:strongest(lab:other, lab:tiny)")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"model": "auto:cheapst"}, "did you mean 'auto:cheapest'"),
        ({"model": "auto:cheapest(gpt-4o"}, "no model"),
        ({"model": "auto:best(gpt-4o)"}, "give 'auto'"),
        ({"model": "auto:cheapest(gpt-4o))"}, "give 'auto'"),
        ({"model": "auto:cheapest(gpt-4o;gpt-4.1)"}, "give 'auto'"),
        ({"model": "auto:cheapest()"}, "give 'auto'"),
        ({"model": ["gpt-4o", "cheapest"]}, "is a policy"),
        ({"model": ["cheapest"], "choice": None}, None),
        ({"model": []}, "list of model names"),
        ({"model": ["gpt-4o", None]}, "list of model names"),
        ({"choice": "cheapst"}, "did you mean 'auto:cheapest'"),
        ({"choice": ["None"]}, "no model 'None'"),
        ({"choice": []}, "give 'auto'"),
        ({"choice": 3}, "give 'auto'"),
        ({"model": "auto:None,gpt-4o"}, "no model 'None'"),
    ],
)
def test_a_policy_is_checked_when_it_is_given(
    settings: dict[str, Any], told: str | None
) -> None:
    """A policy that makes no sense is refused when the model object is made."""
    given = {"model": "auto", "api_key": "key", **settings}
    if told is None:
        assert UnifiedChatModel(**given).explain("hi").changes[0].sent != "cheapest"
        return
    with pytest.raises(InvalidParameterError, match=told):
        UnifiedChatModel(**given)


@pytest.mark.parametrize("name", [None, "", "nobody-knows-it", 3, ["gpt-4o"]])
def test_a_callable_returns_a_candidate(name: Any) -> None:
    """What a callable returns is a model, or a typed error."""
    llm = UnifiedChatModel(
        model=lambda candidates: name, providers={"openai": {"api_key": "key"}}
    )

    with pytest.raises(InvalidParameterError, match="name of one of its candidates"):
        llm.explain("hi")


def test_a_callable_can_return_a_candidate_itself() -> None:
    """The candidate does as well as its name."""
    llm = UnifiedChatModel(
        model=lambda candidates: candidates[-1],
        providers={"openai": {"api_key": "key"}},
    )
    by_name = llm.model_copy(update={"choice": lambda found: found[-1].name})

    assert by_name.explain("hi").model == llm.explain("hi").model


@pytest.fixture
def server() -> Iterator[CompatibleServer]:
    """A server of one's own."""
    with CompatibleServer(say("hi")) as running:
        yield running


def test_a_budget_decides_too(server: CompatibleServer) -> None:
    """A model whose call may cost more than what is left is passed over."""
    registry = Registry()
    registry.add_server("lab", server.url)
    for name, price, strength in (("dear", 1_000, 90), ("cheap", 1, 10)):
        registry.register(
            f"lab:{name}",
            price={"input": price, "output": price},
            rank={"strength": strength, "speed": 1},
        )
    registry.register("lab:unpriced", rank={"strength": 99, "speed": 1})
    among = "auto:strongest(lab:dear, lab:cheap, lab:unpriced)"
    llm = UnifiedChatModel(model=among, registry=registry, max_tokens=100)
    poor = llm.model_copy(update={"budget_usd": 0.01})
    broke = UnifiedChatModel(
        model=among, registry=registry, max_tokens=100, budget_usd=0.000001
    )

    assert ("unpriced", "cheap") == (llm.explain("hi").model, poor.explain("hi").model)
    with pytest.raises(NoModelFitsError, match="missing budget") as refused:
        broke.invoke("hi")
    assert "a known price" in str(refused.value)
    assert [] == server.bodies
