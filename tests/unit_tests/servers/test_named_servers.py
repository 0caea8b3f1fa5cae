"""Servers of one's own by name, several beside OpenAI in one model."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import (
    InvalidParameterError,
    MissingCredentialsError,
    RegistryError,
)
from langchain_unified.registry import Registry
from langchain_unified.testing.server import LoopbackServer
from langchain_unified.testing.wire import HttpReply, HttpRequest
from tests.unit_tests.servers.loopback import json_reply, say

FACES = ("invoke", "ainvoke", "stream", "astream")


class Seen:
    """A server that keeps whole requests; it lists two models."""

    def __init__(self, name: str) -> None:
        self.name, self.requests = name, list[HttpRequest]()
        self.server = LoopbackServer(self._respond)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}/v1"

    @property
    def told(self) -> list[tuple[str | None, str]]:
        """The key and the model of each request."""
        return [
            (r.headers.get("authorization"), json.loads(r.raw)["model"])
            for r in self.requests
        ]

    def _respond(self, request: HttpRequest) -> HttpReply:
        if request.path.endswith("/models"):
            rows = [{"id": "Qwen/Qwen3-8B", "max_model_len": 32_768}, {"id": "b"}]
            return json_reply({"object": "list", "data": rows})
        self.requests.append(request)
        return say(self.name)(json.loads(request.raw))


@pytest.fixture
def three() -> Iterator[dict[str, Seen]]:
    """Three servers: OpenAI's place, and two of the user's own."""
    seen = {name: Seen(name) for name in ("openai", "vllm", "lab")}
    for one in seen.values():
        one.server.start()
    yield seen
    for one in seen.values():
        one.server.stop()


def _model(three: dict[str, Seen], **settings: Any) -> UnifiedChatModel:
    return UnifiedChatModel(
        model="gpt-4o",
        api_key="openai-key",
        organization="openai-org",
        base_url=three["openai"].url,
        providers={
            "vllm": {
                "like": "openai",
                "base_url": three["vllm"].url,
                "api_key": "vllm-key",
            },
            "lab": {"like": "openai", "base_url": three["lab"].url},
        },
        max_retries=0,
        **settings,
    )


async def _text(llm: UnifiedChatModel, face: str, model: str) -> str:
    if face == "invoke":
        return llm.invoke("hi", model=model).text
    if face == "ainvoke":
        return (await llm.ainvoke("hi", model=model)).text
    if face == "stream":
        return "".join(piece.text for piece in llm.stream("hi", model=model))
    return "".join([piece.text async for piece in llm.astream("hi", model=model)])


@pytest.mark.parametrize("face", FACES)
async def test_servers_are_switched_per_call(
    three: dict[str, Seen], face: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call goes to the server its model names, with that server's key alone."""
    monkeypatch.setenv("OPENAI_API_KEY", "key-of-the-environment")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-the-environment")
    llm = _model(three)
    names = ["gpt-4o", "vllm:Qwen/Qwen3-8B", "lab:gpt-4o", "VLLM:openai/b", "gpt-4o"]
    said = [await _text(llm, face, name) for name in names]

    assert ["openai", "vllm", "lab", "vllm", "openai"] == said
    assert [("Bearer openai-key", "gpt-4o")] * 2 == three["openai"].told
    assert [
        ("Bearer vllm-key", "Qwen/Qwen3-8B"),
        ("Bearer vllm-key", "openai/b"),
    ] == three["vllm"].told
    assert [("Bearer no-key", "gpt-4o")] == three["lab"].told
    for name in ("vllm", "lab"):
        for request in three[name].requests:
            assert "openai-organization" not in request.headers


