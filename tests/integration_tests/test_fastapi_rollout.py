"""An application written against the old service, while the rollout flag is flipped."""

from __future__ import annotations

import asyncio
import os
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import DefaultAsyncHttpxClient
from openai.types.chat import ChatCompletion
from openfeature import api
from openfeature.flag_evaluation import FlagResolutionDetails
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

from langchain_unified import UnifiedChatModel
from langchain_unified.compat import LangChainCompatibilityService
from langchain_unified.rollout import Rollout, async_capture_hooks
from langchain_unified.rollout.flags import FLAG
from langchain_unified.service import UnifiedInferenceService
from langchain_unified.testing import ProviderEmulator, Reply
from langchain_unified.testing.playground import playground
from tests.conftest import connections
from tests.integration_tests.migration_example import wiring
from tests.integration_tests.migration_example.app import create_app
from tests.integration_tests.migration_example.old_service import LangChainService

MODES = ("unified", "legacy", "canary:50", "shadow")
AT_ONCE = 200
SLOW_DOWN = Reply.openai_error(
    429, "Slow down.", times=0, headers={"retry-after-ms": "1"}
)
MODEL = "gpt-5.1"
PAGE = Path(__file__).parents[2] / "notebooks" / "migration.md"

pytestmark = pytest.mark.filterwarnings("ignore:LangChainCompat:DeprecationWarning")


def path_of(request: Any) -> str:
    """Answer with the path that sent the request, as only the wire can tell it.

    ChatOpenAI drops this model's temperature without a word; the unified path sends it.
    """
    return "unified" if "temperature" in request.body else "legacy"


class Site:
    """The application, its services, its flag and a client."""

    def __init__(self, emulator: ProviderEmulator, rollout: Rollout) -> None:
        self.emulator, self.rollout = emulator, rollout
        own = {"api_key": "sk-test", "base_url": emulator.openai_base_url}
        client = DefaultAsyncHttpxClient(event_hooks=async_capture_hooks())
        self.old = LangChainService(
            MODEL, temperature=0.5, http_async_client=client, **own
        )
        self.llm = UnifiedChatModel(
            model=MODEL,
            temperature=0.5,
            providers=connections(emulator),
            rollout=rollout,
        )
        self.service = Recorder(UnifiedInferenceService(self.llm), legacy=self.old)
        self.counts: Counter[str] = Counter()
        transport = httpx.ASGITransport(create_app(self.service, self.counts))
        self.http = httpx.AsyncClient(transport=transport, base_url="http://site")
        self.limit = asyncio.Semaphore(AT_ONCE)

    async def ask(self, prompt: str = "hi", **fields: Any) -> httpx.Response:
        async with self.limit:
            return await self.http.post("/generate", json={"prompt": prompt, **fields})


