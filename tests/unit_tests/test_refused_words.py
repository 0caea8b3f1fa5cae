"""New types of content, keys and words that a server refuses: learned, nothing lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import UnsupportedError
from langchain_unified.registry import Registry
from langchain_unified.testing.server import LoopbackServer
from langchain_unified.testing.wire import HttpReply, HttpRequest
from tests.unit_tests.test_open_words import Refusing, _at


@pytest.mark.parametrize(
    ("place", "settings", "asked"),
    [
        ("messages[0].content[0].type", {"use_responses_api": False}, 1),
        ("input[0].content[0]", {"use_responses_api": True}, 1),
        ("messages[0].content[0].type", {}, 2),
    ],
)
def test_a_new_block_that_is_refused_is_refused_before_sending(
    place: str, settings: dict[str, Any], asked: int
) -> None:
    """Content is never dropped: each endpoint is asked once, and the block is named."""
    refusing = Refusing(place, "input_hologram", "'text' and 'image_url'")
    refusing.server.start()
    message = HumanMessage([{"type": "input_hologram", "data": "x"}, "Look at it."])
    try:
        llm = _at(refusing, "gpt-5.4", **settings)
        for _ in range(2):
            with pytest.raises(UnsupportedError, match="'input_hologram'") as caught:
                llm.invoke([message])
    finally:
        refusing.server.stop()

    assert ("messages", ()) == (caught.value.parameter, caught.value.alternatives)
    assert asked == refusing.seen


def test_a_block_refused_on_chat_is_not_left_out_on_responses() -> None:
    """A call is not moved to an endpoint that takes it without its content."""
    refusing = Refusing("messages[0].content[0].type", "hologram", "'text'")
    refusing.server.start()
    message = HumanMessage([{"type": "hologram", "data": "x"}, "Look at it."])
    try:
        llm = _at(refusing, "gpt-5.4")
        with pytest.raises(UnsupportedError, match="'hologram'"):
            llm.invoke([message])
    finally:
        refusing.server.stop()


def test_a_block_that_one_endpoint_refuses_is_sent_to_the_other() -> None:
    """Where the other endpoint takes it the call is answered, and so is the next."""
    endpoints: list[str] = []
    said = "Invalid value: 'input_hologram'. Supported values are: 'text'."
    fields = {"param": "messages[0].content[0].type", "code": "invalid_value"}
    refused = {"error": {"message": said, **fields}}

    def answer(request: HttpRequest) -> HttpReply:
        endpoints.append(request.path.rpartition("/")[2])
        kind = {"content-type": "application/json"}
        if endpoints[-1] == "completions":
            return HttpReply(400, kind, json.dumps(refused).encode())
        return HttpReply(200, kind, json.dumps(RESPONSE).encode())

    server = LoopbackServer(answer)
    server.start()
    there = {"base_url": f"http://127.0.0.1:{server.port}/v1", "api_key": "k"}
    message = HumanMessage([{"type": "input_hologram", "data": "x"}])
    try:
        llm = UnifiedChatModel(
            model="gpt-5.4",
            providers={"openai": {**there, "profile": "openai"}},
            registry=Registry(),
        )
        said_twice = [llm.invoke([message]).text for _ in range(2)]
    finally:
        server.stop()

    assert ["ok", "ok"] == said_twice
    assert ["completions", "responses", "responses"] == endpoints


RESPONSE = {
    "id": "r",
    "object": "response",
    "created_at": 1,
    "model": "gpt-5.4",
    "status": "completed",
    "output": [
        {
            "id": "m",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "ok", "annotations": []}],
        }
    ],
}


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"text": {"tone": "warm"}}, "text.tone"),
        ({"text": {"tone": "warm", "verbosity": "low"}}, "text.tone"),
        ({"extra_body": {"text": {"tone": "warm"}}}, "text.tone"),
        ({"reasoning": {"depth": 3, "effort": "low"}}, "reasoning.depth"),
        ({"prompt_cache_options": {"shard": 1}}, "prompt_cache_options.shard"),
        ({"stream_options": {"pace": 1}, "stream": True}, "stream_options.pace"),
    ],
)
def test_a_key_that_is_refused_is_called_by_its_path(
    model: Any, given: dict[str, Any], path: str
) -> None:
    """The error or the change is about the key, not about the object that holds it."""
    for _ in range(2):
        llm = model("gpt-5.6", on_unsupported="error")
        with pytest.raises(UnsupportedError, match=f" {path}:") as caught:
            llm.invoke("hi", **given)

        assert path == caught.value.parameter


class Gemini:
    """A Gemini that refuses in its own words what a request of a test holds."""

    def __init__(self, refuse: Callable[[dict[str, Any]], str | None]) -> None:
        self.refuse, self.bodies = refuse, list[dict[str, Any]]()
        self.server = LoopbackServer(self._answer)

    def __enter__(self) -> UnifiedChatModel:
        self.server.start()
        url = f"http://127.0.0.1:{self.server.port}"
        return UnifiedChatModel(
            model="gemini-4-argon",
            registry=Registry(),
            providers={"google_genai": {"base_url": url, "api_key": "k"}},
        )

    def __exit__(self, *_: object) -> None:
        self.server.stop()

    def _answer(self, request: HttpRequest) -> HttpReply:
        self.bodies.append(json.loads(request.raw))
        said, headers = self.refuse(self.bodies[-1]), {"content-type": JSON}
        if said is not None:
            wrong = {"code": 400, "message": said, "status": "INVALID_ARGUMENT"}
            return HttpReply(400, headers, json.dumps({"error": wrong}).encode())
        part = {"content": {"role": "model", "parts": [{"text": "ok"}]}}
        told = {"candidates": [{**part, "finishReason": "STOP"}]}
        return HttpReply(200, headers, json.dumps(told).encode())


JSON = "application/json"
PROTO = "type.googleapis.com/google.ai.generativelanguage.v1beta"


def _thinking(body: dict[str, Any]) -> dict[str, Any]:
    config = body.get("generationConfig", {}).get("thinkingConfig", {})
    return {
        key.replace("thinking_level", "thinkingLevel"): config[key] for key in config
    }


def _level(*taken: str) -> Callable[[dict[str, Any]], str | None]:
    def refuse(body: dict[str, Any]) -> str | None:
        level = _thinking(body).get("thinkingLevel")
        place = "generation_config.thinking_config.thinking_level"
        refused = level is not None and level not in taken
        kind = f"{PROTO}.ThinkingLevel"
        return f"Invalid value at '{place}' ({kind}), \"{level}\"" if refused else None

    return refuse


def _level_unlisted(body: dict[str, Any]) -> str | None:
    known = _thinking(body).get("thinkingLevel") in {None, "LOW", "HIGH"}
    return None if known else "Thinking level is not supported for this model."


def _tier(body: dict[str, Any]) -> str | None:
    tier = body.get("serviceTier")
    refused = f"Invalid value at 'service_tier' ({PROTO}.ServiceTier), \"{tier}\""
    return None if tier in {None, "flex", "turbo"} else refused


def _key(body: dict[str, Any]) -> str | None:
    place = "generation_config.thinking_config"
    said = f"Invalid JSON payload received. Unknown name \"ofTomorrow\" at '{place}': "
    return f"{said}Cannot find field." if "ofTomorrow" in _thinking(body) else None


LEARNED: list[
    tuple[Callable[[dict[str, Any]], str | None], dict[str, Any], dict[str, Any], str]
] = [
    (_level("HIGH"), {"reasoning_effort": "hyper"}, {}, "reasoning_effort"),
    (_level_unlisted, {"reasoning_effort": "hyper"}, {}, "reasoning_effort"),
    (
        _level("HIGH", "ULTRA"),
        {"reasoning_effort": "hyper"},
        {"reasoning_effort": "ultra"},
        "reasoning_effort",
    ),
    (_tier, {"service_tier": "warp"}, {"service_tier": "turbo"}, "service_tier"),
    (_tier, {"service_tier": "warp"}, {"service_tier": "flex"}, "service_tier"),
    (
        _key,
        {"thinking_config": {"of_tomorrow": 1}},
        {"thinking_config": {"after_tomorrow": 1}},
        "thinking_config.ofTomorrow",
    ),
]


@pytest.mark.parametrize(("refuse", "new", "newer", "named"), LEARNED)
def test_what_gemini_refuses_is_left_out_and_nothing_else(
    refuse: Callable[[dict[str, Any]], str | None],
    new: dict[str, Any],
    newer: dict[str, Any],
    named: str,
) -> None:
    """It lists no words it takes, so that another new one is sent as before."""
    gemini = Gemini(refuse)
    with gemini as llm:
        answers = [llm.invoke("hi", **new) for _ in range(2)]
        llm.invoke("hi", **newer)
        kept = llm.invoke("hi", reasoning_effort="high")
    changes = [a.response_metadata["unified"]["changes"] for a in answers]
    told = [{(c["parameter"], c["kind"]) for c in one} for one in changes]

    assert [True, True] == [(named, "dropped") in one for one in told]
    assert [True, False] == [(named, "learned") in one for one in told]
    assert 5 == len(gemini.bodies)
    assert [bool(newer), False] == [
        gemini.bodies[3] != gemini.bodies[2],
        gemini.bodies[1] != gemini.bodies[2],
    ]
    assert "HIGH" == _thinking(gemini.bodies[-1])["thinkingLevel"]
    assert "ok" == kept.text


def test_a_tool_that_gemini_refuses_is_refused_before_sending() -> None:
    """Its tools have no type: the key that it does not know is named."""

    def refuse(body: dict[str, Any]) -> str | None:
        said = 'Invalid JSON payload received. Unknown name "warp_drive" at '
        known = "warp_drive" not in str(body.get("tools"))
        return None if known else f"{said}'tools[0]': Cannot find field."

    gemini = Gemini(refuse)
    with gemini as llm:
        for _ in range(2):
            with pytest.raises(UnsupportedError, match="'warp_drive'"):
                llm.invoke("hi", tools=[{"warp_drive": {}}])

    assert 1 == len(gemini.bodies)


@pytest.mark.parametrize(
    "said",
    [
        "Hosted tool 'web_search' is not supported with gpt-6-sol.",
        "Tool 'web_search' is not supported with gpt-6-sol-2026-09-30.",
    ],
)
def test_a_tool_of_openai_that_the_model_lacks_is_refused_before_sending(
    said: str,
) -> None:
    """The server names the tool, and in a field the list of all tools."""
    seen: list[str] = []
    error = {"message": said, "type": "invalid_request_error", "param": "tools"}

    def answer(request: HttpRequest) -> HttpReply:
        seen.append(request.path)
        body = json.dumps({"error": {**error, "code": None}})
        return HttpReply(400, {"content-type": JSON}, body.encode())

    with _openai(answer) as llm:
        for _ in range(2):
            with pytest.raises(UnsupportedError, match="'web_search'"):
                llm.invoke("hi", tools=[{"type": "web_search"}])

    assert ["/v1/responses"] == seen


@pytest.mark.parametrize("listed", [True, False])
def test_the_words_that_a_pydantic_server_lists_are_learned(*, listed: bool) -> None:
    """Servers such as vLLM and SGLang name the field and the words that it takes."""
    bodies: list[Any] = []
    words = "'low', 'medium' or 'high'"
    problem = {
        "type": "literal_error",
        "loc": ["body", "reasoning_effort"],
        "msg": f"Input should be {words}",
        "ctx": {"expected": words},
    }

    def answer(request: HttpRequest) -> HttpReply:
        bodies.append(json.loads(request.raw))
        if bodies[-1].get("reasoning_effort") in {"low", "medium", "high"}:
            return HttpReply(200, {"content-type": JSON}, json.dumps(CHAT).encode())
        told = [{**problem, "input": bodies[-1].get("reasoning_effort")}]
        body: dict[str, Any] = {"detail": told} if listed else {"message": str(told)}
        return HttpReply(400, {"content-type": JSON}, json.dumps(body).encode())

    with _openai(answer) as llm:
        for _ in range(2):
            llm.invoke("hi", model="gpt-oss-20b", reasoning_effort="minimal")

    assert ["minimal", "low", "low"] == [body["reasoning_effort"] for body in bodies]


def test_what_gemini_refuses_line_by_line_is_learned_at_once() -> None:
    """It names each unknown key in a line; all are left out, and nothing else."""
    line = (
        'Invalid JSON payload received. Unknown name "{}" at '
        "'generation_config.thinking_config': Cannot find field."
    )

    def refuse(body: dict[str, Any]) -> str | None:
        unknown = [key for key in ("keyA", "keyB") if key in _thinking(body)]
        return "\n".join(map(line.format, unknown)) or None

    gemini = Gemini(refuse)
    with gemini as llm:
        for _ in range(2):
            llm.invoke("hi", thinking_config={"key_a": 1, "key_b": 2, "key_c": 3})

    assert [{"keyC": 3}, {"keyC": 3}] == [_thinking(b) for b in gemini.bodies[1:]]


@pytest.mark.parametrize(
    ("given", "level"), [({"thinking_budget": 2000}, "LOW"), ({}, "HIGH")]
)
def test_a_model_of_budgets_that_refuses_them_is_sent_a_level(
    given: dict[str, Any], level: str
) -> None:
    """A level has a place of its own: it was put where the budget stood."""

    def refuse(body: dict[str, Any]) -> str | None:
        said = "Thinking budget is not supported for this model."
        return said if "thinking_budget" in _thinking(body) else None

    gemini = Gemini(refuse)
    settings = given or {"reasoning_effort": "high"}
    with gemini as llm:
        for _ in range(2):
            llm.invoke("hi", model="google_genai:gemini-2.5-flash-001", **settings)

    told = [_thinking(body).get("thinkingLevel") for body in gemini.bodies]
    assert [None, level, level] == told


CHAT = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-oss-20b",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "ok"},
        }
    ],
}


@contextmanager
def _openai(answer: Callable[[HttpRequest], HttpReply]) -> Iterator[UnifiedChatModel]:
    server = LoopbackServer(answer)
    server.start()
    url = f"http://127.0.0.1:{server.port}/v1"
    there = {"base_url": url, "api_key": "k", "profile": "openai"}
    try:
        yield UnifiedChatModel(
            model="gpt-6-sol", providers={"openai": there}, registry=Registry()
        )
    finally:
        server.stop()
