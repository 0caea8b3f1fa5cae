"""Discovery: lists of models, their cache, and everything that can go wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.registry import Registry
from langchain_unified.registry.lists import Cache, Entry
from langchain_unified.testing import ModelRules, ProviderEmulator
from tests.conftest import connections

DISCOVERED = ModelRules(
    id="brand-new-9", shutdown_date="2027-05-01", context_window=1000
)
GEMINI = ModelRules(
    id="gemini-9-new",
    provider="google_genai",
    endpoints=("generateContent",),
    context_window=123_456,
    max_output_tokens=789,
    max_temperature=1.0,
)


@pytest.fixture
def emulator(provider_emulator: ProviderEmulator) -> ProviderEmulator:
    """An emulator that lists two models nobody knows."""
    provider_emulator.add_rules(DISCOVERED, GEMINI)
    return provider_emulator


def _llm(emulator: ProviderEmulator) -> UnifiedChatModel:
    return UnifiedChatModel(
        model="gpt-4o",
        providers=connections(emulator),
        registry=Registry(),
        max_retries=0,
    )


def test_a_refresh_finds_new_models(emulator: ProviderEmulator, tmp_path: Path) -> None:
    """What a provider lists gives limits and dates, with their provenance."""
    llm = _llm(emulator)
    done = llm.registry.refresh(llm, folder=tmp_path)
    config = llm.explain(model="gemini-9-new").config

    assert ["fetched", "fetched"] == [one.state for one in done.outcomes]
    assert (123_456, 789) == (config.limits["input"], config.limits["output"])
    assert "discovered" == config.provenance["limits"].layer
    assert "2027-05-01" == str(
        llm.explain(model="brand-new-9").config.lifecycle.shutdown
    )


def test_a_young_list_is_not_asked_for_again(
    emulator: ProviderEmulator, tmp_path: Path
) -> None:
    """A second process takes the list from the cache, without the network."""
    first, second = _llm(emulator), _llm(emulator)
    first.registry.refresh(first, folder=tmp_path)
    emulator.reset()
    done = second.registry.refresh(second, folder=tmp_path)

    assert {"cached"} == {one.state for one in done.outcomes}
    assert [] == emulator.requests
    assert "brand-new-9" in second.registry.discovered(
        "openai", emulator.openai_base_url
    )


def test_an_old_list_is_asked_for_again(
    emulator: ProviderEmulator, tmp_path: Path
) -> None:
    """Past its time limit a list is fetched anew."""
    llm = _llm(emulator)
    llm.registry.refresh(llm, folder=tmp_path)
    done = llm.registry.refresh(llm, folder=tmp_path, max_age=0)

    assert {"fetched"} == {one.state for one in done.outcomes}


def test_offline_the_old_list_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A provider out of reach raises nothing; the old data stays and is said to."""
    with ProviderEmulator(rules=[DISCOVERED]) as emulator:
        llm = _llm(emulator)
        llm.registry.refresh(llm, folder=tmp_path, providers=["openai"])
    done = llm.registry.refresh(llm, folder=tmp_path, providers=["openai"], max_age=0)

    assert "kept" == done["openai"].state
    assert done["openai"].problem
    assert "the previous list is kept" in caplog.text
    assert "2027-05-01" == str(
        llm.explain(model="brand-new-9").config.lifecycle.shutdown
    )


def test_offline_without_an_old_list_nothing_changes(tmp_path: Path) -> None:
    """With no network and no cache the shipped rows hold, and the outcome says so."""
    with ProviderEmulator() as emulator:
        llm = _llm(emulator)
    done = llm.registry.refresh(llm, folder=tmp_path)

    assert {"none"} == {one.state for one in done.outcomes}
    assert "exact" == llm.registry.resolve("gpt-4o").match


def test_without_keys_nothing_is_asked(tmp_path: Path) -> None:
    """Without credentials the outcome says what to set, and nothing is raised."""
    done = Registry().refresh(folder=tmp_path)

    assert "OPENAI_API_KEY" in done["openai"].problem
    assert "GOOGLE_API_KEY" in done["google_genai"].problem


def test_a_folder_that_cannot_be_written(
    emulator: ProviderEmulator, tmp_path: Path
) -> None:
    """On a read-only file system the list is used and said not to be kept."""
    blocked = tmp_path / "file"
    blocked.write_text("no folder", encoding="utf-8")
    llm = _llm(emulator)
    done = llm.registry.refresh(llm, folder=blocked / "below")

    assert {"fetched"} == {one.state for one in done.outcomes}
    assert "not be cached" in done["openai"].problem
    assert llm.registry.discovered("openai", emulator.openai_base_url)


@pytest.mark.parametrize(
    "rubbish",
    ["", "{", "[]", "null", '{"version": 2}', '{"version": 1}', '{"version":1,"a":3}'],
)
def test_rubbish_in_the_cache_is_no_list(tmp_path: Path, rubbish: str) -> None:
    """A file that makes no sense counts as none."""
    cache = Cache(tmp_path)
    cache.write(Entry("openai", "", time.time(), []))
    next(tmp_path.glob("models-*")).write_text(rubbish, encoding="utf-8")

    assert cache.read("openai", "") is None


