"""Of what make a server is, is seen in the answers that calls get anyway."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.testing.wire import HttpReply
from tests.unit_tests.servers.loopback import CompatibleServer, chunk, events, whole

SHOWN: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "groq": ({"x_groq": {"id": "r"}}, {}),
    "ollama": ({"system_fingerprint": "fp_ollama"}, {}),
    "vllm": ({"prompt_logprobs": None, "kv_transfer_params": None}, {}),
    "litellm": ({}, {"x-litellm-version": "1.80"}),
    "openai": ({}, {"openai-version": "2020-10-01"}),
}


@pytest.fixture(params=SHOWN)
def shown(request: pytest.FixtureRequest) -> Iterator[tuple[str, CompatibleServer]]:
    """Yield the make of a server and the server."""
    keys, headers = SHOWN[request.param]

    def answer(body: dict[str, Any]) -> HttpReply:
        if body.get("stream"):
            reply = events(chunk({"content": "a"}, **keys), chunk({}, "stop"))
        else:
            reply = whole({"content": "a"}, **keys)
        return replace(reply, headers={**reply.headers, **headers})

    with CompatibleServer(answer) as server:
        yield request.param, server


@pytest.mark.parametrize("model", ["gpt-4o", "o3-mini", "llama3.2:1b"])
@pytest.mark.parametrize("face", ["invoke", "stream", "ainvoke", "astream"])
async def test_the_make_is_on_record_from_the_second_call_on(
    face: str, model: str, shown: tuple[str, CompatibleServer]
) -> None:
    """No request is sent to find it out, and nobody else's plan knows of it."""
    make, server = shown
    llm = UnifiedChatModel(model=model, api_key=f"{face} {model}", base_url=server.url)
    assert "" == llm.explain().config.seen

    if face == "astream":
        _ = [piece async for piece in llm.astream("hi")]
    elif face == "stream":
        _ = list(llm.stream("hi"))
    elif face == "ainvoke":
        await llm.ainvoke("hi")
    else:
        llm.invoke("hi")

    plan = llm.explain()
    other = UnifiedChatModel(model=model, api_key="another", base_url=server.url)
    assert 1 == len(server.paths)
    assert (make, "") == (plan.config.seen, other.explain().config.seen)
    assert [make] == [c.sent for c in plan.changes if c.parameter == "base_url"]


def test_a_server_with_models_of_its_own_has_none_of_openais_rules() -> None:
    """What vLLM serves as `o3` is not o3, and takes a temperature."""
    keys = SHOWN["vllm"][0]
    with CompatibleServer(lambda _: whole({"content": "a"}, **keys)) as server:
        llm = UnifiedChatModel(
            model="o3", api_key="k", base_url=server.url, temperature=0.5
        )
        for _ in range(2):
            llm.invoke("hi")

        assert [None, 0.5] == [body.get("temperature") for body in server.bodies]


def test_what_the_user_says_goes_before_what_is_seen() -> None:
    """A profile that was given stands, whatever answers look like."""
    keys = SHOWN["vllm"][0]
    with CompatibleServer(lambda _: whole({"content": "a"}, **keys)) as server:
        llm = UnifiedChatModel(
            model="gpt-5.4",
            api_key="k",
            base_url=server.url,
            providers={"openai": {"profile": "openai"}},
        )
        llm.invoke("hi")

        assert "gpt-5.4" == llm.explain().config.family
