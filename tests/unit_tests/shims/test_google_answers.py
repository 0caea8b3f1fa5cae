"""Gemini's answers: calls it could not write, blocked prompts, server tools, images."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import (
    InvalidParameterError,
    MalformedResponseError,
    UnsupportedError,
)
from langchain_unified.testing import ProviderEmulator, Reply

Make = Callable[..., UnifiedChatModel]
FLASH, THREE = "gemini-2.5-flash", "gemini-3.1-pro-preview"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(24)).decode()
SEARCH = {"google_search": {}}
LOOK_UP = {
    "type": "function",
    "function": {
        "name": "look_up",
        "parameters": {"type": "object", "properties": {"word": {"type": "string"}}},
    },
}
FACES = ["invoke", "ainvoke", "stream", "astream"]


def body(
    *parts: dict[str, Any], reason: str | None = "STOP", **more: Any
) -> dict[str, Any]:
    """Return an answer of the API with one candidate."""
    said = {"content": {"parts": list(parts), "role": "model"}} if parts else {}
    ended = {"finishReason": reason} if reason else {}
    counts = {"promptTokenCount": 7, "candidatesTokenCount": 2, "totalTokenCount": 9}
    candidates = [{"index": 0, **said, **ended, **more}]
    return {"candidates": candidates, "usageMetadata": counts, "modelVersion": FLASH}


def reply(face: str, *bodies: dict[str, Any]) -> Reply:
    """Return bodies as the pieces of a stream, or the last one whole."""
    return Reply.sse(*bodies) if "stream" in face else Reply(200, bodies[-1])


def asked(llm: Any, face: str, given: Any = "hi") -> AIMessage:
    """Return the answer that one of the four faces gives."""

    async def pieces() -> Any:
        whole = None
        async for piece in llm.astream(given):
            whole = piece if whole is None else whole + piece
        return whole

    if face == "astream":
        return asyncio.run(pieces())  # type: ignore[no-any-return]
    if face == "ainvoke":
        return asyncio.run(llm.ainvoke(given))  # type: ignore[no-any-return]
    if face == "invoke":
        return llm.invoke(given)  # type: ignore[no-any-return]
    whole = None
    for piece in llm.stream(given):
        whole = piece if whole is None else whole + piece
    return whole  # type: ignore[return-value]


def sent(emulator: ProviderEmulator) -> dict[str, Any]:
    """Return the last body sent."""
    found: dict[str, Any] = emulator.requests[-1].body
    return found


BROKEN = [
    "MALFORMED_FUNCTION_CALL",
    "MALFORMED_RESPONSE",
    "TOO_MANY_TOOL_CALLS",
    "UNEXPECTED_TOOL_CALL",
]


# google-genai up to 2 warns of a reason it does not know, and reads it.
@pytest.mark.filterwarnings("ignore:MALFORMED_RESPONSE:UserWarning")
@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("reason", BROKEN)
def test_a_call_that_could_not_be_written_is_an_error(
    model: Make, provider_emulator: ProviderEmulator, reason: str, face: str
) -> None:
    """An answer that holds nothing but a broken call is an error that names it."""
    provider_emulator.script(reply(face, body(reason=reason)))

    with pytest.raises(MalformedResponseError, match=reason) as caught:
        asked(model(FLASH, max_retries=0), face)
    assert caught.value.is_retryable


@pytest.mark.parametrize("face", FACES)
def test_a_broken_call_is_tried_again(
    model: Make, provider_emulator: ProviderEmulator, face: str
) -> None:
    """Another attempt may write the call; `max_retries` says how many."""
    broken = reply(face, body(reason="MALFORMED_FUNCTION_CALL"))
    provider_emulator.script(broken, reply(face, body({"text": "fine"})))

    assert "fine" == asked(model(FLASH, max_retries=1), face).text
    assert 2 == len(provider_emulator.requests)


@pytest.mark.parametrize("face", FACES)
def test_a_broken_call_after_text_is_kept_with_it(
    model: Make, provider_emulator: ProviderEmulator, face: str
) -> None:
    """What the model said before is not thrown away; the call is an invalid one."""
    said = body({"text": "Wait."}, reason="MALFORMED_FUNCTION_CALL")
    provider_emulator.script(reply(face, said))
    answer = asked(model(FLASH), face)

    assert "Wait." == answer.text
    assert ["MALFORMED_FUNCTION_CALL"] == [
        call["name"] for call in answer.invalid_tool_calls
    ]


@pytest.mark.parametrize("face", FACES)
def test_an_empty_answer_is_on_record(
    model: Make,
    provider_emulator: ProviderEmulator,
    caplog: pytest.LogCaptureFixture,
    face: str,
) -> None:
    """An answer that ends with STOP and holds nothing says so in the record."""
    provider_emulator.script(reply(face, body()))
    answer = asked(model(FLASH), face)

    assert "stop" == answer.response_metadata["unified"]["empty"]["finish_reason"]
    assert "the response is empty" in caplog.text


@pytest.mark.parametrize("face", FACES)
def test_a_blocked_prompt_is_counted(
    model: Make, provider_emulator: ProviderEmulator, face: str
) -> None:
    """The tokens of a blocked prompt are paid for, and on the message."""
    blocked = {
        "promptFeedback": {"blockReason": "SAFETY"},
        "usageMetadata": {"promptTokenCount": 7, "totalTokenCount": 7},
    }
    provider_emulator.script(reply(face, blocked))
    answer = asked(model(FLASH), face)

    assert answer.usage_metadata is not None
    assert 7 == answer.usage_metadata["input_tokens"]


@pytest.mark.parametrize("face", FACES)
def test_sources_are_kept(
    model: Make, provider_emulator: ProviderEmulator, face: str
) -> None:
    """Citations and what became of each URL are in the metadata."""
    found = {
        "retrievedUrl": "https://a",
        "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_PAYWALL",
    }
    more = {
        "citationMetadata": {"citationSources": [{"uri": "https://a"}]},
        "urlContextMetadata": {"urlMetadata": [{**found}]},
    }
    provider_emulator.script(reply(face, body({"text": "hey"}, **more)))
    metadata = asked(model(FLASH), face).response_metadata

    assert {"citations": [{"uri": "https://a"}]} == metadata["citation_metadata"]
    assert ["https://a"] == [
        one["retrievedUrl"] for one in metadata["url_context_metadata"]["urlMetadata"]
    ]


@pytest.mark.filterwarnings("ignore:\\s*Warning. Output may vary")
@pytest.mark.parametrize("face", FACES)
def test_a_plotted_image_is_an_image(
    model: Make, provider_emulator: ProviderEmulator, face: str
) -> None:
    """An image between code and text is an image block on every face."""
    parts: list[dict[str, Any]] = [
        {"executableCode": {"language": "PYTHON", "code": "plot()"}},
        {"inlineData": {"mimeType": "image/png", "data": PNG}},
        {"text": "Done."},
    ]
    pieces = [body(part, reason=None) for part in parts[:-1]]
    whole = body(*parts) if face in {"invoke", "ainvoke"} else body(parts[-1])
    provider_emulator.script(reply(face, *pieces, whole))
    answer = asked(model(FLASH).bind(tools=[{"code_execution": {}}]), face)

    images = [b for b in answer.content_blocks if b["type"] == "image"]
    assert [PNG] == [image.get("base64") for image in images]


SIGNATURE = base64.b64encode(b"signed").decode()
SERVER_PARTS: list[dict[str, Any]] = [
    {
        "toolCall": {"toolType": kind, "args": {"queries": ["rome"]}, "id": "srv_1"},
        "thoughtSignature": SIGNATURE,
    }
    for kind in ("GOOGLE_SEARCH_WEB", "URL_CONTEXT", "FILE_SEARCH")
] + [
    {
        "toolResponse": {
            "toolType": "GOOGLE_SEARCH_WEB",
            "response": {"search_suggestions": "<div>rome</div>"},
            "id": "srv_1",
        },
        "thoughtSignature": SIGNATURE,
    },
]
CALL = {
    "functionCall": {"name": "look_up", "args": {"word": "x"}, "id": "call_7"},
    "thoughtSignature": SIGNATURE,
}


@pytest.mark.parametrize("face", FACES)
def test_parts_of_server_tools_go_back_as_they_came(
    model: Make, provider_emulator: ProviderEmulator, face: str
) -> None:
    """Calls of Gemini's own tools, their results and signatures are not changed."""
    parts = [*SERVER_PARTS, CALL]
    pieces = [body(part, reason=None) for part in parts]
    last = body({"text": ""}) if "stream" in face else body(*parts)
    done = Reply(200, body({"text": "done"}))
    provider_emulator.script(reply(face, *pieces, last), done)
    llm = model(THREE).bind(tools=[SEARCH, LOOK_UP])
    answer = asked(llm, face)
    result = ToolMessage("a city", tool_call_id=answer.tool_calls[0]["id"] or "")
    llm.invoke([HumanMessage("hi"), answer, result])

    back = sent(provider_emulator)["contents"][1]["parts"]
    assert SERVER_PARTS == [
        _spelled(part) for part in back if "functionCall" not in part
    ]


