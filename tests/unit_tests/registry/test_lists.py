"""Lists of models: used by later processes, and harmless whatever a server says."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from langchain_unified import UnifiedChatModel
from langchain_unified.cli.app import app
from langchain_unified.errors import InvalidParameterError
from langchain_unified.registry import Registry
from langchain_unified.registry.profiles import profile_of
from langchain_unified.testing.server import LoopbackServer
from langchain_unified.testing.wire import HttpReply, HttpRequest
from tests.structure.warm import passing

GOOD = {"data": [{"id": "mine-1", "max_model_len": 9_000}]}


class Lister:
    """Lists models as it is told to."""

    def __init__(self) -> None:
        self.reply: Any = GOOD
        self.server = LoopbackServer(self._respond)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}/v1"

    def _respond(self, request: HttpRequest) -> HttpReply:
        if isinstance(self.reply, HttpReply):
            return self.reply
        kind = {"content-type": "application/json"}
        if callable(self.reply):
            return HttpReply(401, kind, json.dumps(self.reply(request)).encode())
        return HttpReply(200, kind, json.dumps(self.reply).encode())


@pytest.fixture
def lister() -> Iterator[Lister]:
    """A server of one's own that lists models."""
    made = Lister()
    made.server.start()
    yield made
    made.server.stop()


def _llm(lister: Lister) -> UnifiedChatModel:
    return UnifiedChatModel(
        model="mine-1",
        base_url=lister.url,
        api_key="sk-very-secret-key",
        registry=Registry(),
        max_retries=0,
    )


def _ask(lister: Lister, folder: Path, **options: Any) -> Any:
    llm = _llm(lister)
    given = {"max_age": 0, "folder": folder, "providers": ["openai"], **options}
    return llm, llm.registry.refresh(llm, **given)["openai"]


def test_the_longest_context_of_a_server_fills_the_profile(
    lister: Lister, tmp_path: Path
) -> None:
    """VLLM's `max_model_len` is LangChain's `max_input_tokens`."""
    llm, outcome = _ask(lister, tmp_path)

    assert ("fetched", 1) == (outcome.state, outcome.models)
    assert 9_000 == profile_of(llm.resolve())["max_input_tokens"]


def test_the_next_process_uses_the_list(lister: Lister, tmp_path: Path) -> None:
    """What one process found, another knows without asking."""
    _ask(lister, tmp_path)
    code = (
        "from langchain_unified import UnifiedChatModel; "
        f"llm = UnifiedChatModel(model='mine-1', base_url={lister.url!r}); "
        "print(llm.resolve().limits['context'])"
    )
    environment = {"LANGCHAIN_UNIFIED_CACHE": str(tmp_path)}
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "9000" == done.stdout.strip()


def test_an_old_or_foreign_list_is_not_used(tmp_path: Path) -> None:
    """Lists older than a month, of unknown providers or of proxies are left out."""
    rows = [{"name": "models/gemini-x", "inputTokenLimit": 5}]
    about = {"version": 1, "models": rows, "fetched": time.time()}
    kept = [
        {**about, "provider": "google_genai", "server": "http://proxy/v1"},
        {**about, "provider": "nobody", "server": ""},
        {**about, "provider": "google_genai", "server": "", "fetched": 5.0},
    ]
    for number, entry in enumerate(kept):
        path = tmp_path / f"models-{number}.json"
        path.write_text(json.dumps(entry), encoding="utf-8")
    registry = Registry()
    assert 0 == registry.load_lists(tmp_path)

    good = {**about, "provider": "google_genai", "server": ""}
    (tmp_path / "models-9.json").write_text(json.dumps(good), encoding="utf-8")
    assert 1 == registry.load_lists(tmp_path)
    assert 5 == registry.resolve("google_genai:gemini-x").limits["input"]


@pytest.mark.parametrize(
    "row",
    [
        {"id": "bad", "max_model_len": "many", "shutdown_date": 1e300},
        {"id": "bad", "max_model_len": 10**400, "maxTemperature": [1]},
        {"id": {"a": 1}},
        {"id": ""},
        {"id": "\x1b[31mred\x1b[0m"},
        {"id": "x" * 5_000},
        {"shutdown_date": "tomorrow", "id": "bad"},
        None,
        7,
    ],
)
def test_one_bad_row_costs_that_row(lister: Lister, tmp_path: Path, row: Any) -> None:
    """Whatever stands beside it, a good row is used."""
    lister.reply = {"data": [row, *GOOD["data"]]}
    llm, outcome = _ask(lister, tmp_path)

    assert "fetched" == outcome.state
    assert 9_000 == llm.resolve().limits["context"]


