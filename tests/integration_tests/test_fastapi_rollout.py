"""An application written against the old service, while the rollout flag is flipped."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.compat import LangChainCompatibilityService
from langchain_unified.rollout import Rollout
from langchain_unified.service import UnifiedInferenceService
from langchain_unified.testing import ProviderEmulator
from tests.conftest import connections
from tests.unit_tests.data_old_service.app import create_app
from tests.unit_tests.data_old_service.old_service import LangChainService

MODES = ("unified", "legacy", "canary:50", "shadow")
REQUESTS = 2_000
MODEL = "gpt-5.1"

pytestmark = pytest.mark.filterwarnings("ignore:LangChainCompat:DeprecationWarning")


def path_of(request: Any) -> str:
    """Answer with the path that sent the request, as only the wire can tell it.

    ChatOpenAI drops this model's temperature without a word; the unified path sends it.
    """
    return "unified" if "temperature" in request.body else "legacy"


class Site:
    """The application, its services, its flag file and a client."""

    def __init__(self, emulator: ProviderEmulator, flag: Path) -> None:
        self.emulator, self.flag = emulator, flag
        own = {"api_key": "sk-test", "base_url": emulator.openai_base_url}
        self.old = LangChainService(MODEL, temperature=0.5, **own)
        self.rollout = Rollout(file=flag)
        self.llm = UnifiedChatModel(
            model=MODEL,
            temperature=0.5,
            providers=connections(emulator),
            rollout=self.rollout,
        )
        self.service = Recorder(UnifiedInferenceService(self.llm), legacy=self.old)
        transport = httpx.ASGITransport(create_app(self.service))
        self.http = httpx.AsyncClient(transport=transport, base_url="http://site")

    async def ask(self, prompt: str = "hi", **fields: Any) -> httpx.Response:
        return await self.http.post("/generate", json={"prompt": prompt, **fields})


class Recorder(LangChainCompatibilityService):
    """Keeps which path each prompt took, and answers when all requests are open."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, details=True, errors="dict", **options)
        self.said: dict[str, dict[str, str]] = {}
        self.open = self.most = self.hold_until = 0
        self.all_open = asyncio.Event()

    async def _generate_text(self, prompt: str, *args: Any) -> dict[str, Any]:
        self.open += 1
        self.most = max(self.most, self.open)
        answer = await super()._generate_text(prompt, *args)
        self.said[prompt] = answer.get("rollout", {})
        if self.most >= self.hold_until:
            self.all_open.set()
        await self.all_open.wait()
        self.open -= 1
        return answer


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    with ProviderEmulator() as emulator:
        flag = tmp_path / "rollout"
        flag.write_text("unified")
        running = Site(emulator, flag)
        async with running.http:
            yield running


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("old", [True, False], ids=["old service", "no old service"])
async def test_the_api_is_the_same_in_every_mode(
    site: Site,
    mode: str,
    old: bool,  # noqa: FBT001
) -> None:
    """The same HTTP tests pass in all four modes, with and without the old service."""
    site.flag.write_text(mode)
    if not old:
        site.service.legacy = None
    answered = await site.ask("one two", max_tokens=40)
    switched = await site.ask("one two", model="gpt-4o-mini")
    refused = await site.ask("")
    site.emulator.answer = None
    failed = await site.ask("hi", model="gpt-4o-nonexistent")

    assert (200, {"text": "one two", "model_used": MODEL}) == (
        answered.status_code,
        answered.json(),
    )
    assert "gpt-4o-mini" == switched.json()["model_used"]
    assert 422 == refused.status_code
    assert 502 == failed.status_code
    assert "gpt-4o-nonexistent" in json.dumps(failed.json())


async def test_flipping_under_load(site: Site) -> None:
    """2,000 requests at once, the flag flipped all the while: none fails, none lies."""
    site.emulator.answer = path_of
    site.service.hold_until = REQUESTS
    started = time.monotonic()
    asking = []
    for n in range(REQUESTS):
        if n % 20 == 0:
            site.flag.write_text(MODES[n // 20 % len(MODES)])
            await asyncio.sleep(0.01)
        asking.append(asyncio.create_task(site.ask(f"prompt {n}")))
    answers = await asyncio.gather(*asking)
    seconds = time.monotonic() - started
    told = [site.service.said[f"prompt {n}"] for n in range(REQUESTS)]
    modes = Counter(record["mode"] for record in told)
    print(f"{REQUESTS} in {seconds:.1f} s: {dict(modes)}")  # noqa: T201

    assert {200: REQUESTS} == Counter(answer.status_code for answer in answers)
    assert [answer.json()["text"] for answer in answers] == [
        record["served_by"] for record in told
    ]
    assert set(MODES) == set(modes)
    assert all(REQUESTS / 20 < count for count in modes.values())
    assert [] == site.emulator.errors
    assert REQUESTS == site.service.most


async def test_flipping_without_the_old_service(site: Site) -> None:
    """The same holds when the plain ChatOpenAI inside the model is the legacy path."""
    site.service.legacy = None
    site.emulator.answer = path_of
    wire, told = [], []
    for turn in range(40):
        site.flag.write_text(MODES[turn % len(MODES)])
        answers = await asyncio.gather(*(site.ask(f"{turn}.{n}") for n in range(10)))
        wire += [answer.json()["text"] for answer in answers]
        told += [site.service.said[f"{turn}.{n}"]["served_by"] for n in range(10)]

    assert wire == told
    assert {"legacy", "unified"} == set(wire)
    assert {"temperature"} == set(site.rollout.report().of(MODEL))
