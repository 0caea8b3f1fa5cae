"""One caller never touches another: keys, tenants, budgets, places."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel, errors
from langchain_unified.registry import Registry
from langchain_unified.registry.loader import load_shipped
from langchain_unified.testing import ModelRules, ProviderEmulator

Make = Callable[..., UnifiedChatModel]
COST = 0.0105
"""About what an answer of 1,000 tokens of gpt-4o costs, US dollars."""


def _learner(
    model: Make, provider_emulator: ProviderEmulator, **more: Any
) -> UnifiedChatModel:
    provider_emulator.add_rules(ModelRules(id="gpt-4o", temperature="rejected"))
    return model("gpt-4o", registry=Registry(load_shipped()), temperature=0.5, **more)


def test_a_lesson_stays_with_its_tenant(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """What one tenant's refusal taught is no lesson about another's calls."""
    llm = _learner(model, provider_emulator)
    llm.invoke("hi", tenant="blue")

    assert "temperature" not in llm.explain(tenant="blue").body
    assert "temperature" in llm.explain(tenant="green").body
    assert "temperature" in llm.explain().body


def test_a_lesson_stays_with_the_key_really_sent(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """The value of a callable key, and a key in the headers of a call, are callers."""
    whose: ContextVar[str] = ContextVar("whose", default="sk-one")
    provider_emulator.add_rules(ModelRules(id="gpt-4o", temperature="rejected"))
    llm = UnifiedChatModel(
        model="gpt-4o",
        base_url=provider_emulator.openai_base_url,
        api_key=whose.get,
        registry=Registry(load_shipped()),
        temperature=0.5,
    )
    llm.invoke("hi")
    header = {"Authorization": "Bearer sk-three"}

    assert "temperature" not in llm.explain().body
    assert "temperature" in llm.explain(extra_headers=header).body
    whose.set("sk-two")
    assert "temperature" in llm.explain().body


def test_nothing_is_learned_where_learning_is_off(
    model: Make, provider_emulator: ProviderEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `learning="off"`, or the variable, a refusal is the caller's."""
    llm = _learner(model, provider_emulator, learning="off")
    with pytest.raises(errors.ProviderInvalidRequestError):
        llm.invoke("hi")
    monkeypatch.setenv("LANGCHAIN_UNIFIED_LEARNING", "off")
    with pytest.raises(errors.ProviderInvalidRequestError):
        _learner(model, provider_emulator).invoke("hi")

    assert [] == llm.registry.learned()


def test_a_call_within_a_call_shares_its_place(model: Make) -> None:
    """Under max_concurrency=1 a call made while an answer streams does not hang."""
    llm = model("gpt-4o", max_concurrency=1, timeout=20)
    stream = llm.stream("one two three")
    next(stream)
    inner = [llm.invoke("hi").text, copy_context().run(llm.invoke, "ho").text]
    rest = list(stream)

    async def nested() -> list[str]:
        async for _ in llm.astream("hi"):
            inside = [llm.ainvoke("hi") for _ in range(3)]
            return [message.text for message in await asyncio.gather(*inside)]
        return []

    assert ["hi", "ho"] == inner
    assert rest
    assert ["hi"] * 3 == asyncio.run(nested())
    assert "hi" == llm.invoke("hi").text


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_budget_holds_in_forked_processes(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """Processes forked from one pay from the same budget."""
    pytest.importorskip("genai_prices")
    provider_emulator.answer = lambda _: "word " * 1_000
    llm = model("gpt-4o", max_tokens=1_000, budget_usd=1.5 * COST, max_retries=0)
    children = []
    for _ in range(4):
        child = os.fork()
        if not child:
            with contextlib.suppress(errors.UnifiedError):
                llm.invoke("hi")
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)

    assert 1 == len(provider_emulator.requests)


def test_each_tenant_has_a_budget_of_its_own(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """What one tenant spent leaves the others theirs."""
    pytest.importorskip("genai_prices")
    provider_emulator.answer = lambda _: "word " * 1_000
    llm = model("gpt-4o", max_tokens=1_000, budget_usd=1.5 * COST)
    llm.invoke("hi", tenant="blue")
    with pytest.raises(errors.UnifiedError, match="budget_usd"):
        llm.invoke("hi", tenant="blue")

    assert llm.invoke("hi", tenant="green").text


@pytest.mark.parametrize("value", ["a\ud800b", float("nan")], ids=["surrogate", "nan"])
def test_what_json_cannot_hold_is_refused(model: Make, value: Any) -> None:
    """Lone surrogates and NaN are the caller's to put right, told by our own error."""
    with pytest.raises(errors.InvalidParameterError):
        model("gpt-4o").invoke("hi", extra_body={"x": value})


TENANT: ContextVar[str] = ContextVar("tenant", default="nobody")


@pytest.mark.parametrize("route", [{}, {"use_responses_api": True}], ids=str)
def test_a_key_is_asked_for_in_the_context_of_its_call(
    route: dict[str, Any], provider_emulator: ProviderEmulator
) -> None:
    """A key that depends on a context variable is each task's own."""
    llm = UnifiedChatModel(
        model="gpt-4o",
        api_key=lambda: f"sk-{TENANT.get()}",
        base_url=provider_emulator.openai_base_url,
        **route,
    )

    async def call(tenant: str) -> None:
        TENANT.set(tenant)
        await llm.ainvoke(tenant)

    async def calls() -> None:
        tasks = [asyncio.create_task(call(f"tenant-{n:04}")) for n in range(8)]
        await asyncio.gather(*tasks)

    asyncio.run(calls())

    asked = {one.key_tail for one in provider_emulator.requests}
    assert {f"{n:04}" for n in range(8)} == asked
    assert all(str(r.key_tail) in str(r.body) for r in provider_emulator.requests)
