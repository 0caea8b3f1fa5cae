"""Rows, servers and lists as people write them at the first attempt."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import MissingCredentialsError, UnifiedError
from langchain_unified.registry import Registry
from langchain_unified.testing.server import LoopbackServer
from langchain_unified.testing.wire import HttpReply, HttpRequest
from tests.unit_tests.servers.loopback import whole

SLIPS: list[tuple[dict[str, Any], str]] = [
    ({"limit": {"output": 1}}, "'limits'"),
    ({"limits": {"outptu": 1}}, "'output'"),
    ({"parameters": {"temprature": {"accepts": "any"}}}, "'temperature'"),
    ({"parameters": {"temperature": {"acepts": "any"}}}, "'accepts'"),
    ({"parameters": {"temperature": {"accepts": "nevr"}}}, "'never'"),
    ({"parameters_on": {"chta": {}}}, "'chat'"),
    ({"thinking": {"style": "efort"}}, "'effort'"),
    ({"rank": {"strenght": 1}}, "'strength'"),
    ({"price": {"input": 1, "output": 1, "cachd": 1}}, "'cached'"),
    ({"family": "clasic"}, "'classic'"),
    ({"provider": "opnai"}, "'openai'"),
    ({"features": {"tool_caling": True}}, "'tool_calling'"),
    ({"inputs": ["imge"]}, "'image'"),
    ({"system_roles": ["sytem"]}, "'system'"),
]


@pytest.mark.parametrize(("facts", "meant"), SLIPS, ids=lambda value: str(value)[:40])
def test_a_slip_at_any_level_names_the_nearest_word(
    facts: dict[str, Any], meant: str
) -> None:
    """Keys, words and names that do not exist are refused with what was meant."""
    registry = Registry()
    with pytest.raises(UnifiedError, match=rf"(?i)did you mean {meant}\?"):
        registry.register("mine", **{"provider": "openai", **facts})

    assert {} == registry.own()


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"rank": {"strength": 101}}, "from 0 to 100"),
        ({"rank": {"speed": -1}}, "from 0 to 100"),
        ({"price": {"input": -1, "output": 1}}, "from 0"),
        ({"price": {"input": float("nan"), "output": 1}}, "from 0"),
        ({"limits": {"context": 10, "output": 20}}, "more than limits.context"),
        ({"same_as": "mine"}, "leads back to"),
    ],
)
def test_numbers_no_model_can_have_are_refused(
    facts: dict[str, Any], told: str
) -> None:
    """Impossible ranks, prices and limits change nothing."""
    registry = Registry()
    with pytest.raises(UnifiedError, match=told):
        registry.register("mine", provider="openai", **facts)

    assert {} == registry.own()


@pytest.mark.parametrize("name", ["auto", "AUTO", "auto:x", "openai:", ":x"])
def test_a_name_that_no_call_can_mean_is_refused(name: str) -> None:
    """A row nobody could ever reach is no row."""
    with pytest.raises(UnifiedError, match="the name of a model"):
        Registry().register(name, provider="openai", family="classic")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[servers.lab]\nbase_ulr = "http://h/v1"\n', "did you mean 'base_url'"),
        ('[server.lab]\nbase_url = "http://h/v1"\n', "did you mean 'servers'"),
        ('[servers.lab]\nbase_url = "h"\n', "give an address"),
        ('[servers.lab]\nbase_url = "http://h"\nprices = "opnai"\n', "'openai'"),
        ('[servers.lab]\nbase_url = "http://h"\nprofile = "vlm"\n', "'vllm'"),
        (
            '[servers.lab]\nbase_url = "http://h"\nlike = "ollama"\n',
            "must be like 'openai'",
        ),
        ('[servers.openai]\nbase_url = "http://h"\n', "name of a provider"),
        ("schema = 99\n", "schema 99 is newer"),
    ],
)
def test_a_servers_table_with_a_slip_is_refused(
    text: str, told: str, tmp_path: Path
) -> None:
    """Wrong and missing keys of `[servers.X]` are named, and nothing is loaded."""
    path = tmp_path / "models.toml"
    path.write_text(text, encoding="utf-8")
    registry = Registry()
    with pytest.raises(UnifiedError, match=told):
        registry.load(path)

    assert {} == dict(registry.servers)


def test_prices_of_nobody_are_refused() -> None:
    """`prices` names a provider; a slip is told before anything is sent."""
    gateway = {"base_url": "http://127.0.0.1:9/v1", "api_key": "k", "prices": "opnai"}
    llm = UnifiedChatModel(model="o3", providers={"openai": gateway}, profile={})
    with pytest.raises(UnifiedError, match="did you mean 'openai'"):
        llm.explain("hi")


def test_credentials_in_an_address_are_not_shown() -> None:
    """What a server prints as has no password."""
    registry = Registry()
    registry.add_server("lab", "http://me:secret@127.0.0.1:9/v1")

    assert "secret" not in repr(registry.servers["lab"])


class Keeper:
    """A server that keeps the keys and models it was sent."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, str]] = set()
        self.server = LoopbackServer(self._respond)
        self.server.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}/v1"

    def _respond(self, request: HttpRequest) -> HttpReply:
        model = request.raw.partition(b'"model":"')[2].partition(b'"')[0].decode()
        self.seen.add((request.headers.get("authorization", ""), model))
        return whole({"content": "hi"})


def test_servers_switched_under_threads_never_share_a_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two servers have one model name; each call carries its own server's key."""
    monkeypatch.setenv("RIGHT_KEY", "right")
    left, right, own = Keeper(), Keeper(), Keeper()
    registry = Registry()
    registry.add_server("right", right.url, key_env="RIGHT_KEY")
    llm = UnifiedChatModel(
        model="gpt-4o",
        registry=registry,
        base_url=own.url,
        api_key="own",
        providers={"left": {"like": "openai", "base_url": left.url, "api_key": "left"}},
    )
    names = ["left:same", "right:same", "same"] * 40
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda name: llm.invoke("hi", model=name), names))
    for keeper in (left, right, own):
        keeper.server.stop()

    assert [{("Bearer left", "same")}, {("Bearer right", "same")}] == [
        left.seen,
        right.seen,
    ]
    assert {("Bearer own", "same")} == own.seen


def test_a_server_whose_key_is_not_set_is_not_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No other key is sent in its place, whoever's it is."""
    monkeypatch.delenv("LAB_KEY", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "openai")
    lab = Keeper()
    registry = Registry()
    registry.add_server("lab", lab.url, key_env="LAB_KEY")
    llm = UnifiedChatModel(model="gpt-4o", registry=registry, api_key="other")
    with pytest.raises(MissingCredentialsError, match="LAB_KEY"):
        llm.invoke("hi", model="lab:any")
    lab.server.stop()

    assert set() == lab.seen