def _spelled(part: dict[str, Any]) -> dict[str, Any]:
    """Return a part with its signature in the alphabet of the test."""
    signature = part["thoughtSignature"].replace("-", "+").replace("_", "/")
    return {**part, "thoughtSignature": signature}


@pytest.mark.parametrize("name", [THREE, "gemini-4-argon", "gemini-flash-latest"])
def test_built_in_tools_beside_functions(
    model: Make, provider_emulator: ProviderEmulator, name: str
) -> None:
    """The flag they are refused without is sent and on record; a choice joins it."""
    llm = model(name).bind(tools=[SEARCH, LOOK_UP], tool_choice="any")
    answer = llm.invoke("hi")
    config = sent(provider_emulator)["toolConfig"]

    assert config["includeServerSideToolInvocations"]
    assert "ANY" == config["functionCallingConfig"]["mode"]
    changes = answer.response_metadata["unified"]["changes"]
    assert "tool_config" in {change["parameter"] for change in changes}


def test_a_flag_of_the_users_is_left_alone(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """`tool_config` may say otherwise, in either spelling."""
    given = {"include_server_side_tool_invocations": False}
    model(THREE).invoke("hi", tools=[SEARCH, LOOK_UP], tool_config=given)

    config = sent(provider_emulator)["toolConfig"]
    assert not config["includeServerSideToolInvocations"]


@pytest.mark.parametrize(
    ("name", "tools", "choice", "parameter"),
    [
        (FLASH, [SEARCH, LOOK_UP], None, "tools"),
        (THREE, [SEARCH], "any", "tool_choice"),
        (THREE, [SEARCH], True, "tool_choice"),
        (THREE, [SEARCH], "google_search", "tool_choice"),
        (THREE, [SEARCH, LOOK_UP], "google_search", "tool_choice"),
    ],
)
def test_what_gemini_cannot_do_is_refused(
    model: Make, name: str, tools: list[Any], choice: Any, parameter: str
) -> None:
    """Both kinds before Gemini 3, and a forced call of a built-in tool."""
    with pytest.raises(UnsupportedError) as caught:
        model(name).invoke("hi", tools=tools, tool_choice=choice)
    assert parameter == caught.value.parameter


def test_a_choice_of_none_leaves_built_in_tools_out(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """Gemini's tool config rules function tools only."""
    model(THREE).invoke("hi", tools=[SEARCH, LOOK_UP], tool_choice="none")

    assert ["functionDeclarations"] == [
        key for tool in sent(provider_emulator)["tools"] for key in tool
    ]


@pytest.mark.parametrize(
    ("content", "status", "response"),
    [
        ("no such word", "error", {"error": "no such word"}),
        ('{"code": 5}', "error", {"error": {"code": 5}}),
        ([{"type": "text", "text": "no"}], "error", {"error": "no"}),
        ("a city", "success", {"output": "a city"}),
        ('{"mean": NaN}', "success", {"output": '{"mean": NaN}'}),
        ("[1, -Infinity]", "success", {"output": "[1, -Infinity]"}),
        ('{"mean": 1.5}', "success", {"mean": 1.5}),
    ],
)
def test_what_a_tool_gave(
    model: Make,
    provider_emulator: ProviderEmulator,
    content: Any,
    status: Any,
    response: dict[str, Any],
) -> None:
    """A failure stands under `error`; numbers that JSON has not are kept as text."""
    history = [
        HumanMessage("hi"),
        AIMessage("", tool_calls=[{"name": "look_up", "args": {}, "id": "call_1"}]),
        ToolMessage(content, tool_call_id="call_1", status=status),
    ]
    model(FLASH).invoke(history, tools=[LOOK_UP])
    part = sent(provider_emulator)["contents"][-1]["parts"][0]

    assert response == part["functionResponse"]["response"]


def test_a_cap_beyond_the_default_of_gemini_4(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """65,536 tokens are Gemini 4's default and not its limit."""
    model("gemini-4-argon", max_tokens=200_000).invoke("hi")

    assert 200_000 == sent(provider_emulator)["generationConfig"]["maxOutputTokens"]


CODE = {"executableCode": {"language": "PYTHON", "code": "plot()"}}
FAILED = {"codeExecutionResult": {"outcome": "OUTCOME_FAILED"}}
QUIET = {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": ""}}
PRINTED = {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "3"}}


@pytest.mark.filterwarnings("ignore:\\s*Warning. Output may vary")
@pytest.mark.parametrize("face", FACES)
def test_code_that_prints_nothing_has_a_result(
    model: Make, provider_emulator: ProviderEmulator, face: str
) -> None:
    """It says whether the code failed, stands in its place, and goes back."""
    parts = [{"text": "So: "}, CODE, FAILED, CODE, QUIET, CODE, PRINTED]
    candidate = {
        "content": {"role": "model", "parts": parts},
        "finishReason": "STOP",
    }
    answer = {"candidates": [candidate]}
    provider_emulator.script(reply(face, answer), Reply(200, answer))
    llm = model(FLASH).bind(tools=[{"code_execution": {}}])
    found = asked(llm, face, "plot")
    results = [b for b in found.content_blocks if b["type"] == "server_tool_result"]
    llm.invoke([HumanMessage("plot"), found, HumanMessage("again")])
    back = [
        next(iter(part)) for part in sent(provider_emulator)["contents"][1]["parts"]
    ]

    assert ["error", "success", "success"] == [one["status"] for one in results]
    assert ["text", *["executableCode", "codeExecutionResult"] * 3] == back


def _tool(part: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"part": part}}
    return {"type": "function", "function": {"name": "f", "parameters": schema}}


@pytest.mark.parametrize("face", ["invoke", "ainvoke", "stream", "astream"])
@pytest.mark.parametrize(
    ("given", "settings"),
    [
        ("a cut \ud83d emoji", {}),
        ("hi", {"tools": [_tool({"type": "number", "maximum": float("inf")})]}),
    ],
    ids=["half a surrogate pair", "infinity in a schema"],
)
def test_what_json_cannot_hold_is_refused(
    model: Callable[..., UnifiedChatModel],
    provider_emulator: ProviderEmulator,
    face: str,
    given: str,
    settings: dict[str, Any],
) -> None:
    """The error says that the request cannot be written, and nothing is sent."""
    with pytest.raises(InvalidParameterError, match="cannot be encoded"):
        asked(model(FLASH).bind(**settings), face, given)

    assert [] == provider_emulator.requests


@pytest.mark.filterwarnings("ignore:\\s+Warning. Output may vary")
@pytest.mark.parametrize("version", [None, "v1"])
@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("outcome", ["OUTCOME_OK", "OUTCOME_FAILED"])
def test_code_that_ran_goes_back(
    model: Make,
    provider_emulator: ProviderEmulator,
    version: str | None,
    face: str,
    outcome: str,
) -> None:
    """Code and what it came to go back as they came, in each shape of a message."""
    ran: list[dict[str, Any]] = [
        {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
        {"codeExecutionResult": {"outcome": outcome, "output": "1"}},
        {"text": "It is 1."},
    ]
    provider_emulator.script(reply(face, body(*ran)))
    llm = model(FLASH, output_version=version)
    answer = asked(llm, face, [HumanMessage("run")])

    llm.invoke([HumanMessage("run"), answer, HumanMessage("again")])

    assert ran == sent(provider_emulator)["contents"][1]["parts"]


@pytest.mark.parametrize("role", ["user", "assistant"])
def test_data_that_is_no_base64_is_refused(model: Make, role: str) -> None:
    """Media whose data is no base64 is refused by name before sending."""
    image = {"type": "image", "base64": "not base64!!", "mime_type": "image/png"}
    turns = ["hi", AIMessage([image]), "more"] if role == "assistant" else []

    with pytest.raises(InvalidParameterError, match="the image is not base64"):
        model(FLASH).invoke(turns or [HumanMessage([image])])
