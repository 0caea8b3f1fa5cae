"""Where Borealis is unlike every other provider, plans and answers follow it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel, errors
from langchain_unified.registry import Registry
from langchain_unified.testing.server import LoopbackServer
from langchain_unified.testing.wire import HttpReply, HttpRequest

METER = {"heard": 1_000_000, "spoken": 1_000_000, "recalled": 1_000_000}


def weather(city: str) -> str:
    """Tell the weather of a city."""
    return city


def _llm(url: str = "http://127.0.0.1:9", **settings: Any) -> UnifiedChatModel:
    return UnifiedChatModel(
        model="aurora-mini",
        registry=Registry(),
        providers={"borealis": {"api_key": "token", "base_url": url}},
        max_retries=0,
        **settings,
    )


def _plan(choice: str | None = None, **asked: Any) -> Any:
    return _llm().explain(
        **_llm().bind_tools([weather], tool_choice=choice).kwargs, **asked
    )


def test_a_temperature_beside_tools_is_left_out_on_record() -> None:
    """The rule of the package holds with tools, and without them the setting goes."""
    plan = _plan(temperature=0.5)

    assert "dials" not in plan.body
    assert [("temperature", "dropped")] == [(c.parameter, c.kind) for c in plan.changes]
    assert {"dials": {"warmth": 0.5}} == dict(_llm().explain(temperature=0.5).body)
    with pytest.raises(errors.UnsupportedError, match="none beside instruments"):
        _plan(temperature=0.5, on_unsupported="error")


def test_a_tool_that_asks_for_the_form_of_an_answer_is_a_tool_too() -> None:
    """Structured output is asked for by an instrument, so the rule holds there."""
    schema = {"title": "City", "type": "object", "properties": {"name": {}}}
    asked = _llm().with_structured_output(schema).steps[0].kwargs  # type: ignore[attr-defined]
    plan = _llm().explain(structure=asked["structure"], temperature=0.5)

    assert {"must": ["City"]} == plan.body["play"]
    assert "dials" not in plan.body


@pytest.mark.parametrize(
    ("choice", "play"),
    [
        (None, None),
        ("auto", None),
        ("any", {"must": ["weather"]}),
        ("weather", {"must": ["weather"]}),
        ("none", {"must_not": True}),
    ],
)
def test_a_choice_of_tools_is_written_in_its_words(
    choice: str | None, play: dict[str, Any] | None
) -> None:
    """A choice that names no tool is about all of them."""
    assert play == _plan(choice).body.get("play")


class Sky:
    """A server that answers with the lines it is told."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any] | str] = []
        self.requests: list[HttpRequest] = []
        self.server = LoopbackServer(self._respond)

    def _respond(self, request: HttpRequest) -> HttpReply:
        self.requests.append(request)
        texts = [x if isinstance(x, str) else json.dumps(x) for x in self.lines]
        kind = {"content-type": "application/x-ndjson"}
        return HttpReply(200, kind, chunks=[f"{text}\n".encode() for text in texts])


@pytest.fixture
def sky() -> Any:
    """Borealis on loopback."""
    made = Sky()
    made.server.start()
    yield made
    made.server.stop()


def _url(sky: Sky) -> str:
    return f"http://127.0.0.1:{sky.server.port}"


def test_a_request_has_the_form_of_the_wire(sky: Sky) -> None:
    """Speakers, the key's header, and images by address are those of Borealis."""
    sky.lines = [{"said": [{"words": "ok"}], "halt": "dawn", "meter": METER}]
    picture = {"type": "image", "url": "https://sky.example/a.png"}
    text = {"type": "text", "text": "what is it?"}
    turns = [("system", "be brief"), ("user", [text, picture])]
    answer = _llm(_url(sky)).invoke(turns, model="aurora-grand")
    sent = sky.requests[0]

    assert ("token", "tromso", "/v2/converse") == (
        sent.headers["borealis-token"],
        sent.headers["borealis-observatory"],
        sent.path,
    )
    glimpse = {"glimpse": {"at": "https://sky.example/a.png"}}
    assert {
        "sky": "aurora-grand",
        "dialogue": [
            {"speaker": "warden", "said": [{"words": "be brief"}]},
            {"speaker": "visitor", "said": [{"words": "what is it?"}, glimpse]},
        ],
    } == json.loads(sent.raw)
    assert 8.5 == answer.response_metadata["unified"]["cost_usd"]


