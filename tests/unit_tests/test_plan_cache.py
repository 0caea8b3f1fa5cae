"""Kept plans: found again when nothing differs, never when something does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import UnsupportedError
from langchain_unified.learning import Correction, Trial
from langchain_unified.planner import plan
from langchain_unified.planner.cache import PlanCache
from langchain_unified.registry import Registry, default_registry
from langchain_unified.registry.loader import load_shipped
from langchain_unified.registry.schema import ServedBy
from langchain_unified.types import Invocation, ModelConfig

TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tell the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


@pytest.fixture
def cache() -> PlanCache:
    return PlanCache(most=4)


def config(model: str = "gpt-4o") -> ModelConfig:
    return default_registry().resolve(model)


def llm(**settings: Any) -> UnifiedChatModel:
    registry = Registry(load_shipped())
    return UnifiedChatModel(**{"model": "gpt-4o", "registry": registry, **settings})


def body_of(model: UnifiedChatModel, **settings: Any) -> dict[str, Any]:
    """Return the body of a plan that has been asked for often enough to be kept."""
    for _ in range(3):
        found = model.explain(**settings)
    return dict(found.body)


def test_equal_calls_share_a_plan(cache: PlanCache) -> None:
    """From the second time on, an equal call gets the very same plan."""
    call = Invocation("gpt-4o", {"temperature": 0.5, "tools": [TOOL]})
    equal = Invocation("gpt-4o", {"temperature": 0.5, "tools": [dict(TOOL)]})

    cache.plan(call, config())

    assert cache.plan(call, config()) is cache.plan(equal, config())


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5-mini", "gemini-2.5-flash"])
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"temperature": 0.5, "max_tokens": 100, "stop": ["\n"]},
        {"reasoning_effort": "low", "seed": 1, "top_p": 0.5},
        {"tools": [TOOL], "tool_choice": "any"},
    ],
)
def test_kept_plan_is_the_planners(
    cache: PlanCache, model: str, params: dict[str, Any]
) -> None:
    """A kept plan equals the one the planner makes."""
    call = Invocation(model, params, timeout=3, headers={"a": "b"}, query={"c": 1})

    found = [cache.plan(call, config(model)) for _ in range(3)]

    assert [plan(call, config(model))] * 3 == found


@pytest.mark.parametrize(
    "other",
    [
        {"params": {"temperature": 1}},
        {"params": {"temperature": 1.0}},
        {"params": {"temperature": True}},
        {"params": {"temperature": 0.5, "seed": 1}},
        {"extra_body": {"x": 1}},
        {"stream": True},
        {"endpoint": "responses"},
        {"on_unsupported": "ignore"},
        {"output_version": "v1"},
        {"max_retries": 0},
        {"caution": 1},
        {"timeout": 1},
        {"headers": {"a": "b"}},
    ],
    ids=str,
)
def test_every_field_counts(cache: PlanCache, other: dict[str, Any]) -> None:
    """Whatever differs between two calls differs in their plans."""
    one = Invocation("gpt-4o", {"temperature": 0.5})
    another = one._replace(**other)

    for _ in range(3):
        cache.plan(one, config())
    found = [cache.plan(another, config()) for _ in range(3)]

    assert [plan(another, config())] * 3 == found


def test_what_is_changed_in_place_is_noticed(cache: PlanCache) -> None:
    """A plan keeps copies: the caller's own dictionaries may change under it."""
    extra = {"nested": {"deep": 1}}
    call = Invocation("gpt-4o", extra_body=extra)
    for _ in range(3):
        cache.plan(call, config())

    extra["nested"]["deep"] = 2
    changed = cache.plan(call, config())
    as_before = cache.plan(
        Invocation("gpt-4o", extra_body={"nested": {"deep": 1}}), config()
    )

    assert {"deep": 2} == changed.body["nested"]
    assert {"deep": 1} == as_before.body["nested"]


def test_values_without_a_plain_form_are_planned_anew(cache: PlanCache) -> None:
    """An object that cannot be compared by value is no key."""
    call = Invocation("gpt-4o", extra_body={"x": object()})

    assert plan(call, config()) == cache.plan(call, config())
    assert 0 == len(cache)


