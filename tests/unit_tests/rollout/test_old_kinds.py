"""Old services of every make: what they are stays, what is not compared is said."""

from __future__ import annotations

import inspect
import json
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableLambda
from langchain_openai import ChatOpenAI
from openai import DefaultAsyncHttpxClient
from pydantic import BaseModel

from langchain_unified import LangChainCompatibilityService, UnifiedChatModel
from langchain_unified.errors import ProviderUnavailableError
from langchain_unified.rollout import (
    Guard,
    Rollout,
    ShadowReport,
    async_capture_hooks,
    report_sent,
)
from langchain_unified.service import UnifiedInferenceService
from langchain_unified.testing import ProviderEmulator, Reply

Make = Callable[..., UnifiedChatModel]
BEFORE = ("legacy", "shadow", "canary:0")

pytestmark = pytest.mark.filterwarnings("ignore:LangChainCompat:DeprecationWarning")


class OddError(BaseException):
    """An exception of the old service's own, of no common class."""


class Answered:
    """An answer that is an object of the old service's own."""

    def __init__(self, text: str) -> None:
        self.text = text

    @property
    def trap(self) -> str:
        """Fail when looked at."""
        raise OddError


class Odd:
    """An old service with methods, properties and answers of its own."""

    version = 3

    def __init__(self) -> None:
        self.left = 0

    @property
    def trap(self) -> str:
        """Fail as the old service fails."""
        raise OddError

    async def generate_text(self, prompt: str, **_: Any) -> Any:
        return Answered(prompt)

    async def generate_structured(self, prompt: str, schema: Any, **_: Any) -> Any:
        return {"value": schema}

    async def generate_chat(self, messages: Any, **_: Any) -> Any:
        raise OddError

    async def stream_text(self, prompt: str, **_: Any) -> AsyncIterator[str]:
        try:
            for piece in prompt:
                yield piece
        finally:
            self.left += 1

    def stream_text_sync(self, prompt: str, **_: Any) -> Generator[str, None, int]:
        yield from prompt
        return len(prompt)

    async def batch_text(self, prompts: list[str], **_: Any) -> list[str]:
        return prompts

    async def summarize(self, text: str) -> str:
        return text[:1]


def beside(model: Make, old: Any, flags: Rollout, **own: Any) -> Any:
    service = UnifiedInferenceService(model(**own))
    return LangChainCompatibilityService(service, legacy=old, rollout=flags)


def read_out(stream: Generator[str, None, int]) -> tuple[list[str], int]:
    """Return what a generator yields, and what it returns at its end."""
    returned: list[int] = []

    def through() -> Generator[str, None, None]:
        returned.append((yield from stream))

    found = list(through())
    return found, returned[0]


@pytest.mark.parametrize("mode", BEFORE)
async def test_an_old_service_stays_what_it_is(
    model: Make, provider_emulator: ProviderEmulator, mode: str
) -> None:
    """Objects, generators, properties and exceptions of its own come back untouched."""
    old, flags = Odd(), Rollout(mode)
    service = beside(model, old, flags)
    form = {"title": "T", "type": "object"}

    assert isinstance(await service.generate_text("abc"), Answered)
    assert {"value": form} == await service.generate_structured("q", form)
    assert ["a", "b"] == [piece async for piece in service.stream_text("ab")]
    assert (["a", "b"], 2) == read_out(service.stream_text_sync("ab"))
    assert ["a", "b"] == await service.batch_text(["a", "b"])
    assert ("a", 3) == (await service.summarize("abc"), service.version)
    assert inspect.iscoroutinefunction(service.generate_structured)
    for fails in (service.generate_chat, lambda _: service.trap):
        with pytest.raises(OddError):
            await fails([])
    report = flags.report()
    assert [] == provider_emulator.requests
    if mode == "shadow":
        assert (0, 0, 6) == (report.compared, report.failed, report.unseen)
        assert 6 == sum(report.uncompared.values())
        assert "not compared (1): a batch is several calls" in str(report)


async def test_a_reader_who_leaves_closes_the_old_stream(model: Make) -> None:
    """A stream that is left early is closed at once, in shadow too."""
    old = Odd()
    pieces = beside(model, old, Rollout("shadow")).stream_text("abc")
    async for _ in pieces:
        break
    await pieces.aclose()

    assert 1 == old.left


class City(BaseModel):
    """A city."""

    name: str


class OverTheWire:
    """An old service around ChatOpenAI, with an HTTP client that shows requests."""

    def __init__(self, emulator: ProviderEmulator, client: Any) -> None:
        url = emulator.openai_base_url
        own: dict[str, Any] = {"api_key": "sk", "base_url": url, "max_retries": 0}
        self.llm = ChatOpenAI(model="gpt-4o", http_async_client=client, **own)

    async def stream_text(self, prompt: str) -> AsyncIterator[str]:
        async for piece in self.llm.astream(prompt, stream_usage=True):
            yield str(piece.content)

    async def generate_structured(self, prompt: str, schema: Any) -> Any:
        return await self.llm.with_structured_output(schema).ainvoke(prompt)


