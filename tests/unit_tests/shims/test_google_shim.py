"""The Gemini shim: what is sent, and what comes back."""

from __future__ import annotations

import base64
import io
import wave
from collections.abc import Callable
from typing import Any

import pytest
from google.genai.types import HarmBlockThreshold, HarmCategory
from google.oauth2.credentials import Credentials
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.messages.utils import message_chunk_to_message

from langchain_unified import UnifiedChatModel
from langchain_unified.connection import Connection
from langchain_unified.content import kept_blocks, replace_native
from langchain_unified.errors import UnsupportedError
from langchain_unified.history import prepared
from langchain_unified.shims import connect
from langchain_unified.shims.google_genai.pieces import joined
from langchain_unified.shims.google_genai.shim import GoogleGenAIShim
from langchain_unified.testing import ProviderEmulator, Reply
from langchain_unified.testing.gemini_api.checks.signatures import sign
from tests.conftest import connections

Make = Callable[..., UnifiedChatModel]
FLASH, THREE, LATEST = (
    "gemini-2.5-flash",
    "gemini-3-flash-preview",
    "gemini-flash-latest",
)
IMAGE, SPEECH = "gemini-3.1-flash-image", "gemini-3.8-flash-tts"


def body_of(emulator: ProviderEmulator) -> dict[str, Any]:
    """Return the last recorded body."""
    body: dict[str, Any] = emulator.requests[-1].body
    return body


def shim_of(llm: UnifiedChatModel) -> GoogleGenAIShim:
    """Return the Gemini shim of a model object."""
    shim = connect(llm._planning.wiring.connection("google_genai"))
    assert isinstance(shim, GoogleGenAIShim)
    return shim


def streamed(llm: UnifiedChatModel, *args: Any, **kwargs: Any) -> AIMessage:
    """Return the message the pieces of a stream add up to, without their numbers."""
    whole: AIMessageChunk | None = None
    for piece in llm.stream(*args, **kwargs):
        whole = piece if whole is None else whole + piece
    assert whole is not None
    message = message_chunk_to_message(whole)
    assert isinstance(message, AIMessage)
    if isinstance(message.content, list):
        message.content = unnumbered(message.content)
    if blocks := kept_blocks(message):
        replace_native(message, unnumbered(blocks))
    return message


def unnumbered(blocks: list[Any]) -> list[Any]:
    """Return blocks without their streaming index."""
    return [{k: v for k, v in block.items() if k != "index"} for block in blocks]