def test_refusals_are_not_kept(cache: PlanCache) -> None:
    """What is refused is refused each time, with an error of its own."""
    call = Invocation("gpt-4o", {"n": 2}, stream=True)
    errors = []
    for _ in range(3):
        with pytest.raises(UnsupportedError) as caught:
            cache.plan(call, config())
        errors.append(caught.value)

    assert 3 == len(set(map(id, errors)))


def test_never_more_than_said(cache: PlanCache) -> None:
    """Memory stays flat however many different calls are made."""
    for seed in range(1_000):
        cache.plan(Invocation("gpt-4o", {"seed": seed}), config())

    assert 4 == len(cache)


def test_what_is_used_stays(cache: PlanCache) -> None:
    """A plan in use survives any number of others."""
    call = Invocation("gpt-4o", {"temperature": 0.5})
    cache.plan(call, config())
    kept = cache.plan(call, config())
    for seed in range(20):
        cache.plan(Invocation("gpt-4o", {"seed": seed}), config())
        assert kept is cache.plan(call, config())


def test_threads_share_it(cache: PlanCache) -> None:
    """Threads that plan different calls at the same time get their own."""
    calls = [Invocation("gpt-4o", {"seed": seed % 7}) for seed in range(2_000)]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda call: cache.plan(call, config()), calls))

    assert [call.params["seed"] for call in calls] == [p.body["seed"] for p in found]


def test_a_lesson_changes_the_plan() -> None:
    """What is learned from a refusal holds from the next call on."""
    model = llm(temperature=0.5)
    before = body_of(model)
    lesson = Correction("never", "temperature", None, "Unsupported with this model.")
    registry = model._planning.wiring.registry

    trial = Trial(model.resolve("gpt-4o"), "chat", lesson)
    registry.lessons.learn(
        [trial], model._planning.scope("openai", Invocation("gpt-4o"))
    )
    during = body_of(model)
    registry.forget()

    assert {"temperature": 0.5} == before
    assert {} == during
    assert before == body_of(model)


def test_a_changed_attribute_changes_the_plan() -> None:
    """Attributes set later, copies with updates and `model_kwargs` all count."""
    model = llm(temperature=0.5)
    body_of(model)
    copied = model.model_copy(update={"temperature": 0.25})

    model.temperature = 1.0
    model.model_kwargs["seed"] = 3

    assert {"temperature": 1.0, "seed": 3} == body_of(model)
    assert 0.25 == body_of(copied)["temperature"]

    model.model_kwargs["seed"] = 4
    assert {"temperature": 1.0, "seed": 4} == body_of(model)

    model.disabled_params = {"temperature": None}
    assert {"seed": 4} == body_of(model)


def test_changed_extra_body_changes_the_plan() -> None:
    """`extra_body` may be changed in place."""
    model = llm(extra_body={"x": 1})
    body_of(model)

    model.extra_body["x"] = 2

    assert {"x": 2} == body_of(model)


def test_another_registry_is_another_plan() -> None:
    """A model with a registry of its own does not get the shared one's plans."""
    files = load_shipped()
    file = files["openai"]
    rows = dict(file.models)
    rows["mine"] = rows["o3"].model_copy(update={"aliases": [], "snapshots": []})
    own = Registry({**files, "openai": file.model_copy(update={"models": rows})})
    settings = {"model": "mine", "temperature": 0.5}

    plain, changed = llm(**settings), llm(**settings, registry=own)

    assert body_of(plain) != body_of(changed)


def test_another_day_is_another_plan() -> None:
    """A dated re-routing holds from its day on, in a process that keeps running."""
    moving = date(2026, 6, 1)
    today = [moving - timedelta(days=1)]
    files = load_shipped()
    rows = dict(files["openai"].models)
    served = ServedBy(model="o3", since=moving)
    rows["gpt-4o"] = rows["gpt-4o"].model_copy(update={"served_by": served})
    openai = files["openai"].model_copy(update={"models": rows})
    registry = Registry({**files, "openai": openai}, clock=lambda: today[0])
    model = llm(registry=registry, temperature=0.5)

    before = body_of(model)
    today[0] = moving

    assert {"temperature": 0.5} == before
    assert {} == body_of(model)


def test_records_are_the_readers_own() -> None:
    """Whoever writes into a message's record changes no other message's."""
    model = llm(model="o3", temperature=0.5)
    one = model.explain().record()

    one["changes"][0]["reason"] = "changed"
    one["changes"].clear()

    assert "changed" != model.explain().record()["changes"][0]["reason"]
