"""What code written for ChatOpenAI reads, sends and sees, on a loopback server."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI
from openai.resources.responses import AsyncResponses
from pydantic import BaseModel, ValidationError

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator
from tests.unit_tests.servers.loopback import (
    CompatibleServer,
    chunk,
    events,
    json_reply,
    whole,
)

CHAT = "gpt-4o"
REASONER = "gpt-5.4"
BREAK = {"prompt_cache_breakpoint": {"mode": "explicit"}}


class Number(BaseModel):
    """A number."""

    value: int


@pytest.fixture
def made(provider_emulator: ProviderEmulator) -> Iterator[Any]:
    """Return what makes a model of either class on the emulator."""

    def make(cls: Any = UnifiedChatModel, model: str = CHAT, **settings: Any) -> Any:
        settings = {"api_key": "k", "max_retries": 0, **settings}
        return cls(model=model, base_url=provider_emulator.openai_base_url, **settings)

    return make


def test_a_model_without_a_name_has_chat_openais_default() -> None:
    """The default model is ChatOpenAI's; a change of theirs fails here."""
    theirs = ChatOpenAI.model_fields["model_name"].default

    assert theirs == UnifiedChatModel(api_key="k").model_name


def test_clients_are_absent_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key there is no client, and `hasattr` says so."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    assert not hasattr(UnifiedChatModel(model=CHAT), "root_client")