def test_all_that_it_brings_is_on_the_wire(
    sky: Sky, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rule, its tool shape, its media form and its address meet in one request."""
    monkeypatch.setenv("BOREALIS_URL", _url(sky))
    sky.lines = [{"said": [{"words": "ok"}], "halt": "dawn", "meter": METER}]
    llm = UnifiedChatModel(
        model="aurora-grand",
        registry=Registry(),
        providers={"borealis": {"api_key": "token"}},
        temperature=0.5,
    )
    picture = {"type": "image", "base64": "iVBORw0KGgo=", "mime_type": "image/png"}
    answer = llm.bind_tools([weather], tool_choice="any").invoke([("user", [picture])])

    glimpse = {"of": "image/png", "base64": "iVBORw0KGgo="}
    strings = {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    }
    assert {
        "sky": "aurora-grand",
        "dialogue": [{"speaker": "visitor", "said": [{"glimpse": glimpse}]}],
        "instruments": {
            "weather": {"purpose": "Tell the weather of a city.", "strings": strings}
        },
        "play": {"must": ["weather"]},
    } == json.loads(sky.requests[0].raw)
    changes = answer.response_metadata["unified"]["changes"]
    assert [("temperature", "dropped")] == [
        (change["parameter"], change["kind"]) for change in changes
    ]


def test_a_form_that_it_judges_is_refused_before_sending(sky: Sky) -> None:
    """What its wire says of an address goes before the table of what it takes."""
    picture = {"type": "image", "url": "https://sky.example/a"}

    with pytest.raises(errors.UnsupportedError, match="no address without the type"):
        _llm(_url(sky)).invoke([("user", [picture])], model="aurora-grand")
    assert [] == sky.requests


def test_an_empty_line_and_an_unknown_end_cost_no_answer(sky: Sky) -> None:
    """A line to keep the connection is skipped, and a new reason is passed on."""
    sky.lines = [{"words": "a"}, "", {"words": "b"}, {"halt": "eclipse"}]
    pieces = list(_llm(_url(sky)).stream("hi"))
    ends = [p.response_metadata.get("finish_reason") for p in pieces]

    assert "ab" == "".join(piece.text for piece in pieces)
    assert ["unknown"] == [end for end in ends if end is not None]


@pytest.mark.parametrize(
    ("lines", "error", "told"),
    [
        ([{"words": "a"}], errors.MalformedResponseError, "ended before"),
        (
            [{"words": "a"}, {"storms": [{"says": "solar wind"}]}],
            errors.ProviderUnavailableError,
            "solar wind",
        ),
        (["<html>"], errors.MalformedResponseError, "Expecting value"),
    ],
)
def test_a_broken_stream_is_an_error(
    sky: Sky, lines: list[Any], error: type[Exception], told: str
) -> None:
    """Half an answer is never taken for a whole one, and a storm is told."""
    sky.lines = lines

    with pytest.raises(error, match=told):
        list(_llm(_url(sky)).stream("hi"))


def test_a_refresh_says_that_it_lists_no_models(tmp_path: Any) -> None:
    """A shim without a list is told as that, and costs nothing else."""
    llm = _llm()
    outcome = Registry().refresh(llm, providers=["borealis"], folder=tmp_path)

    assert "ValueError: the shim of borealis does not implement list_models()" == (
        outcome["borealis"].problem
    )