async def test_streams_and_structured_calls_are_compared(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """What an old service sends for them is set against what ours would send."""
    flags, hooks = Rollout("shadow"), async_capture_hooks()
    async with DefaultAsyncHttpxClient(event_hooks=hooks) as client:
        service = beside(model, OverTheWire(provider_emulator, client), flags)
        text = "".join([piece async for piece in service.stream_text("one two")])
        said = {"role": "assistant", "content": '{"name": "Rome"}'}
        choice = {"index": 0, "finish_reason": "stop", "message": said}
        body = {"id": "c", "object": "chat.completion", "created": 0, "model": "m"}
        provider_emulator.script(Reply(body={**body, "choices": [choice]}))
        city = await service.generate_structured("Which?", City)
        report = flags.report()

    assert ("one two", City(name="Rome")) == (text, city)
    assert (2, 2, 0, 0) == (
        report.compared,
        report.identical,
        report.failed,
        report.unseen,
    )


async def test_what_is_not_compared_is_said_with_its_reason(model: Make) -> None:
    """Another wire on either side is no silence: a line with the count and why."""

    class Elsewhere:
        async def generate_text(self, prompt: str, **_: Any) -> Any:
            report_sent("https://example.org/v1beta/models/x:generate", {"contents": 1})
            return {"text": prompt}

    flags = Rollout("shadow")
    service = beside(model, Elsewhere(), flags)
    for name in ("gemini-2.5-flash", "gemini-2.5-flash", "gpt-4o"):
        await service.generate_text("hi", model=name)
    report = flags.report(timeout=30)
    again = ShadowReport.from_json(report.to_json())

    assert [2, 1] == sorted(report.uncompared.values(), reverse=True)
    assert "not compared (2): the unified path calls google_genai" in str(report)
    assert report.uncompared == again.uncompared
    assert 6 == sum(ShadowReport.merge([report, again]).uncompared.values())


def test_one_broken_file_does_not_hide_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A report that cannot be read is told, and the merged one is not complete."""
    ShadowReport(compared=3).write(tmp_path / "a.shadow.json")
    (tmp_path / "b.shadow.json").write_text("{half")
    found = ShadowReport.load(tmp_path)

    assert (3, 1, False) == (found.compared, found.processes, found.complete)
    assert "b.shadow.json" in caplog.text
    assert 3 == json.loads(found.to_json())["compared"]


CALLS: dict[str, Callable[[Any], Any]] = {
    "generate": lambda llm: llm.generate([[HumanMessage("hi")]]),
    "stream": lambda llm: list(llm.stream("hi")),
    "structured": lambda llm: llm.with_structured_output(City).invoke("hi"),
    "batch": lambda llm: llm.batch(["hi"], return_exceptions=True),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_guard_counts_every_way_to_call(
    model: Make, provider_emulator: ProviderEmulator, call: str
) -> None:
    """Direct `generate`, streams, structured calls and batches count as `invoke`."""
    provider_emulator.script(Reply.openai_error(503, "down", times=0))
    flags = Rollout("unified", guard=Guard(errors=0.5, min_calls=2))
    llm = model(rollout=flags, max_retries=0)
    for _ in range(2):
        with suppress(ProviderUnavailableError):
            CALLS[call](llm)

    assert flags.guarded.startswith("errors: 2 of 2")


ODD_KEYS = ["\ud800", "ü🙂", "a" * 100_000, 0, 10**50, 10**5000]


@pytest.mark.parametrize("key", ODD_KEYS, ids=range(len(ODD_KEYS)))
def test_an_odd_key_never_fails_a_call(model: Make, key: Any) -> None:
    """Lone surrogates, huge numbers and texts are keys like others, or none."""
    llm = model(rollout=Rollout("canary:50"))
    config: Any = {"metadata": {"user_id": key}}
    records = [
        llm.invoke("hi", config).response_metadata["unified"]["rollout"]
        for _ in range(2)
    ]

    assert ["hi"] * 2 == [llm.invoke("hi", config).text for _ in range(2)]
    assert key == 10**5000 or records[0] == records[1]


ODD_MODELS: list[Any] = [[], [5], {}, 5.5, b"x", "auto:nope", "\ud800", None, True]


@pytest.mark.parametrize("mode", BEFORE)
@pytest.mark.parametrize("name", ODD_MODELS, ids=repr)
async def test_an_odd_model_reaches_the_old_service(
    model: Make, mode: str, name: Any
) -> None:
    """What we cannot read as a model may be one of the old service's own."""

    class Anything:
        async def generate_text(self, prompt: str, model: Any = "auto") -> Any:
            return model

    flags = Rollout(mode)
    answer = await beside(model, Anything(), flags).generate_text("hi", model=name)

    assert name is answer
    assert 0 == flags.report().failed


@pytest.mark.parametrize("mode", ["legacy", "unified"])
async def test_a_keyword_rollout_belongs_to_the_old_service(
    model: Make, mode: str
) -> None:
    """An old service may have such a setting; only the flag says who answers."""
    seen: list[Any] = []

    class Rolling:
        async def generate_text(self, prompt: str, **settings: Any) -> Any:
            seen.append(settings)
            return {"text": "old"}

    service = beside(model, Rolling(), Rollout(mode))
    answer = await service.generate_text("hi", rollout="blue")

    assert ("old" if mode == "legacy" else "hi") == answer["text"]
    assert ([{"rollout": "blue"}] if mode == "legacy" else []) == seen


async def test_a_chain_hands_the_user_down_to_an_old_service(model: Make) -> None:
    """Old callers inside a chain stay on one path, though they pass no config."""

    class Quick:
        async def generate_text(self, prompt: str) -> Any:
            return {"text": "old"}

    service = beside(model, Quick(), Rollout("canary:50"))

    async def step(_: Any) -> str:
        answer = await service.generate_text("hi")
        return str(answer["text"])

    chain: Any = RunnableLambda(step)
    seen = {
        name: {await chain.ainvoke("", {"metadata": {"user_id": name}}) for _ in "123"}
        for name in "abcdefgh"
    }

    assert {1} == {len(texts) for texts in seen.values()}
    assert {"hi", "old"} == set().union(*seen.values())