@pytest.mark.parametrize(
    "reply",
    [
        {"data": None},
        {"data": "none"},
        {"data": []},
        {"data": [{"no": "name"}]},
        {"error": {"message": "quota"}},
        [],
        "fine",
        None,
        HttpReply(200, {"content-type": "text/html"}, b"<html>Sign in</html>"),
    ],
)
def test_an_odd_200_keeps_the_old_list(
    lister: Lister, tmp_path: Path, reply: Any
) -> None:
    """An answer that is no list of models does not take the place of one."""
    _ask(lister, tmp_path)
    lister.reply = reply
    llm, outcome = _ask(lister, tmp_path)

    assert ("kept", 1) == (outcome.state, outcome.models)
    assert 9_000 == llm.resolve().limits["context"]
    assert outcome.problem


def test_a_slow_list_is_given_up_in_time(lister: Lister, tmp_path: Path) -> None:
    """A server that sends a byte now and then is not waited for."""
    pieces = [b" "] * 100
    lister.reply = HttpReply(
        200, {"content-type": "application/json"}, b"", pieces, chunk_delay=0.2
    )
    start = time.monotonic()
    _, outcome = _ask(lister, tmp_path, timeout=0.5)

    assert "none" == outcome.state
    assert "within 0.5 seconds" in outcome.problem
    assert 8 > time.monotonic() - start


def test_a_key_in_an_error_is_masked(
    lister: Lister, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A key that a server repeats is told to nobody."""
    lister.reply = lambda request: {
        "error": {"message": f"wrong key: {request.headers['authorization']}"}
    }
    _, outcome = _ask(lister, tmp_path)

    assert "**********" in outcome.problem
    assert "sk-very-secret-key" not in outcome.problem + caplog.text


def test_hostile_names_are_printed_as_text(
    lister: Lister, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Markup in the name of a model is shown, not followed."""
    lister.reply = {"data": [{"id": "[red]evil[/]"}, {"id": "a\x1b[2Jb"}]}
    monkeypatch.setenv("LANGCHAIN_UNIFIED_CACHE", str(tmp_path))
    monkeypatch.setenv("OPENAI_BASE_URL", lister.url)
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    monkeypatch.setenv("COLUMNS", "200")
    done = CliRunner().invoke(app, ["refresh", "--provider", "openai"])

    assert 0 == done.exit_code
    assert "[red]evil[/]" in done.stdout
    assert "\x1b[2J" not in done.stdout


def _calls_of_a_refresh(lister: Lister, names: list[str], folder: Path) -> int:
    """Return how many calls of functions of the package laying a list takes."""
    lister.reply = {"data": [{"id": name} for name in names]}
    llm, registry = _llm(lister), Registry()
    registry.refresh(llm, providers=["openai"], folder=folder)
    again = partial(registry.refresh, llm, providers=["openai"], folder=folder)
    return passing(again).total()


def test_a_long_list_costs_little_for_each_name(lister: Lister, tmp_path: Path) -> None:
    """A name is looked up once, in an index: 50,000 names are a matter of seconds.

    It is 47 calls of functions for a name; it was 136 while a name was compared with
    every prefix, under four spellings of which three were the same.
    """
    short, long = (
        _calls_of_a_refresh(
            lister,
            [name for at in range(many) for name in (f"model-{at}", f"gpt-5-x{at}")],
            tmp_path / str(many),
        )
        for many in (10, 110)
    )

    assert 60 >= (long - short) / 200


@pytest.mark.parametrize("base_url", [None, "http://127.0.0.1:9/v1"])
def test_a_match_is_that_of_what_is_resolved(base_url: str | None) -> None:
    """The quick look says of every name what the whole look-up says."""
    registry = Registry()
    registry.register("mine", family="gpt-4o")
    registry.register("like", same_as="gpt-4o")
    named = [config.model for config in registry.models()]
    shapes = ("{}", "openai:{}", "{}-2099-01-01", "gw/{}:free", "ft:{}:org::id", "{}x")
    names = [shape.format(name) for name in named for shape in shapes]
    resolved = {name: registry.resolve(name, base_url=base_url) for name in names}
    unknown = {"family", "fallback"}

    assert {n: c.match for n, c in resolved.items()} == {
        name: registry.match(name, base_url) for name in names
    }
    assert [n for n, c in resolved.items() if c.match in unknown] == (
        registry.unregistered(resolved, base_url)
    )


def test_an_unknown_provider_is_refused() -> None:
    """A slip in `providers` is told before anybody is asked."""
    with pytest.raises(InvalidParameterError, match="did you mean 'openai'"):
        Registry().refresh(providers=["opnai"])
    with pytest.raises(InvalidParameterError, match="did you mean 'openai'"):
        Registry().refresh(providers="opnai")


def test_why_knows_the_list_of_a_named_server(lister: Lister, tmp_path: Path) -> None:
    """What a server of one's own lists is told with its source, as it is planned by."""
    registry = Registry()
    registry.add_server("lab", lister.url)
    llm = UnifiedChatModel(model="lab:mine-1", registry=registry)
    registry.refresh(llm, providers="lab", folder=tmp_path)
    why = registry.get("lab:mine-1").why("max_input_tokens")

    assert (9_000, ["discovered"]) == (why.value, [say.provenance.layer for say in why])
