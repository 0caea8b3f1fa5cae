"""What users write for such servers reaches them as it was written."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import UnifiedError
from langchain_unified.testing.wire import HttpReply
from tests.unit_tests.servers.loopback import (
    CompatibleServer,
    json_reply,
    refusal,
    say,
)

MARK = {"cache_control": {"type": "ephemeral"}}


def sent(messages: list[Any], model: str = "qwen2.5-omni", **settings: Any) -> Any:
    """Return the body that a call sends."""
    with CompatibleServer(say("fine")) as server:
        llm = UnifiedChatModel(model=model, api_key="k", base_url=server.url)
        llm.invoke(messages, **settings)
        return server.bodies[-1]


@pytest.mark.parametrize("extras", [False, True])
@pytest.mark.parametrize("place", ["system", "user", "assistant", "tool"])
def test_keys_of_text_reach_the_server(place: str, *, extras: bool) -> None:
    """A mark on a text block arrives from every turn, in LangChain's form as well."""
    key: dict[str, Any] = {"extras": MARK} if extras else MARK
    block: Any = [{"type": "text", "text": "long", **key}]
    call = {"name": "now", "args": {}, "id": "c", "type": "tool_call"}
    messages = {
        "system": [SystemMessage(block), HumanMessage("q")],
        "user": [HumanMessage(block)],
        "assistant": [HumanMessage("q"), AIMessage(block), HumanMessage("q")],
        "tool": [
            HumanMessage("q"),
            AIMessage("", tool_calls=[call]),
            ToolMessage(block, tool_call_id="c"),
        ],
    }[place]

    lists = [m["content"] for m in sent(messages)["messages"]]

    assert [{"type": "text", "text": "long", **MARK}] in lists


PARTS: list[dict[str, Any]] = [
    {"type": "video_url", "video_url": {"url": "https://a/b.mp4"}},
    {"type": "audio_url", "audio_url": {"url": "https://a/b.mp3"}},
    {"type": "image_url", "image_url": {"url": "https://a/b.png"}, "min_pixels": 9},
    {"type": "image_url", "image_url": "https://a/b.png"},
    {"type": "input_audio", "input_audio": {"data": "AA==", "format": "flac"}},
    {"type": "hologram", "depth": 3},
]


@pytest.mark.parametrize("part", PARTS, ids=str)
def test_parts_in_the_servers_words_reach_it(part: dict[str, Any]) -> None:
    """A part that is no form of LangChain's is the server's own and sent as it is."""
    body = sent([HumanMessage([{"type": "text", "text": "what?"}, part])])

    assert [{"type": "text", "text": "what?"}, part] == body["messages"][0]["content"]


KNOWN = ["gpt-4o", "openai/gpt-4o", "gpt-5.4"]


@pytest.mark.parametrize("model", KNOWN)
@pytest.mark.parametrize(
    "part",
    [
        {"type": "video_url", "video_url": {"url": "https://a/b.mp4"}, "fps": 2},
        {"type": "audio_url", "audio_url": {"url": "https://a/b.mp3"}},
        {"type": "image_url", "image_url": {"url": "https://a/b.png"}, "min_pixels": 9},
        {"type": "image_url", "image_url": {"url": "https://a/b.png"}, **MARK},
        {"type": "hologram", "depth": 3},
    ],
    ids=str,
)
def test_the_server_judges_known_models_too(part: dict[str, Any], model: str) -> None:
    """What OpenAI has no words for is the server's own, whatever the model's name."""
    body = sent([HumanMessage([{"type": "text", "text": "what?"}, part])], model)

    assert [{"type": "text", "text": "what?"}, part] == body["messages"][0]["content"]


@pytest.mark.parametrize("model", KNOWN)
def test_marks_of_tools_reach_gateways_for_known_models(model: str) -> None:
    """A gateway decides about a mark on a tool, as ChatOpenAI lets it."""
    function = {"name": "now", "parameters": {"type": "object", "properties": {}}}
    given = {"type": "function", "function": function, **MARK}

    assert [given] == sent(["hi"], model, tools=[given])["tools"]


@pytest.mark.parametrize(
    ("block", "part"),
    [
        (
            {"type": "video", "url": "https://a/b.mp4", "mime_type": "video/mp4"},
            {"type": "video_url", "video_url": {"url": "https://a/b.mp4"}},
        ),
        (
            {"type": "audio", "base64": "AA==", "mime_type": "audio/flac"},
            {"type": "input_audio", "input_audio": {"data": "AA==", "format": "flac"}},
        ),
        (
            {"type": "image", "base64": "AA==", "mime_type": "image/heic"},
            {"type": "image_url", "image_url": {"url": "data:image/heic;base64,AA=="}},
        ),
    ],
)
def test_standard_blocks_get_the_servers_form(
    block: dict[str, Any], part: dict[str, Any]
) -> None:
    """LangChain's own blocks go to such servers in the form that most of them take."""
    assert [part] == sent([HumanMessage([block])])["messages"][0]["content"]


def test_keys_of_tools_and_bodies_reach_the_server() -> None:
    """Keys of tools that OpenAI does not have, and `extra_body`, arrive unchanged."""
    function = {"name": "now", "parameters": {"type": "object", "properties": {}}}
    given = {"type": "function", "function": {**function, "vendor": 1}, **MARK}

    body = sent(["hi"], tools=[given], extra_body={"safe_prompt": True})

    assert ([given], True) == (body["tools"], body["safe_prompt"])