def test_a_file_names_servers_and_rows(
    three: dict[str, Seen], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A TOML file gives a server its name, key, make and models."""
    path = tmp_path / "models.toml"
    path.write_text(
        f"""
        [servers.vllm]
        base_url = "{three["vllm"].url}"
        key_env = ["VLLM_API_KEY"]

        [aliases]
        quick = "vllm:qwen3-8b"

        [models."vllm:Qwen3-8B"]
        limits = {{ context = 32_768, output = 1_000 }}

        [models.Tuned]
        provider = "vllm"
        same_as = "vllm:qwen3-8b"
        """,
        encoding="utf-8",
    )
    monkeypatch.setenv("VLLM_API_KEY", "from-the-environment")
    llm = UnifiedChatModel(model="quick", registry=Registry(overrides=path))
    llm.invoke("hi")
    llm.invoke("hi", model="vllm:tuned")
    llm.invoke("hi", model="vllm:other")

    key = "Bearer from-the-environment"
    names = ["Qwen3-8B", "Tuned", "other"]
    assert [(key, name) for name in names] == three["vllm"].told
    limits = {"context": 32_768, "output": 1_000}
    assert limits == dict(llm.resolve().limits)
    assert limits == dict(llm.resolve("vllm:tuned").limits)
    assert {} == dict(llm.resolve("vllm:other").limits)


def test_a_missing_key_is_told_and_no_other_is_sent(
    three: dict[str, Seen], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its own key a server is not called, and the error names the variable."""
    monkeypatch.setenv("OPENAI_API_KEY", "openai-key")
    monkeypatch.delenv("LAB_KEY", raising=False)
    registry = Registry()
    registry.add_server("lab", three["lab"].url, key_env="LAB_KEY")
    llm = UnifiedChatModel(model="lab:m", registry=registry)

    with pytest.raises(MissingCredentialsError, match="LAB_KEY"):
        llm.invoke("hi")
    assert [] == three["lab"].requests


def test_constructor_keywords_belong_to_the_server_that_is_named(
    three: dict[str, Seen],
) -> None:
    """A key beside the name of a server of one's own is that server's."""
    registry = Registry()
    registry.add_server("lab", three["lab"].url, key_env="LAB_KEY")
    llm = UnifiedChatModel(
        model="lab:m", registry=registry, api_key=SecretStr("lab-key")
    )
    llm.invoke("hi")

    assert [("Bearer lab-key", "m")] == three["lab"].told
    assert None is llm._planning.wiring.connected("openai").get("api_key")


def test_what_is_known_about_a_make_holds_for_a_named_server() -> None:
    """A server named after a make, or with a profile, has what is known about it."""
    registry = Registry()
    registry.add_server("groq", "http://localhost:9999/v1")
    registry.add_server("fast", "http://localhost:9998/v1", profile="groq")
    registry.add_server("other", "http://localhost:9997/v1")
    accepts = [
        registry.resolve(f"{name}:m").mappings["chat"].rules["n"].accepts
        for name in ("groq", "fast", "other")
    ]

    assert ["never", "never", "any"] == accepts


def test_a_refresh_asks_named_servers_too(
    three: dict[str, Seen], tmp_path: Path
) -> None:
    """The lists of named servers are asked for, and fill profiles of their models."""
    llm = _model(three, registry=Registry())
    found = llm.registry.refresh(llm, providers=["vllm", "lab"], folder=tmp_path)

    assert (2, 2) == (found["vllm"].models, found["lab"].models)
    assert 32_768 == llm.resolve("vllm:Qwen/Qwen3-8B").limits["context"]


def test_a_list_for_auto_can_name_servers(three: dict[str, Seen]) -> None:
    """A model of a named server can stand in a list of models."""
    llm = _model(three)
    answer = llm.invoke("hi", model="auto:vllm:mine,gpt-4o")

    assert "vllm" == answer.text
    assert [("Bearer vllm-key", "mine")] == three["vllm"].told


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("openai", {"base_url": "http://a/v1"}, "name of a provider"),
        ("google", {"base_url": "http://a/v1"}, "name of a provider"),
        ("my server", {"base_url": "http://a/v1"}, "letters"),
        ("lab", {"base_url": "localhost"}, "base_url"),
        ("lab", {"base_url": "http://a/v1", "profile": "grok"}, "did you mean 'groq'"),
    ],
)
def test_a_server_that_makes_no_sense_is_refused(
    name: str, settings: dict[str, Any], told: str
) -> None:
    """Names of providers, addresses that are none and unknown makes are refused."""
    registry = Registry()

    with pytest.raises(InvalidParameterError, match=told):
        registry.add_server(name, **settings)
    assert {} == dict(registry.servers)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"like": "opnai", "base_url": "http://a/v1"}, "like"),
        ({"like": "openai"}, "base_url"),
        ({"like": "openai", "base_url": "localhost:8000"}, r"lab\.base_url"),
        (
            {"like": "openai", "base_url": "http://a/v1", "profile": "vlm"},
            "did you mean 'vllm'",
        ),
        (
            {"like": "openai", "base_url": "http://a/v1", "prices": "opnai"},
            "mean 'openai'",
        ),
        ({"like": "openai", "base_url": "http://a/v1", "key_env": [3]}, "key_env"),
        ({"base_url": "http://a/v1"}, "providers='lab'"),
    ],
)
def test_settings_of_a_server_are_checked(settings: dict[str, Any], told: str) -> None:
    """A server that makes no sense is refused when the model is made."""
    with pytest.raises(InvalidParameterError, match=told):
        UnifiedChatModel(model="gpt-4o", providers={"lab": settings})


