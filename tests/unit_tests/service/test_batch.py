from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.cost import estimate_plan
from langchain_unified.errors import UnknownParameterError
from langchain_unified.service import TextResult, UnifiedInferenceService
from langchain_unified.testing import ProviderEmulator, Reply
from tests.unit_tests.service.waiting import silent_server

PROMPTS = [f"prompt {number}" for number in range(12)]


async def test_awaited_in_order(service: UnifiedInferenceService) -> None:
    """Awaiting a batch gives the results in the order of the prompts."""
    results = await service.batch_text(PROMPTS, concurrency=5)

    assert PROMPTS == [result.text for result in results]
    assert list(range(12)) == [result.index for result in results]


async def test_iterated_as_they_come(
    service: UnifiedInferenceService, provider_emulator: ProviderEmulator
) -> None:
    """A slow first prompt does not hold up the others."""
    provider_emulator.script(
        Reply(delay=0.5, when=lambda request: b"prompt 0" in request.raw)
    )
    order = [r.index async for r in service.batch_text(PROMPTS[:6], concurrency=6)]

    assert 0 == order[-1]
    assert list(range(6)) == sorted(order)


async def test_no_more_at_once_than_allowed(
    service: UnifiedInferenceService, provider_emulator: ProviderEmulator
) -> None:
    """The concurrency limit holds."""
    provider_emulator.latency = 0.05
    await service.batch_text(PROMPTS, concurrency=3)

    assert provider_emulator.connections <= 3


async def test_progress_is_told(service: UnifiedInferenceService) -> None:
    """The callback hears of each answer, and how many are done of how many."""
    told: list[tuple[int, int, bool]] = []

    def on_progress(done: int, total: int, result: TextResult) -> None:
        told.append((done, total, result.success))

    await service.batch_text(PROMPTS[:4], on_progress=on_progress)
    service.batch_text_sync(PROMPTS[:4], on_progress=on_progress)

    assert [(n, 4, True) for n in (1, 2, 3, 4)] * 2 == told


async def test_one_failure_does_not_stop_the_others(
    service: UnifiedInferenceService, provider_emulator: ProviderEmulator
) -> None:
    """A prompt whose provider fails gives a result that says so."""
    refuse = Reply.openai_error(
        400, "not this one", when=lambda r: b"prompt 3" in r.raw, times=0
    )
    provider_emulator.script(refuse)
    results = await service.batch_text(PROMPTS[:6])
    twins = service.batch_text_sync(PROMPTS[:6])

    assert [3] == [r.index for r in results if not r.success]
    assert [3] == [r.index for r in twins if not r.success]
    assert "not this one" in str(results[3]["error"])
    assert "not this one" in results[3].as_dict()["error"]


async def test_a_mistake_in_the_call_raises(service: UnifiedInferenceService) -> None:
    """A setting that does not exist is an error of the batch, not of each prompt."""
    with pytest.raises(UnknownParameterError):
        await service.batch_text(PROMPTS, temprature=1)
    with pytest.raises(UnknownParameterError):
        service.batch_text_sync(PROMPTS, temprature=1)


async def test_cancelling_a_batch_cancels_its_requests() -> None:
    """After a cancelled batch no request is under way and no task is left."""
    async with silent_server() as server:
        service = UnifiedInferenceService(
            model="gpt-4o", api_key="sk-test", base_url=server.url
        )
        task = asyncio.ensure_future(service.batch_text(PROMPTS, concurrency=4))
        await server.until(4)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        closed = await server.until(0)

    assert closed
    assert 4 == server.most
    assert {asyncio.current_task()} == asyncio.all_tasks()


async def test_leaving_the_loop_stops_the_rest(
    service: UnifiedInferenceService, provider_emulator: ProviderEmulator
) -> None:
    """A reader that has enough does not pay for the rest."""
    results = aiter(service.batch_text(PROMPTS * 10, concurrency=2))
    async for _ in results:
        break
    await results.aclose()

    assert len(provider_emulator.requests) <= 6


async def test_an_empty_batch(service: UnifiedInferenceService) -> None:
    """No prompts, no results, no requests."""
    assert [] == await service.batch_text([])
    assert [] == service.batch_text_sync([])


def test_threads_tell_progress_as_it_comes(
    service: UnifiedInferenceService, provider_emulator: ProviderEmulator
) -> None:
    """On threads too a slow first prompt does not hold up the others."""
    provider_emulator.script(
        Reply(delay=0.5, when=lambda request: b"prompt 0" in request.raw)
    )
    told: list[int] = []
    results = service.batch_text_sync(
        PROMPTS[:6],
        concurrency=6,
        on_progress=lambda *told_: told.append(told_[2].index),
    )

    assert 0 == told[-1]
    assert list(range(6)) == [result.index for result in results] == sorted(told)


def test_stopping_on_threads_stops_the_rest(
    service: UnifiedInferenceService, provider_emulator: ProviderEmulator
) -> None:
    """An interrupted batch does not go on to pay for the prompts that wait."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        service.batch_text_sync(PROMPTS * 10, concurrency=2, on_progress=interrupt)

    assert len(provider_emulator.requests) <= 6


async def test_a_budget_that_runs_out_keeps_the_answers_paid_for(
    model: Callable[..., UnifiedChatModel],
) -> None:
    """Prompts there is no money left for fail one by one; the others are answered."""
    capped = model(max_tokens=40)
    price = capped.invoke("prompt 0").response_metadata["unified"]["cost_usd"]
    most = estimate_plan(capped.explain("prompt 0"), 10)
    llm = model(max_tokens=40, budget_usd=most + price * 4)
    results = await UnifiedInferenceService(llm).batch_text(PROMPTS, concurrency=1)
    answered = [result for result in results if result.success]

    assert 1 <= len(answered) < len(PROMPTS)
    assert {"BudgetExceededError"} == {
        type(result.error).__name__ for result in results if not result.success
    }
