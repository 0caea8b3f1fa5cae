"""What comes before a request: connecting, waiting for a place, the next model."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable

import pytest
from langchain_core.messages import HumanMessage

from langchain_unified import UnifiedChatModel, errors
from langchain_unified.runner.attempts import Attempts
from langchain_unified.runner.work import Work
from langchain_unified.testing import ProviderEmulator, Reply

Make = Callable[..., UnifiedChatModel]


@pytest.mark.parametrize("face", ["invoke", "ainvoke"])
def test_no_place_in_time(
    face: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A call that finds no place within its time goes to the next model."""
    provider_emulator.script(Reply(hang=True, when=lambda r: r.model == "gpt-4o"))
    settings = {"max_concurrency": {"openai": 1}, "max_retries": 0}
    first = threading.Thread(target=_fails, args=(model(timeout=1.5, **settings),))
    first.start()
    while not provider_emulator.requests:
        time.sleep(0.01)
    llm = model(timeout=0.2, fallbacks=["gemini-2.5-flash"], **settings)

    message = llm.invoke("hi") if face == "invoke" else asyncio.run(llm.ainvoke("hi"))
    first.join()

    failed = message.response_metadata["unified"]["failed"]
    assert [("gpt-4o", "ProviderTimeoutError")] == [
        (one["model"], one["error"]) for one in failed
    ]


def _fails(llm: UnifiedChatModel) -> None:
    with pytest.raises(errors.ProviderTimeoutError):
        llm.invoke("hi")


def test_the_clock_starts_once_connected(model: Make) -> None:
    """Importing a provider's SDK takes nothing from the time of the first call."""
    plan = model("gpt-4o").explain("hi")
    work = Work(lambda _: time.sleep(0.4), deadline=0.3)
    attempts = Attempts(lambda *_: plan, work)

    with attempts:
        assert 0.1 < attempts.route.remaining()


def test_a_call_is_connected_before_its_clock_starts(model: Make) -> None:
    """The attempts of a call connect the shim when they plan, not when they send."""
    llm = model("gpt-4o", timeout=5)
    attempts, _ = llm.router.runner.asked([HumanMessage("hi")], None, {}, stream=False)

    with attempts:
        assert ["openai"] == list(llm._planning.wiring.shims)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_fork_with_a_call_under_way(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A child forked in the middle of a call has all places to itself."""
    llm = model("gpt-4o", max_concurrency=1, timeout=5)
    llm.invoke("hi")
    provider_emulator.script(Reply(delay=1.5))
    call = threading.Thread(target=llm.invoke, args=("hi",))
    call.start()
    while len(provider_emulator.requests) < 2:
        time.sleep(0.01)

    child = os.fork()
    if not child:
        started = time.monotonic()
        answered = llm.invoke("hi").text == "hi"
        os._exit(0 if answered and time.monotonic() - started < 1.2 else 1)
    _, status = os.waitpid(child, 0)
    call.join()

    assert 0 == status