def test_rows_that_make_no_sense_are_left_out(
    emulator: ProviderEmulator, tmp_path: Path
) -> None:
    """A list of a strange server is taken as far as it makes sense."""
    rows = [{"id": "good"}, {"id": 7}, {}, {"id": "odd", "shutdown_date": "soon"}]
    cache = Cache(tmp_path)
    cache.write(Entry("openai", emulator.openai_base_url, time.time(), rows))
    llm = _llm(emulator)
    llm.registry.refresh(llm, folder=tmp_path, providers=["openai"])

    assert ("good", "odd") == llm.registry.discovered(
        "openai", emulator.openai_base_url
    )


def test_a_list_counts_for_its_own_server_only(
    emulator: ProviderEmulator, tmp_path: Path
) -> None:
    """What one server lists says nothing about another."""
    llm = _llm(emulator)
    llm.registry.refresh(llm, folder=tmp_path)

    assert () == llm.registry.discovered("openai")
    assert llm.registry.resolve("brand-new-9").lifecycle.shutdown is None


async def test_arefresh(emulator: ProviderEmulator, tmp_path: Path) -> None:
    """The asynchronous form does the same."""
    llm = _llm(emulator)
    done = await llm.registry.arefresh(llm, folder=tmp_path)

    assert {"fetched"} == {one.state for one in done.outcomes}


def test_a_schedule_refreshes_until_it_is_stopped(
    emulator: ProviderEmulator, tmp_path: Path
) -> None:
    """A schedule of the user's refreshes now and then, and stops on demand."""
    llm = _llm(emulator)
    with llm.registry.refresh_every(0.05, llm, folder=tmp_path, max_age=0):
        _wait(lambda: len(emulator.requests) >= 4)
    sent = len(emulator.requests)
    time.sleep(0.2)

    assert sent == len(emulator.requests)


def test_a_call_never_refreshes(emulator: ProviderEmulator) -> None:
    """Import, construction and calls ask for no list."""
    _llm(emulator).invoke("hi")

    assert ["chat"] == [request.endpoint for request in emulator.requests]


WRITER = """
import sys, time
from langchain_unified.registry.lists import Cache, Entry
cache = Cache(sys.argv[1])
rows = [{"id": f"{sys.argv[2]}-{n}", "pad": "x" * 200} for n in range(2000)]
print("go", flush=True)
while True:
    cache.write(Entry("openai", "", time.time(), rows))
"""


def _writer(folder: Path, name: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", WRITER, str(folder), name],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "default"},
    )
    assert process.stdout is not None
    assert "go" == process.stdout.readline().strip()
    return process


def _end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
def test_the_cache_survives_kill_9_and_two_writers(tmp_path: Path) -> None:
    """Two processes write, each is killed at some moment; what is read is whole."""
    cache = Cache(tmp_path)
    for round_ in range(4):
        writers = [_writer(tmp_path, name) for name in ("one", "two")]
        _wait(lambda: cache.read("openai", "") is not None)
        for _ in range(20):
            _assert_whole(cache)
        time.sleep(0.01 * round_)
        for writer in writers:
            _end(writer)
        _assert_whole(cache)

    assert cache.write(Entry("openai", "", time.time(), [])) is None
    assert [] == cache.read("openai", "").models


def _assert_whole(cache: Cache) -> None:
    entry = cache.read("openai", "")
    assert entry is not None
    assert 2000 == len(entry.models)
    assert 1 == len({row["id"].partition("-")[0] for row in entry.models})


def test_leftovers_of_dead_writers_are_removed(tmp_path: Path) -> None:
    """What a killed writer left behind is removed after an hour."""
    old, young = tmp_path / ".writing-old", tmp_path / ".writing-young"
    for path in (old, young):
        path.write_text(json.dumps({}), encoding="utf-8")
    os.utime(old, (time.time() - 7200,) * 2)
    Cache(tmp_path).write(Entry("openai", "", time.time(), []))

    assert (False, True) == (old.exists(), young.exists())


def _wait(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not done():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_local_server_says_what_it_has(
    provider_emulator: ProviderEmulator, tmp_path: Path
) -> None:
    """Ollama's tags become models of the registry, called under their own names."""
    registry = Registry(enable=["ollama"])
    llm = UnifiedChatModel(
        model="gpt-4o", providers=connections(provider_emulator), registry=registry
    )

    found = registry.refresh(llm, providers=["ollama"], folder=tmp_path)["ollama"]
    asked = [request.path for request in provider_emulator.requests]

    assert ("fetched", ["/api/tags"]) == (found.state, asked)
    assert found.models > 0
    assert all(
        registry.resolve(f"ollama:{name}").provider == "ollama" for name in found.new
    )