class Recorder(LangChainCompatibilityService):
    """Keeps which path each prompt took."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, details=True, **options)
        self.said: dict[str, dict[str, str]] = {}

    async def generate_text(self, prompt: str, *args: Any, **kwargs: Any) -> Any:
        answer = await super().generate_text(prompt, *args, **kwargs)
        self.said[prompt] = answer.get("rollout", {})
        return answer


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    flag = tmp_path / "rollout"
    flag.write_text("unified")
    with ProviderEmulator() as emulator:
        running = Site(emulator, Rollout(file=flag))
        async with running.http:
            yield running


def by_file(folder: Path) -> tuple[Rollout, Callable[[str], object]]:
    """Return a rollout that a file decides, and what writes it."""
    flag = folder / "rollout"
    return Rollout(file=flag), flag.write_text


def by_openfeature(_: Path) -> tuple[Rollout, Callable[[str], object]]:
    """Return a rollout that a flag service decides, and what changes the flag."""
    said = ["unified"]
    flag = InMemoryFlag(
        "on",
        {"on": "unified"},
        context_evaluator=lambda *_: FlagResolutionDetails(said[0]),
    )
    api.set_provider(InMemoryProvider({FLAG: flag}), "load")
    rollout = Rollout(openfeature=api.get_client("load"))
    return rollout, lambda mode: said.__setitem__(0, mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("old", [True, False], ids=["old service", "no old service"])
async def test_the_api_is_the_same_in_every_mode(
    site: Site,
    tmp_path: Path,
    mode: str,
    old: bool,  # noqa: FBT001
) -> None:
    """The same HTTP tests pass in all four modes, with and without the old service."""
    (tmp_path / "rollout").write_text(mode)
    if not old:
        site.service.legacy = None
    answered = await site.ask("one two", max_tokens=40)
    switched = await site.ask("one two", model="gpt-4o-mini")
    refused = await site.ask("")
    missing = await site.ask("hi", model="gpt-4o-nonexistent")
    site.emulator.script(SLOW_DOWN)
    limited = await site.ask("hi")

    assert (200, "one two") == (answered.status_code, answered.json()["text"])
    assert switched.json()["model_used"].startswith("gpt-4o-mini")
    assert 422 == refused.status_code
    assert 404 == missing.status_code
    assert "gpt-4o-nonexistent" in missing.text
    assert 429 == limited.status_code


@pytest.mark.parametrize("mode", MODES)
async def test_an_openai_client_of_the_application_sees_no_difference(
    site: Site, tmp_path: Path, mode: str
) -> None:
    """The OpenAI-compatible route and the stream answer the same in every mode."""
    (tmp_path / "rollout").write_text(mode)
    turns = [{"role": "user", "content": "one two"}]
    asked = {"model": MODEL, "messages": turns, "user": "u"}
    answered = await site.http.post("/v1/chat/completions", json=asked)
    streamed = await site.http.post("/stream", json={"prompt": "one two three"})
    site.emulator.script(SLOW_DOWN)
    limited = await site.http.post("/v1/chat/completions", json=asked)
    metrics = await site.http.get("/metrics")
    completion = ChatCompletion.model_validate(answered.json())

    assert "one two" == completion.choices[0].message.content
    assert "one two three" == streamed.text
    assert 429 == limited.status_code
    assert {"status": "ok"} == (await site.http.get("/health")).json()
    assert 'errors_total{status="429"} 1' in metrics.text


@pytest.mark.parametrize("source", [by_file, by_openfeature])
@pytest.mark.parametrize("asked", [600, pytest.param(2_000, marks=pytest.mark.soak)])
async def test_flipping_under_load(source: Any, asked: int, tmp_path: Path) -> None:
    """Requests, 200 at once, the flag flipped meanwhile: none fails or lies."""
    if asked > 1_000 and not os.environ.get("SOAK"):
        pytest.skip("set SOAK=1 for the long form")
    rollout, say = source(tmp_path)
    with ProviderEmulator() as emulator:
        site = Site(emulator, rollout)
        emulator.answer = path_of
        asking = []
        async with site.http:
            for n in range(asked):
                if n % 50 == 0:
                    say(MODES[n // 50 % len(MODES)])
                    await asyncio.sleep(0.02)
                asking.append(asyncio.create_task(site.ask(f"{n}", user=f"u{n % 97}")))
            answers = await asyncio.gather(*asking)
        told = [site.service.said[f"{n}"] for n in range(asked)]
        modes = Counter(record["mode"] for record in told)
        report = rollout.report(timeout=30)

        assert {200: asked} == Counter(answer.status_code for answer in answers)
        assert [answer.json()["text"] for answer in answers] == [
            record["served_by"] for record in told
        ]
        assert set(MODES) == set(modes)
        assert [] == emulator.errors
        assert modes["shadow"] == report.compared + report.skipped
        assert {"temperature": "kept"} == {
            found.parameter: found.kind for found in report.differences
        }


async def test_flipping_without_the_old_service(site: Site, tmp_path: Path) -> None:
    """The same holds when the plain ChatOpenAI inside the model is the legacy path."""
    site.service.legacy = None
    site.emulator.answer = path_of
    wire, told = [], []
    for turn in range(20):
        (tmp_path / "rollout").write_text(MODES[turn % len(MODES)])
        answers = await asyncio.gather(*(site.ask(f"{turn}.{n}") for n in range(10)))
        wire += [answer.json()["text"] for answer in answers]
        told += [site.service.said[f"{turn}.{n}"]["served_by"] for n in range(10)]

    assert wire == told
    assert {"legacy", "unified"} == set(wire)
    assert {"temperature"} == set(site.rollout.report().of(MODEL))


async def test_each_step_of_the_recipe_serves_the_application(tmp_path: Path) -> None:
    """Before, beside and after: the same endpoints answer, and the flag is counted."""
    flag, counts = tmp_path / "flag", Counter[str]()
    flag.write_text("legacy")
    rollout = Rollout(file=flag, on_event=wiring.counting(counts))
    with ProviderEmulator() as emulator:
        own = {"api_key": "sk-test", "base_url": emulator.openai_base_url}
        steps = [
            (wiring.before(MODEL, **own), ["legacy"]),
            (wiring.beside(MODEL, rollout, **own), ["legacy", "shadow", "canary:50"]),
            (wiring.after(MODEL, rollout, **own), ["unified", "legacy"]),
        ]
        texts = []
        for service, modes in steps:
            transport = httpx.ASGITransport(create_app(service, counts))
            site = httpx.AsyncClient(transport=transport, base_url="http://site")
            async with site as http:
                for mode in modes:
                    flag.write_text(mode)
                    found = await http.post("/generate", json={"prompt": "one"})
                    texts.append(found.json()["text"])
        flips = {name for name in counts if name.startswith("rollout_events_total")}

    assert ["one"] * 6 == texts
    assert 6 == counts["answers_total"]
    assert 'rollout_events_total{kind="changed",mode="shadow"}' in flips


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every block of the recipe's page runs, in order, as a reader would run them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANGCHAIN_UNIFIED_PLAYGROUND", "emulator")
    blocks = re.findall(
        r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    names: dict[str, Any] = {"place": playground()}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102

    assert 6 <= len(blocks)