def candidate(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return an answer of the API."""
    content = {"parts": list(parts), "role": "model"}
    return {
        "candidates": [
            {"content": content, "finishReason": "STOP", "index": 0, **more}
        ],
        "modelVersion": THREE,
        "responseId": "r",
    }


@pytest.mark.parametrize("name", [FLASH, THREE, LATEST, "gemini-4-argon", IMAGE])
@pytest.mark.parametrize("stream", [False, True])
def test_nothing_is_sent_that_nobody_asked_for(
    model: Make, provider_emulator: ProviderEmulator, name: str, *, stream: bool
) -> None:
    """A bare call sends its contents and nothing else, to any model."""
    llm = model(name)
    list(llm.stream("hi")) if stream else llm.invoke("hi")

    body = body_of(provider_emulator)
    assert {} == body.pop("generationConfig", {})
    assert {"contents": [{"parts": [{"text": "hi"}], "role": "user"}]} == body


def test_every_openai_name_is_translated(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """ChatOpenAI's names per call arrive under Gemini's."""
    model().invoke(
        "hi",
        model=FLASH,
        temperature=0.5,
        top_p=0.5,
        max_tokens=100,
        stop=["x"],
        seed=1,
        n=2,
        reasoning_effort="low",
    )

    expected = {
        "temperature": 0.5,
        "topP": 0.5,
        "maxOutputTokens": 100,
        "stopSequences": ["x"],
        "seed": 1,
        "candidateCount": 2,
        "thinkingConfig": {"thinkingBudget": 1024},
    }
    sent = body_of(provider_emulator)["generationConfig"]
    thinking = sent["thinkingConfig"]
    budget = thinking.get("thinkingBudget", thinking.get("thinking_budget"))
    assert expected == {**sent, "thinkingConfig": {"thinkingBudget": budget}}


def test_an_image_comes_as_a_standard_block(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """An image model's answer is a list with a standard image block."""
    settings = {
        "response_modalities": ["TEXT", "IMAGE"],
        "image_config": {"aspect_ratio": "16:9"},
    }
    answer = model(IMAGE).invoke("draw", **settings)
    config = body_of(provider_emulator)["generationConfig"]

    assert {"aspectRatio": "16:9"} == config["imageConfig"]
    assert ["TEXT", "IMAGE"] == config["responseModalities"]
    assert ["text", "image"] == [block["type"] for block in answer.content]
    assert {"base64", "mime_type", "type"} == set(answer.content[1])
    assert ["text", "image"] == [block["type"] for block in answer.content_blocks]


def test_only_images_can_be_asked_for(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """response_modalities reaches the wire in capitals."""
    model(IMAGE).invoke("draw", response_modalities=["image"])
    config = body_of(provider_emulator)["generationConfig"]

    assert {"responseModalities": ["IMAGE"]} == config


@pytest.mark.parametrize("stream", [False, True])
def test_editing_an_image_keeps_its_signature(
    model: Make, provider_emulator: ProviderEmulator, *, stream: bool
) -> None:
    """The picture goes back with the signature and the bytes it came with."""
    png = base64.b64encode(b"\x89PNG\r\n\x1a\n1").decode()
    signed = [sign("text"), sign("image")]
    drawn = candidate(
        {"text": "Here.", "thoughtSignature": signed[0]},
        {
            "inlineData": {"mimeType": "image/png", "data": png},
            "thoughtSignature": signed[1],
        },
    )
    provider_emulator.script(Reply.sse(drawn) if stream else Reply(200, drawn))
    llm = model(IMAGE)
    first = streamed(llm, "draw") if stream else llm.invoke("draw")
    llm.invoke(["draw", first, "now in red"])
    turn = body_of(provider_emulator)["contents"][1]

    assert "model" == turn["role"]
    sent = [part["thoughtSignature"] for part in turn["parts"]]
    assert [base64.b64decode(one) for one in signed] == [
        base64.urlsafe_b64decode(one) for one in sent
    ]
    data = turn["parts"][1]["inlineData"]["data"]
    assert base64.b64decode(png) == base64.urlsafe_b64decode(data)


def test_speech_comes_in_the_form_of_chat_openai(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """Speech is base64 in additional_kwargs and an audio block in content_blocks."""
    answer = model(SPEECH).invoke("hello", speech_config={"language_code": "en-US"})
    config = body_of(provider_emulator)["generationConfig"]
    audio = answer.additional_kwargs["audio"]
    block = {"type": "audio", "base64": audio["data"], "mime_type": "audio/wav"}

    assert ["AUDIO"] == config["responseModalities"]
    assert "" == answer.content
    assert base64.b64decode(audio["data"]).startswith(b"RIFF")
    assert [block] == answer.content_blocks


def test_several_speakers(model: Make, provider_emulator: ProviderEmulator) -> None:
    """A speech_config with several speakers arrives as given."""
    voices = [
        {
            "speaker": name,
            "voiceConfig": {"prebuiltVoiceConfig": {"voiceName": voice}},
        }
        for name, voice in (("Ann", "Kore"), ("Bob", "Puck"))
    ]
    several = {"multiSpeakerVoiceConfig": {"speakerVoiceConfigs": voices}}
    model(SPEECH).invoke("Ann: hi. Bob: hello.", speech_config=several)
    config = body_of(provider_emulator)["generationConfig"]["speechConfig"]

    assert all(word in str(config) for word in ("Ann", "Kore", "Bob", "Puck"))
    assert [] == provider_emulator.errors


def test_streamed_speech_is_one_file(model: Make) -> None:
    """The pieces of streamed speech add up to one WAV file."""
    whole = model(SPEECH).invoke("hello").additional_kwargs["audio"]

    assert whole == streamed(model(SPEECH), "hello").additional_kwargs["audio"]


def test_wav_files_are_joined() -> None:
    """Joined files have one header and the sound of all."""

    def file(sound: bytes) -> bytes:
        held = io.BytesIO()
        with wave.open(held, "wb") as writer:
            writer.setparams((1, 2, 24000, 0, "NONE", ""))
            writer.writeframes(sound)
        return held.getvalue()

    assert file(b"aabb") == joined([file(b"aa"), file(b"bb")])


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        ("auto", {"mode": "AUTO"}),
        ("none", {"mode": "NONE"}),
        ("any", {"mode": "ANY"}),
        ("required", {"mode": "ANY"}),
        (True, {"mode": "ANY"}),
        ("add", {"mode": "ANY", "allowedFunctionNames": ["add"]}),
        (["add"], {"mode": "ANY", "allowedFunctionNames": ["add"]}),
        (
            {"type": "function", "function": {"name": "add"}},
            {"mode": "ANY", "allowedFunctionNames": ["add"]},
        ),
    ],
)
def test_every_way_of_function_calling(
    model: Make,
    provider_emulator: ProviderEmulator,
    choice: Any,
    config: dict[str, Any],
) -> None:
    """Each tool_choice becomes Gemini's function calling mode."""

    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    model(FLASH).bind_tools([add], tool_choice=choice).invoke("hi")
    sent = body_of(provider_emulator)["toolConfig"]["functionCallingConfig"]

    assert config == sent
    assert [] == provider_emulator.errors


def test_a_schema_goes_as_it_is(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A JSON schema reaches Gemini natively, with words its own subset lacks."""
    schema = {
        "title": "Point",
        "type": "object",
        "properties": {"x": {"type": "integer", "minimum": 0}},
        "required": ["x"],
        "additionalProperties": False,
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "p", "schema": schema}}
    model(THREE).invoke("a point", response_format=wanted)
    config = body_of(provider_emulator)["generationConfig"]

    assert schema == config["responseJsonSchema"]
    assert "application/json" == config["responseMimeType"]


SETTING = {"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}


@pytest.mark.parametrize(
    "given",
    [
        [SETTING],
        {"HARM_CATEGORY_HARASSMENT": "BLOCK_NONE"},
        {"harassment": "block_none"},
        {HarmCategory.HARM_CATEGORY_HARASSMENT: HarmBlockThreshold.BLOCK_NONE},
        SETTING,
    ],
)
def test_safety_settings_in_any_form(
    model: Make, provider_emulator: ProviderEmulator, given: Any
) -> None:
    """Lists, dictionaries, enum members and text mean the same."""
    model(FLASH).invoke("hi", safety_settings=given)

    assert [SETTING] == body_of(provider_emulator)["safetySettings"]


def test_one_threshold_is_for_all_categories(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A threshold alone goes for every category."""
    model(FLASH).invoke("hi", safety_settings="BLOCK_NONE")
    sent = body_of(provider_emulator)["safetySettings"]

    assert {"BLOCK_NONE"} == {setting["threshold"] for setting in sent}
    assert 4 == len(sent)


@pytest.mark.parametrize(
    ("tool", "sent"),
    [
        ({"google_search": {}}, {"googleSearch": {}}),
        ({"code_execution": {}}, {"codeExecution": {}}),
        ({"url_context": {}}, {"urlContext": {}}),
        ({"google_maps": {}}, {"googleMaps": {}}),
    ],
)
def test_built_in_tools(
    model: Make,
    provider_emulator: ProviderEmulator,
    tool: dict[str, Any],
    sent: dict[str, Any],
) -> None:
    """Gemini's own tools go through as objects with one key."""
    model(FLASH).bind_tools([tool]).invoke("hi")
    body = body_of(provider_emulator)

    assert [sent] == body["tools"]
    assert "toolConfig" not in body


@pytest.mark.parametrize("other", ["gpt-4o", "gpt-5.4"])
@pytest.mark.parametrize(
    "tool",
    [{"google_search": {}}, {"type": "web_search_20250305", "name": "web_search"}],
)
def test_built_in_tools_of_others_are_refused(
    model: Make, provider_emulator: ProviderEmulator, other: str, tool: dict[str, Any]
) -> None:
    """A switch to OpenAI with Gemini's or Anthropic's own tool ends before sending."""
    llm = model(FLASH).bind_tools([tool])
    with pytest.raises(UnsupportedError, match="not support the built-in tool"):
        llm.invoke("hi", model=other)

    assert [] == provider_emulator.requests


GROUNDING = {
    "webSearchQueries": ["euro 2024 winner"],
    "groundingChunks": [{"web": {"uri": "https://a.example", "title": "A"}}],
    "groundingSupports": [
        {
            "segment": {"startIndex": 0, "endIndex": 5, "text": "Spain"},
            "groundingChunkIndices": [0],
        }
    ],
}


@pytest.mark.parametrize("stream", [False, True])
def test_citations_are_in_content_blocks(
    model: Make, provider_emulator: ProviderEmulator, *, stream: bool
) -> None:
    """Grounding becomes citations, once, though Gemini repeats it while streaming."""
    whole = candidate({"text": "Spain won."}, groundingMetadata=GROUNDING)
    first = candidate({"text": "Spain "}, groundingMetadata=GROUNDING)
    del first["candidates"][0]["finishReason"]
    last = candidate({"text": "won."}, groundingMetadata=GROUNDING)
    script = Reply.sse(first, last) if stream else Reply(200, whole)
    provider_emulator.script(script)
    llm = model(THREE)
    answer = streamed(llm, "who won") if stream else llm.invoke("who won")
    citation = answer.content_blocks[0]["annotations"][0]

    assert "Spain won." == answer.content
    assert "https://a.example" == citation["url"]
    assert 1 == len(answer.response_metadata["grounding_metadata"]["grounding_chunks"])


@pytest.mark.filterwarnings("ignore:(?s).*Output may vary each run")
def test_code_execution_is_kept(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """Code and its output are in content_blocks, and go back to their model."""
    ran = candidate(
        {"executableCode": {"language": "PYTHON", "code": "print(42)"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "42"}},
        {"text": "It is 42."},
    )
    provider_emulator.script(Reply(200, ran))
    llm = model(THREE)
    answer = llm.invoke("6 times 7?")
    llm.invoke(["6 times 7?", answer, "sure?"])
    kinds = [block["type"] for block in answer.content_blocks]
    parts = body_of(provider_emulator)["contents"][1]["parts"]

    assert "It is 42." == answer.content
    assert ["server_tool_call", "server_tool_result", "text"] == kinds
    assert ["executableCode", "codeExecutionResult", "text"] == [
        next(iter(part)) for part in parts
    ]
    llm.invoke(["6 times 7?", answer, "sure?"], model="gpt-4o")
    told = body_of(provider_emulator)["messages"][1]["content"]
    assert "```python\nprint(42)\n```\n\n42\n\nIt is 42." == told


@pytest.mark.parametrize("beside", ["tools", "system"])
def test_cached_content_stands_alone(model: Make, beside: str) -> None:
    """Tools or system text beside cached content are refused before sending."""
    llm = model(FLASH).bind(cached_content="cachedContents/1")
    tools = {"tools": [{"google_search": {}}]} if beside == "tools" else {}
    system = [("system", "be brief")] if beside == "system" else []
    with pytest.raises(UnsupportedError, match="cached content"):
        llm.invoke([*system, ("human", "hi")], **tools)


def test_cached_content_is_sent(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """Cached content alone goes through."""
    model(FLASH).invoke("hi", cached_content="cachedContents/1")

    assert "cachedContents/1" == body_of(provider_emulator)["cachedContent"]


@pytest.mark.parametrize("name", [FLASH, THREE])
@pytest.mark.parametrize("stream", [False, True])
def test_thought_summaries_are_reasoning_blocks(
    model: Make, name: str, *, stream: bool
) -> None:
    """Thoughts are reasoning blocks; the content stays the answer."""
    llm = model(name)
    settings = {"include_thoughts": True, "reasoning_effort": "high"}
    call = streamed if stream else UnifiedChatModel.invoke
    answer = call(llm, "one two three", **settings)

    assert "one two three" == answer.content
    assert ["reasoning", "text"] == [block["type"] for block in answer.content_blocks]


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        (FLASH, {}),
        (THREE, {}),
        (FLASH, {"include_thoughts": True, "reasoning_effort": "high"}),
        (THREE, {"include_thoughts": True}),
        (IMAGE, {}),
    ],
)
def test_pieces_add_up_to_the_whole(
    model: Make, name: str, settings: dict[str, Any]
) -> None:
    """Streamed pieces merge to what the same call returns in one."""
    llm, question = model(name), "one two three four five six seven eight"
    whole, sum_of_pieces = (
        llm.invoke(question, **settings),
        streamed(llm, question, **settings),
    )

    assert whole.content == sum_of_pieces.content
    assert whole.usage_metadata == sum_of_pieces.usage_metadata
    assert _unsigned(whole) == _unsigned(sum_of_pieces)
    assert whole.response_metadata.keys() == sum_of_pieces.response_metadata.keys()


def _unsigned(message: AIMessage) -> Any:
    """Return the native list; signatures differ from answer to answer."""
    native = kept_blocks(message)
    if native is None:
        return None
    return [
        {key: bool(v) if key in {"extras", "signature"} else v for key, v in b.items()}
        for b in native
    ]


def test_streamed_tool_calls_add_up(model: Make) -> None:
    """Streamed parallel calls are the calls of the whole answer, with one signature."""

    def weather(city: str) -> str:
        """Tell the weather of a city."""
        return city

    llm = model(THREE)
    settings = {"tools": [weather]}
    whole = llm.invoke("weather for Paris and London", **settings)
    pieces = streamed(llm, "weather for Paris and London", **settings)

    assert [call["args"] for call in whole.tool_calls] == [
        call["args"] for call in pieces.tool_calls
    ]
    key = "__gemini_function_call_thought_signatures__"
    assert [pieces.tool_calls[0]["id"]] == list(pieces.additional_kwargs[key])


@pytest.mark.parametrize("reason", ["SAFETY", "RECITATION", "PROHIBITED_CONTENT"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_stopped_answer_says_why(
    model: Make,
    provider_emulator: ProviderEmulator,
    caplog: pytest.LogCaptureFixture,
    reason: str,
    *,
    stream: bool,
) -> None:
    """An answer Gemini stops is a refusal, logged, with its finish reason."""
    stopped = candidate({"text": ""}, finishReason=reason)
    provider_emulator.script(Reply.sse(stopped) if stream else Reply(200, stopped))
    llm = model(THREE)
    answer = streamed(llm, "hi") if stream else llm.invoke("hi")

    assert reason == answer.response_metadata["raw_finish_reason"]
    assert reason in answer.additional_kwargs["refusal"]
    assert reason in caplog.text


@pytest.mark.parametrize("stream", [False, True])
def test_a_blocked_prompt_says_why(
    model: Make, provider_emulator: ProviderEmulator, *, stream: bool
) -> None:
    """A blocked prompt gives an empty answer that says so."""
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}, "modelVersion": FLASH}
    provider_emulator.script(Reply.sse(blocked) if stream else Reply(200, blocked))
    llm = model(FLASH)
    answer = streamed(llm, "hi") if stream else llm.invoke("hi")

    assert "" == answer.content
    assert "Gemini blocked the prompt: SAFETY." == answer.additional_kwargs["refusal"]
    assert "SAFETY" == answer.response_metadata["raw_finish_reason"]


def test_late_system_text_is_not_lost(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """System text after the first turn joins the system instruction, on record."""
    history = [("human", "a"), ("ai", "b"), ("system", "Be brief."), ("human", "c")]
    answer = model(FLASH).invoke(history)
    body = body_of(provider_emulator)
    changes = answer.response_metadata["unified"]["changes"]

    assert [{"text": "Be brief."}] == body["systemInstruction"]["parts"]
    assert "late system text" in [change["requested"] for change in changes]


@pytest.mark.parametrize("name", [THREE, LATEST, "gemini-4-argon", "gemini-5-flash"])
def test_calls_of_others_get_the_sentinel(model: Make, name: str) -> None:
    """Function calls without a signature get the documented stand-in on Gemini 3+."""
    llm = model("gpt-4o")
    shim = shim_of(llm)
    call = {"name": "add", "args": {"a": 1}, "id": "call_1"}
    history = [HumanMessage("add"), AIMessage("", tool_calls=[call])]
    plan = llm.explain(history, model=name)
    request = shim.delegate.request(plan, prepared(plan, history))
    part = request["contents"][1].parts[0]

    assert "skip_thought_signature_validator" == part.thought_signature


def test_tokens_are_counted_by_the_api(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """Messages, system text and tools are counted by countTokens."""
    llm = model(FLASH)
    shim = shim_of(llm)
    messages = [HumanMessage("one two three")]
    few = shim.count_tokens(llm.explain(messages), messages)
    system = llm._convert_input([("system", "be brief"), *messages]).to_messages()
    more = shim.count_tokens(llm.explain(system), system)

    assert 0 < few < more
    assert ["countTokens"] * 2 == [r.endpoint for r in provider_emulator.requests]


def test_text_is_counted_by_the_api(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """LangChain's get_num_tokens asks the API, too."""
    assert model(FLASH).get_num_tokens("one two three") > 0
    assert ["countTokens"] == [r.endpoint for r in provider_emulator.requests]


def test_tools_are_counted_by_the_api(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """LangChain's get_num_tokens_from_messages counts tools of any kind."""

    def get_weather(city: str) -> str:
        """Tell the weather of a city."""
        return city

    llm, messages = model(FLASH), [HumanMessage("one two three")]
    few = llm.get_num_tokens_from_messages(messages)
    more = llm.get_num_tokens_from_messages(messages, tools=[get_weather])

    assert 0 < few < more
    assert "get_weather" in str(body_of(provider_emulator))


def test_the_models_can_be_listed(model: Make) -> None:
    """list_models gives the rows of ListModels, all pages, as plain dictionaries."""
    rows = shim_of(model()).list_models()
    names = {row["name"] for row in rows}
    flash = next(row for row in rows if row["name"] == f"models/{FLASH}")

    assert f"models/{THREE}" in names
    assert "generateContent" in flash["supportedGenerationMethods"]
    assert 1_048_576 == flash["inputTokenLimit"]


def test_vertex_with_a_key_has_its_own_path(
    provider_emulator: ProviderEmulator,
) -> None:
    """vertexai=True sends to Vertex's path."""
    settings = connections(provider_emulator)
    settings["google_genai"]["vertexai"] = True
    UnifiedChatModel(model=FLASH, providers=settings).invoke("hi")

    path = f"/v1beta1/publishers/google/models/{FLASH}:generateContent"
    assert path == provider_emulator.requests[-1].path


def test_vertex_with_project_and_location() -> None:
    """Project, location and credentials make a Vertex client, without a key."""
    connection = Connection(
        "google_genai",
        {
            "vertexai": True,
            "project": "my-project",
            "location": "europe-west4",
            "credentials": Credentials("token"),
        },
    )
    delegate = GoogleGenAIShim(connection).delegate
    api = delegate.client._api_client

    assert delegate.on_vertex
    assert ("my-project", "europe-west4") == (api.project, api.location)