@pytest.mark.parametrize(
    ("told", "expected"), [("7", 7.0), ("-1", 120.0), ("soon", 120.0), (None, 120.0)]
)
def test_the_silence_of_streams_is_read_as_by_chat_openai(
    told: str | None, expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable counts if it is a number of seconds, else the default does."""
    if told is not None:
        monkeypatch.setenv("LANGCHAIN_OPENAI_STREAM_CHUNK_TIMEOUT_S", told)

    assert expected == UnifiedChatModel(model=CHAT).stream_chunk_timeout


@pytest.mark.filterwarnings("ignore:Unexpected type for token usage")
def test_generate_tells_model_and_tokens(made: Any) -> None:
    """`llm_output` has the model's name and the tokens of all prompts, as theirs."""
    prompts = [[HumanMessage("a")], [HumanMessage("b")]]
    theirs = made(ChatOpenAI).generate(prompts).llm_output
    ours = made().generate(prompts).llm_output

    assert theirs == ours


@pytest.mark.parametrize("responses", [False, True])
def test_a_class_as_response_format_is_parsed(
    made: Any, provider_emulator: ProviderEmulator, *, responses: bool
) -> None:
    """The object is in `additional_kwargs`, whole and streamed, on both endpoints."""
    provider_emulator.answer = lambda _: '{"value": 3}'
    llm = made(use_responses_api=responses)
    whole = llm.invoke("a number", response_format=Number)
    pieces = list(llm.stream("a number", response_format=Number))
    streamed = sum(pieces[1:], pieces[0])

    assert Number(value=3) == whole.additional_kwargs["parsed"]
    assert Number(value=3) == streamed.additional_kwargs["parsed"]


def test_an_answer_that_does_not_fit_has_its_response(
    made: Any, provider_emulator: ProviderEmulator
) -> None:
    """The error of pydantic carries the HTTP response, as ChatOpenAI's does."""
    provider_emulator.answer = lambda _: '{"value": "three"}'

    with pytest.raises(ValidationError) as caught:
        made().invoke("a number", response_format=Number)

    assert 200 == caught.value.response.status_code


def test_settings_of_a_call_hold_with_the_raw_answer(
    made: Any, provider_emulator: ProviderEmulator
) -> None:
    """`include_raw=True` hands the keywords of each face on."""
    chain = made().with_structured_output(Number, include_raw=True)
    chain.invoke("a number", model="gpt-4.1", temperature=0.5)
    list(chain.stream("a number", model="gpt-4.1", temperature=0.5))
    asked = [
        (r.body["model"], r.body["temperature"]) for r in provider_emulator.requests
    ]

    assert [("gpt-4.1", 0.5)] * 2 == asked


SHELL = {
    "type": "shell_call",
    "id": "sh_1",
    "call_id": "c1",
    "action": {"commands": []},
}
NEWS = {"type": "dream_call", "id": "dr_1", "call_id": "c1", "depth": 2}


@pytest.mark.parametrize("item", [SHELL, NEWS])
def test_items_nobody_renders_go_back_as_they_came(
    made: Any, provider_emulator: ProviderEmulator, item: dict[str, Any]
) -> None:
    """A call of a kind ChatOpenAI drops is an item again, its output beside it."""
    output = {"type": f"{item['type']}_output", "call_id": "c1", "output": "done"}
    stamp = {"model_provider": "openai", "model_name": REASONER}
    llm = made(model=REASONER, use_responses_api=True)
    asked = AIMessage(
        [{**item, "index": 0}, {"type": "text", "text": "Running."}],
        response_metadata=stamp,
    )
    turns = [HumanMessage("go"), asked, HumanMessage([output])]
    body = _body_of(llm, turns, provider_emulator)

    assert [item, "message", output] == [
        one if one.get("type") != "message" else "message" for one in body["input"][1:]
    ]


def _body_of(llm: Any, turns: Any, emulator: ProviderEmulator) -> dict[str, Any]:
    """Return the body of a call, whatever the emulator thinks of it."""
    with contextlib.suppress(openai.BadRequestError):
        llm.invoke(turns)
    body: dict[str, Any] = emulator.requests[-1].body
    return body


@pytest.mark.parametrize("responses", [False, True])
@pytest.mark.parametrize(
    "block",
    [
        {"type": "text", "text": "q", "extras": BREAK},
        {"type": "image", "url": "https://example.com/a.png", "extras": BREAK},
        {"type": "file", "file": {"file_id": "file-1"}, **BREAK},
    ],
)
def test_cache_breakpoints_reach_the_wire(
    made: Any,
    provider_emulator: ProviderEmulator,
    block: dict[str, Any],
    *,
    responses: bool,
) -> None:
    """A breakpoint on any block is sent with it, on both endpoints."""
    llm = made(model="gpt-5.6", use_responses_api=responses)
    body = _body_of(llm, [HumanMessage([block])], provider_emulator)

    assert 1 == json.dumps(body).count(
        '"prompt_cache_breakpoint": {"mode": "explicit"}'
    )


def test_a_cache_breakpoint_of_a_tool_result_stays(
    made: Any, provider_emulator: ProviderEmulator
) -> None:
    """The text of a tool result keeps its mark."""
    call = {"name": "find", "args": {}, "id": "c1", "type": "tool_call"}
    result = ToolMessage([{"type": "text", "text": "a", **BREAK}], tool_call_id="c1")
    turns = [HumanMessage("q"), AIMessage("", tool_calls=[call]), result]
    body = _body_of(
        made(model="gpt-5.6", use_responses_api=False), turns, provider_emulator
    )

    assert [{"type": "text", "text": "a", **BREAK}] == body["messages"][-1]["content"]


def test_what_a_model_does_not_include_is_on_record(made: Any) -> None:
    """An entry of `include` the model refuses is not sent, and the plan says so."""
    plan = made(model="gpt-4.1").explain(include=["reasoning.encrypted_content"])

    assert "include" not in plan.body
    assert [("include", "dropped")] == [
        (c.parameter, c.kind) for c in plan.changes if c.parameter == "include"
    ]


@pytest.mark.parametrize("model", [CHAT, REASONER])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_hook_on_the_sdk_sees_each_call(
    made: Any, monkeypatch: pytest.MonkeyPatch, model: str, *, streamed: bool
) -> None:
    """Whoever wraps `create`, as tracing packages do, sees the call once."""
    seen = []
    kind = openai.resources.chat.completions.Completions
    create = kind.create

    def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(kwargs["model"])
        return create(self, *args, **kwargs)

    monkeypatch.setattr(kind, "create", watched)
    llm = made(model=model, use_responses_api=False)
    answer = list(llm.stream("hi")) if streamed else llm.invoke("hi")

    assert answer
    assert [model] == seen


async def test_a_hook_on_the_sdk_sees_asynchronous_calls(
    made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same holds for `ainvoke` and `astream`, here on Responses."""
    seen = []
    create = AsyncResponses.create

    async def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(kwargs["model"])
        return await create(self, *args, **kwargs)

    monkeypatch.setattr(AsyncResponses, "create", watched)
    llm = made(model=REASONER, use_responses_api=True)
    await llm.ainvoke("hi")
    assert [piece async for piece in llm.astream("hi")]

    assert [REASONER] * 2 == seen


def test_a_server_without_fingerprints_gives_none() -> None:
    """An answer without `system_fingerprint` is told as ChatOpenAI tells it."""

    def fingerprint(cls: Any, url: str) -> Any:
        llm = cls(model=CHAT, base_url=url, api_key="k", max_retries=0)
        return llm.invoke("hi").response_metadata["system_fingerprint"]

    with CompatibleServer(lambda _: whole({"content": "hello"})) as server:
        assert fingerprint(ChatOpenAI, server.url) is None
        assert fingerprint(UnifiedChatModel, server.url) is None


def _bases(problem: Exception) -> set[str]:
    """Return the names of the error classes of the SDK and of langchain-core."""
    packages = ("openai", "langchain_core")
    kinds = type(problem).__mro__
    return {k.__name__ for k in kinds if k.__module__.startswith(packages)}


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("path", "responses", "status"),
    [
        ("/chat/completions", False, 400),
        ("/chat/completions", False, 404),
        ("/responses", True, 400),
        ("/responses", True, 404),
        ("/chat/completions", True, 404),
    ],
)
def test_an_unknown_model_is_the_error_of_chat_openai(
    path: str, status: int, *, responses: bool, streamed: bool
) -> None:
    """Handlers catch what they caught, also where the user insists on Responses."""
    said = {"message": "The model does not exist", "code": "model_not_found"}

    def raised(cls: Any, url: str) -> Exception:
        llm = cls(
            model=CHAT,
            base_url=url,
            api_key="k",
            max_retries=0,
            use_responses_api=responses,
        )
        with pytest.raises(openai.APIStatusError) as caught:
            list(llm.stream("hi")) if streamed else llm.invoke("hi")
        assert status == caught.value.status_code
        return caught.value

    with CompatibleServer(lambda _: json_reply({"error": said}, status), path) as one:
        theirs, ours = (raised(c, one.url) for c in (ChatOpenAI, UnifiedChatModel))

    assert _bases(theirs) <= _bases(ours)


def test_texts_of_a_saved_turn_go_back_one_by_one(
    made: Any, provider_emulator: ProviderEmulator
) -> None:
    """Text blocks written by hand are items of Responses, as ChatOpenAI sends them."""
    marked = {"type": "url_citation", "url": "https://a", "title": "t"}
    marked |= {"start_index": 0, "end_index": 1}
    turn = AIMessage(
        [
            {"type": "text", "text": "a", "annotations": [marked]},
            {"type": "text", "text": "b"},
        ]
    )
    sent = []
    for cls in (ChatOpenAI, UnifiedChatModel):
        llm = made(cls, use_responses_api=True)
        llm.invoke([HumanMessage("hi"), turn, HumanMessage("more")])
        sent.append(provider_emulator.requests[-1].body["input"])

    assert sent[0] == sent[1]
    assert 4 == len(sent[1])


FORMS = {
    "object": {"type": "json_object"},
    "schema": {
        "type": "json_schema",
        "json_schema": {"name": "number", "schema": Number.model_json_schema()},
    },
    "class": Number,
}


@pytest.mark.parametrize("text", ['{"value": 1', ""])
@pytest.mark.parametrize(
    ("ended", "kind"),
    [
        ("length", openai.LengthFinishReasonError),
        ("content_filter", openai.ContentFilterFinishReasonError),
    ],
)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("cls", [ChatOpenAI, UnifiedChatModel])
def test_an_answer_in_a_form_that_is_cut_off_raises(
    cls: Any, form: str, ended: str, kind: type[Exception], text: str
) -> None:
    """Half an object is an error of the SDK, whatever said what the object is."""

    def answer(body: dict[str, Any]) -> Any:
        if not body.get("stream"):
            return whole({"content": text}, ended, object="chat.completion", created=1)
        told = {"object": "chat.completion.chunk", "created": 1}
        first = chunk({"role": "assistant", "content": text}, **told)
        return events(first, chunk({}, ended, **told))

    with CompatibleServer(answer) as server:
        llm = cls(model=CHAT, api_key="k", base_url=server.url, max_retries=0)
        llm = llm.bind(response_format=FORMS[form])

        for ask in (llm.invoke, lambda given: list(llm.stream(given))):
            with pytest.raises(kind):
                ask("json")


def test_a_default_of_a_subclass_holds() -> None:
    """A subclass names the model of those who name none."""

    class Mine(UnifiedChatModel):
        model_name: str = "gpt-4o-mini"

    assert "gpt-4o-mini" == Mine(api_key="k").model_name


def test_a_method_nobody_calls_is_told() -> None:
    """A subclass that overrides a method of ChatOpenAI's alone is warned at once."""
    with pytest.warns(UserWarning, match=r"Mine\._default_params .* `extra_body`"):

        class Mine(UnifiedChatModel):
            @property
            def _default_params(self) -> dict[str, Any]:
                return {"user": "me"}


def test_an_empty_tool_choice_is_none(made: Any) -> None:
    """An empty text chooses no tool, as for ChatOpenAI."""
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}

    assert {} == {
        name: value
        for name, value in made().bind_tools([tool], tool_choice="").kwargs.items()
        if name != "tools"
    }


@pytest.mark.parametrize("cls", [ChatOpenAI, UnifiedChatModel])
def test_a_setting_given_twice_is_refused(cls: Any) -> None:
    """A setting stands as a keyword or in `model_kwargs`, not in both."""
    with pytest.raises(ValueError, match="temperature"):
        cls(model=CHAT, api_key="k", temperature=0.1, model_kwargs={"temperature": 0.2})