@pytest.mark.parametrize("name", ["gpt-oss-20b", "claude-sonnet-4-5", "gpt-4o"])
def test_responses_are_used_where_the_user_asks_for_them(name: str) -> None:
    """Several servers have `/v1/responses`; who asks for it knows (vllm#14721)."""
    item = {
        "type": "message",
        "id": "m",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": "fine", "annotations": []}],
    }
    reply = {"id": "resp_1", "object": "response", "status": "completed", "model": name}

    with CompatibleServer(
        lambda body: json_reply({**reply, "output": [item]}), "/responses"
    ) as server:
        llm = UnifiedChatModel(
            model=name, api_key="k", base_url=server.url, use_responses_api=True
        )

        assert "fine" == llm.invoke("hi").text
        assert [name] == [body["model"] for body in server.bodies]


def test_unknown_models_keep_their_settings_and_stay_on_chat() -> None:
    """No rule says otherwise, so everything goes as it was given, tools too."""
    function = {"name": "now", "parameters": {"type": "object", "properties": {}}}
    tool = {"type": "function", "function": function}

    body = sent(
        ["hi"], "llama-3.1-8b", tools=[tool], temperature=0, max_tokens=7, seed=1
    )

    assert (0, 7, 1, [tool]) == (
        body["temperature"],
        body["max_tokens"],
        body["seed"],
        body["tools"],
    )


def plain(text: str) -> HttpReply:
    return HttpReply(400, {"content-type": "text/plain"}, text.encode())


@pytest.mark.parametrize(
    "refused",
    [
        refusal(400, "Unrecognized request argument supplied: stream_options"),
        refusal(400, "property 'stream_options' is unsupported"),
        json_reply({"message": "Extra inputs are not permitted: stream_options"}, 400),
        json_reply({"detail": "stream_options not supported"}, 400),
        json_reply({"error": "stream_options: unknown field"}, 400),
        plain("stream_options is not supported"),
        plain("Failed to deserialize the JSON body: unknown field `stream_options`"),
        refusal(400, "Bad request"),
        json_reply({"message": "invalid"}, 422),
    ],
    ids=lambda reply: reply.body.decode(),
)
def test_stream_options_are_left_out_once_refused(refused: HttpReply) -> None:
    """A server that refuses `stream_options` is asked without, then and later."""

    def answer(body: dict[str, Any]) -> HttpReply:
        return refused if "stream_options" in body else say("fine")(body)

    with CompatibleServer(answer) as server:
        llm = UnifiedChatModel(model="m", api_key="k", base_url=server.url)
        said = ["".join(p.text for p in llm.stream("hi")) for _ in range(2)]

        assert ["fine", "fine"] == said
        assert [True, False, False] == ["stream_options" in b for b in server.bodies]


@pytest.mark.usefixtures("_quick_retries")
@pytest.mark.parametrize("status", [500, 501, 502, 503])
@pytest.mark.parametrize("retries", [1, 2])
def test_a_server_that_fails_over_stream_options_is_asked_without(
    status: int, retries: int
) -> None:
    """ChatOpenAI does not ask such a server for usage, so its stream would arrive."""

    def answer(body: dict[str, Any]) -> HttpReply:
        failed = json_reply({"error": "Internal error"}, status)
        return failed if "stream_options" in body else say("fine")(body)

    with CompatibleServer(answer) as server:
        llm = UnifiedChatModel(
            model="m", api_key="k", base_url=server.url, max_retries=retries
        )
        said = "".join(p.text for p in llm.stream("hi"))
        asked = ["stream_options" in b for b in server.bodies]

        assert "fine" == said
        assert [*[True] * (retries + 1), False] == asked


DETAIL = [{"loc": ["body", "safe_prompt"], "msg": "Extra inputs", "input": "secret"}]


@pytest.mark.parametrize(
    "body",
    [
        {"object": "error", "message": {"detail": DETAIL}},
        {"detail": DETAIL},
        {"message": DETAIL},
        [{"error": {"message": "Extra inputs: safe_prompt"}}],
        {"message": "Extra inputs: safe_prompt"},
        {"error": {"message": "Extra inputs: safe_prompt"}},
        {"error": "Extra inputs: safe_prompt"},
        {"errors": [{"message": "Extra inputs: safe_prompt"}]},
        "Extra inputs: safe_prompt",
    ],
    ids=str,
)
def test_a_refusal_of_any_shape_is_shown_in_the_servers_words(body: Any) -> None:
    """The field and the words are in the error; what the server repeats is not."""
    with CompatibleServer(lambda _: json_reply(body, 422)) as server:
        llm = UnifiedChatModel(model="m", api_key="k", base_url=server.url)
        with pytest.raises(UnifiedError) as caught:
            llm.invoke("hi", extra_body={"safe_prompt": True})

    assert "Extra inputs" in str(caught.value)
    assert "safe_prompt" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("no such field:\nsafe_prompt", "Error code: 400 - no such field: safe_prompt"),
        ("<html><body>Bad Request</body></html>", "Error code: 400"),
    ],
)
def test_a_refusal_in_plain_text_is_shown(said: str, shown: str) -> None:
    """Servers that answer in plain text are read; pages of proxies are not."""
    with CompatibleServer(lambda _: plain(said)) as server:
        llm = UnifiedChatModel(model="m", api_key="k", base_url=server.url)
        with pytest.raises(UnifiedError) as caught:
            llm.invoke("hi")

    assert shown == str(caught.value)