@pytest.mark.parametrize("name", ["google", "openai", "auto", "a b", "", "1x", "a:b"])
def test_a_name_that_no_call_could_mean_is_refused(name: str) -> None:
    """`providers` takes the names that `add_server` takes."""
    with pytest.raises(InvalidParameterError, match="give"):
        UnifiedChatModel(model="gpt-4o", providers={name: {"like": "openai"}})


def test_a_name_is_read_in_any_case(three: dict[str, Seen]) -> None:
    """A server named in capitals is called, not OpenAI with OpenAI's key."""
    own = {"like": "openai", "base_url": three["lab"].url, "api_key": "lab-key"}
    llm = UnifiedChatModel(
        model="LAB:m",
        registry=Registry(),
        providers={
            "openai": {"base_url": three["openai"].url, "api_key": "openai-key"},
            "Lab": own,
        },
    )

    assert ["lab", "lab"] == [
        llm.invoke("hi").text,
        llm.invoke("hi", model="lab:m").text,
    ]
    assert [("Bearer lab-key", "m")] * 2 == three["lab"].told
    assert [] == three["openai"].told


def test_a_server_can_move(three: dict[str, Seen]) -> None:
    """Calls go where the registry says a server is now, at the prices of now."""
    registry = Registry()
    registry.add_server("lab", three["lab"].url)
    llm = UnifiedChatModel(model="lab:m", registry=registry)
    before = llm.invoke("hi")
    registry.add_server("lab", three["vllm"].url)

    assert ("lab", "vllm") == (before.text, llm.invoke("hi").text)


def test_the_variable_of_a_key_can_stand_beside_the_address(
    three: dict[str, Seen], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`key_env` names where the key is; an empty `api_key` is none."""
    monkeypatch.setenv("LAB_KEY", "from-there")
    own = {"like": "openai", "base_url": three["lab"].url, "api_key": ""}
    llm = UnifiedChatModel(
        model="lab:m",
        registry=Registry(),
        providers={"lab": {**own, "key_env": "LAB_KEY"}},
    )
    llm.invoke("hi")

    assert [("Bearer from-there", "m")] == three["lab"].told


@pytest.mark.parametrize("model", ["vlm:qwen3", "gogle_genai:gemini-2.5-flash"])
def test_a_slip_in_a_prefix_sends_nothing_to_openai(
    three: dict[str, Seen], model: str
) -> None:
    """What was meant for a server of one's own never reaches OpenAI by a slip."""
    own = {"like": "openai", "base_url": three["vllm"].url, "api_key": "vllm-key"}
    llm = UnifiedChatModel(
        model=model,
        registry=Registry(),
        providers={"openai": {"api_key": "openai-key"}, "vllm": own},
    )

    with pytest.raises(
        InvalidParameterError, match=r"did you mean '(vllm|google_genai):"
    ):
        llm.invoke("hi")


def test_a_file_with_an_unknown_wire_is_refused(tmp_path: Path) -> None:
    """A server in a file is checked as one in code is."""
    path = tmp_path / "models.toml"
    path.write_text('[servers.lab]\nlike = "x"\nbase_url = "http://a/v1"\n', "utf-8")

    with pytest.raises(InvalidParameterError, match=r"servers\.lab\.like"):
        Registry(overrides=path)
    path.write_text('[servers.lab]\nbase_ulr = "http://a/v1"\n', "utf-8")
    with pytest.raises(RegistryError, match="did you mean 'base_url'"):
        Registry(overrides=path)


def test_named_servers_travel(three: dict[str, Seen]) -> None:
    """A pickled model arrives with its servers, and calls them."""
    registry = Registry()
    registry.add_server("vllm", three["vllm"].url)
    llm = UnifiedChatModel(model="vllm:m", registry=registry)
    arrived = pickle.loads(pickle.dumps(llm))

    assert "vllm" == arrived.invoke("hi").text


@pytest.mark.parametrize("rollout", ["legacy", "canary:0%", "unified,openai=off"])
def test_a_rollout_flag_sends_nothing_to_another_server(
    three: dict[str, Seen], rollout: str
) -> None:
    """Whatever the flag says of OpenAI, a named server's calls go to that server."""
    llm = _model(three, rollout=rollout)

    assert "vllm" == llm.invoke("hi", model="vllm:m").text
    assert [] == three["openai"].requests
