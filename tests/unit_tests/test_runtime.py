"""The one place of what a process keeps, and the places that models have apart."""

from __future__ import annotations

import copy
import os
import pickle
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.load import dumps

from langchain_unified import UnifiedChatModel, default_registry
from langchain_unified.errors import ProviderError
from langchain_unified.reliability import breakers, configure
from langchain_unified.runtime import Bounded, Runtime
from langchain_unified.testing import ProviderEmulator, Reply
from langchain_unified.testing.server import HttpReply
from tests.unit_tests.servers.loopback import CompatibleServer, json_reply, refusal


class Kept(Bounded[str, str]):
    """Something a room keeps."""

    forgets_in_children = True


def test_a_part_is_made_once() -> None:
    """Whoever asks for a part gets the same one, from any thread."""
    runtime, found = Runtime(), []
    threads = [
        threading.Thread(target=lambda: found.append(runtime[Kept])) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 1 == len({id(part) for part in found})


def test_a_reset_forgets_everything() -> None:
    """After a reset a part is as new."""
    runtime = Runtime()
    runtime[Kept].put("key", "value")
    runtime.reset()

    assert runtime[Kept].find("key") is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_starts_anew() -> None:
    """What belongs to one process is not there in its child."""
    runtime = Runtime()
    runtime[Kept].put("key", "value")
    child = os.fork()
    if not child:
        os._exit(0 if runtime[Kept].find("key") is None else 1)

    assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert "value" == runtime[Kept].find("key")


Make = Callable[..., UnifiedChatModel]
COMPLETION = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "hi"},
            "finish_reason": "stop",
        }
    ],
}
NOBODY = "gpt-of-tomorrow"


def _refused(body: dict[str, Any]) -> HttpReply:
    """Answer as a server that takes no temperature but its own."""
    if "temperature" not in body:
        return json_reply(COMPLETION)
    said = "Unsupported parameter: 'temperature' is not supported with this model."
    error = {"message": said, "param": "temperature", "code": "unsupported_parameter"}
    return json_reply({"error": error}, 400)


def _pair(**settings: Any) -> tuple[UnifiedChatModel, UnifiedChatModel]:
    """Return two equal models, each with a runtime of its own."""
    one, two = (
        UnifiedChatModel(api_key="sk-test", runtime=Runtime(), **settings)
        for _ in range(2)
    )
    return one, two


def test_equal_models_share_a_connection_unless_told(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """Equal models keep one connection; models with runtimes of their own do not."""
    for llm in (model(), model()):
        llm.invoke("hi")
    shared = provider_emulator.connections
    for _ in range(2):
        model(runtime=Runtime()).invoke("hi")

    assert 1 == shared
    assert 3 == provider_emulator.connections


def test_lessons_stay_in_a_runtime() -> None:
    """What one model was taught by a refusal the other has to find out itself."""
    known = default_registry().learned()
    with CompatibleServer(_refused) as server:
        one, two = _pair(model=NOBODY, base_url=server.url, temperature=0.3)
        one.invoke("hi")
        one.invoke("hi")
        asked = len(server.bodies)
        two.invoke("hi")

        assert 3 == asked
        assert 5 == len(server.bodies)
    assert known == default_registry().learned()


def test_what_was_warned_of_stays_in_a_runtime(
    model: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Each runtime warns once of a setting that is dropped."""
    for runtime in (Runtime(), Runtime()):
        for _ in range(2):
            model("o3", runtime=runtime).invoke("hi", temperature=0.25)

    assert 2 == sum("temperature=0.25 dropped" in text for text in caplog.messages)


def test_limits_stay_in_a_runtime() -> None:
    """A bound that was set for one runtime holds for its models alone."""
    with CompatibleServer(lambda _: json_reply(COMPLETION)) as server:
        one, two = _pair(model="gpt-4o", base_url=server.url, max_retries=0)
        configure(kept=one.runtime, body_bytes=10)

        assert "hi" == two.invoke("hi").text
        with pytest.raises(ProviderError, match="limit of 10 bytes"):
            one.invoke("hi")


def test_places_stay_in_a_runtime(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """`max_concurrency` counts the requests of a runtime."""
    provider_emulator.script(Reply(delay=1.5), Reply(delay=1.5))
    pair = [model(max_concurrency=1, runtime=Runtime()) for _ in range(2)]
    calls = [threading.Thread(target=llm.invoke, args=("hi",)) for llm in pair]
    for call in calls:
        call.start()
    for _ in range(100):
        if len(provider_emulator.requests) == len(pair):
            break
        time.sleep(0.01)
    under_way = len(provider_emulator.requests)
    for call in calls:
        call.join()

    assert len(pair) == under_way


def test_breakers_stay_in_a_runtime() -> None:
    """A model that keeps failing rests for the models of its runtime."""
    with CompatibleServer(lambda _: refusal(503, "not now")) as server:
        one, two = _pair(
            model="gpt-4o",
            base_url=server.url,
            max_retries=0,
            timeout=1,
            circuit_breaker={"failures": 1, "cooldown": 30},
        )
        errors = []
        for llm in (one, one, two):
            with pytest.raises(ProviderError) as caught:
                llm.invoke("hi")
            errors.append(type(caught.value).__name__)

    assert "CircuitOpenError" == errors[1]
    assert "CircuitOpenError" != errors[2]
    assert [] == breakers()


def test_a_copy_shares_the_runtime(model: Make) -> None:
    """A copy of a model meets what the model keeps."""
    llm = model(runtime=Runtime())
    copies = [copy.copy(llm), copy.deepcopy(llm), llm.model_copy()]

    assert [llm.runtime] * 3 == [one.runtime for one in copies]
    assert all(one.runtime is llm.runtime for one in copies)


def test_a_pickled_model_arrives_with_an_empty_runtime(model: Make) -> None:
    """What one process keeps stays there; the model is still apart from all others."""
    llm = model(runtime=Runtime())
    llm.invoke("hi")
    arrived = pickle.loads(pickle.dumps(llm))

    assert {} == arrived.runtime
    assert isinstance(arrived.runtime, Runtime)
    assert "hi" == arrived.invoke("hi").text


def test_a_runtime_is_no_part_of_the_json(model: Make) -> None:
    """What is dumped of a model holds nothing of its runtime."""
    dumped = dumps(model(runtime=Runtime()))

    assert "untime" not in dumped
