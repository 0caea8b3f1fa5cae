"""Exact bodies of the Gemini errors."""

from __future__ import annotations

import base64
from datetime import date
from typing import Any

import pytest

from langchain_unified.testing import ModelRules, ProviderEmulator
from tests.unit_tests.testing.conftest import Post, request

SENTINEL = "skip_thought_signature_validator"
HI = {"role": "user", "parts": [{"text": "hi"}]}


def path(model: str, method: str = "generateContent") -> str:
    """The path of a model's method."""
    return f"/v1beta/models/{model}:{method}"


def config(**fields: Any) -> dict[str, Any]:
    """A body with a generation config."""
    return {"contents": [HI], "generationConfig": fields}


def thinking(**fields: Any) -> dict[str, Any]:
    """A body with a thinking config."""
    return config(thinkingConfig=fields)


def tools(parameters: Any = None, **body: Any) -> dict[str, Any]:
    """A body with one function."""
    declared = {"name": "f", **({"parameters": parameters} if parameters else {})}
    return {"contents": [HI], "tools": [{"functionDeclarations": [declared]}], **body}


def call(**part: Any) -> dict[str, Any]:
    """A function call of the model."""
    return {
        "role": "model",
        "parts": [{"functionCall": {"name": "f", "args": {}}, **part}],
    }


def result(*parts: dict[str, Any], role: str = "user") -> dict[str, Any]:
    """A function response."""
    given = {"functionResponse": {"name": "f", "response": {"output": 1}}}
    return {"role": role, "parts": parts or [given]}


def contents(*turns: dict[str, Any]) -> dict[str, Any]:
    """A body with turns."""
    return {"contents": list(turns)}


ARRAY = {"type": "OBJECT", "properties": {"files": {"type": "ARRAY"}}}
OPEN = {"type": "OBJECT", "properties": {}, "additionalProperties": False}
ROWS = [
    pytest.param(
        "gemini-2.5-pro",
        thinking(thinkingBudget=0),
        "Budget 0 is invalid. This model only works in thinking mode.",
        id="row 1",
    ),
    pytest.param(
        "gemini-3.1-pro-preview",
        thinking(thinkingBudget=0),
        "Budget 0 is invalid. This model only works in thinking mode.",
        id="row 1, level model",
    ),
    pytest.param(
        "gemini-2.5-flash",
        thinking(thinkingLevel="LOW"),
        "Thinking level is not supported for this model.",
        id="row 2",
    ),
    pytest.param(
        "gemini-3.8-flash-tts",
        thinking(thinkingLevel="LOW"),
        "Thinking level is not supported for this model.",
        id="row 2, TTS",
    ),
    pytest.param(
        "gemma-4-31b-it",
        thinking(thinkingLevel="LOW"),
        "Thinking level is not supported for this model.",
        id="row 2, Gemma",
    ),
    pytest.param(
        "gemini-3.8-flash",
        thinking(thinkingLevel="minimal"),
        "Thinking level MINIMAL is not supported for this model. "
        "Please retry with other thinking level.",
        id="row 3",
    ),
    pytest.param(
        "gemma-4-31b-it",
        thinking(thinkingBudget=0),
        "Thinking budget is not supported for this model.",
        id="row 4",
    ),
    pytest.param(
        "gemini-2.5-flash-image",
        thinking(thinkingBudget=1),
        "Thinking is not enabled for this model",
        id="row 5",
    ),
    pytest.param(
        "gemini-3.8-flash-tts",
        thinking(includeThoughts=True),
        "Thinking is not enabled for this model",
        id="row 5, TTS",
    ),
    pytest.param(
        "gemma-3-27b-it",
        thinking(thinkingBudget=1),
        "Thinking is not enabled for models/gemma-3-27b-it",
        id="row 5, Gemma",
    ),
    pytest.param(
        "gemini-3.5-flash",
        thinking(thinkingBudget=1, thinkingLevel="LOW"),
        "You can only set only one of thinking budget and thinking level.",
        id="row 6",
    ),
    pytest.param(
        "gemini-2.5-flash",
        config(presencePenalty=0.5),
        "Penalty is not enabled for this model",
        id="row 7",
    ),
    pytest.param(
        "gemini-3.8-flash",
        config(candidateCount=2),
        "Multiple candidates is not enabled for this model",
        id="row 8",
    ),
    pytest.param(
        "gemini-2.5-flash",
        tools(generationConfig={"responseMimeType": "application/json"}),
        "Function calling with a response mime type: 'application/json' is unsupported",
        id="row 9",
    ),
    pytest.param(
        "gemini-2.5-flash",
        {
            "contents": [HI],
            "tools": [{"googleSearch": {}}],
            "generationConfig": {"responseMimeType": "application/json"},
        },
        "Tool use with a response mime type: 'application/json' is unsupported",
        id="row 9, built-in tool",
    ),
    pytest.param(
        "gemini-3.5-flash",
        contents(HI, call(), result()),
        "Function call is missing a thought_signature in "
        "functionCall parts. This is required for tools to work "
        "correctly, and missing thought_signature may lead to "
        "degraded model performance. Additional data, function "
        "call `default_api:f` , position 2. Please refer to "
        "https://ai.google.dev/gemini-api/docs/thought-signatures "
        "for more details.",
        id="row 11",
    ),
    pytest.param(
        "gemini-3.5-flash",
        contents(HI, call(thoughtSignature="Zm9yZWlnbg=="), result()),
        "Corrupted thought signature.",
        id="row 12",
    ),
    pytest.param(
        "gemma-4-31b-it",
        contents(HI, call(thoughtSignature=SENTINEL), result()),
        "Corrupted thought signature.",
        id="row 12, Gemma",
    ),
    pytest.param(
        "gemini-3.6-flash",
        contents(HI, {"role": "model", "parts": [{"text": "x"}]}),
        "Requests ending with a model turn are not supported.",
        id="row 13",
    ),
    pytest.param(
        "gemini-2.5-flash",
        contents(call(), result()),
        "Please ensure that function call turn comes immediately "
        "after a user turn or after a function response turn.",
        id="row 14",
    ),
    pytest.param(
        "gemini-2.5-flash",
        contents(HI, {"role": "model", "parts": [{"text": "x"}]}, call(), result()),
        "Please ensure that function call turn comes immediately "
        "after a user turn or after a function response turn.",
        id="row 14, after the model",
    ),
    pytest.param(
        "gemini-2.5-flash",
        contents(HI, call(), HI),
        "Please ensure that the number of function response "
        "parts is equal to the number of function call parts of "
        "the function call turn.",
        id="row 15",
    ),
    pytest.param(
        "gemini-2.5-flash",
        contents(HI, result()),
        "Please ensure that function response turn comes "
        "immediately after a function call turn.",
        id="orphan response",
    ),
    pytest.param(
        "gemini-2.5-flash",
        tools(ARRAY),
        "* GenerateContentRequest.tools[0].function_declarations[0].parameters"
        ".properties[files].items: missing field.\n",
        id="row 16",
    ),
    pytest.param(
        "gemini-2.5-flash",
        config(responseSchema=ARRAY, responseMimeType="application/json"),
        "* GenerateContentRequest.generation_config.response_schema"
        ".properties[files].items: missing field.\n",
        id="row 16, response",
    ),
    pytest.param(
        "gemini-2.5-flash",
        config(responseLogprobs=True),
        "Logprobs is not enabled for this model",
        id="row 19",
    ),
    pytest.param(
        "gemma-3-27b-it",
        {"contents": [HI], "systemInstruction": {"parts": [{"text": "x"}]}},
        "Developer instruction is not enabled for models/gemma-3-27b-it",
        id="row 20",
    ),
    pytest.param(
        "gemini-3.8-flash-tts",
        {"contents": [HI], "system_instruction": {"parts": [{"text": "x"}]}},
        "Developer instruction is not enabled for this model",
        id="row 20, TTS",
    ),
    pytest.param(
        "gemini-3.8-flash-tts",
        contents(HI, {"role": "model", "parts": [{"text": "x"}]}, HI),
        "Multiturn chat is not enabled for this model",
        id="row 21",
    ),
    pytest.param(
        "gemini-3.8-flash-tts",
        contents(
            {
                "role": "user",
                "parts": [{"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}}],
            }
        ),
        "Audio input modality is not enabled for this model",
        id="row 21, audio",
    ),
    pytest.param(
        "gemini-3.8-flash-tts",
        tools(),
        "Function calling is not enabled for this model",
        id="row 21, tools",
    ),
    pytest.param(
        "gemini-2.5-flash-image",
        config(mediaResolution="MEDIA_RESOLUTION_LOW"),
        "Media resolution is not enabled for this model",
        id="row 22",
    ),
    pytest.param(
        "gemini-3.6-flash",
        contents(HI, call(thoughtSignature=SENTINEL), result(role="function")),
        "Role 'function' is not supported. Please use a valid "
        "role: SYSTEM, SYSTEM_1, USER, ASSISTANT, DEVELOPER, "
        "CONTEXT, USER_CONTEXT, MODEL.",
        id="row 23",
    ),
    pytest.param(
        "gemini-3.6-flash",
        thinking(thinkingBudget=0),
        "Request contains an invalid argument.",
        id="row 24",
    ),
    pytest.param(
        "gemini-2.5-flash",
        tools(cachedContent="cachedContents/x"),
        "Tool config, tools and system instruction should not be "
        "set in the request when using cached content.",
        id="row 25",
    ),
    pytest.param(
        "gemini-2.5-flash",
        {"contents": [HI], "toolConfig": {"functionCallingConfig": {"mode": "AUTO"}}},
        "Function calling config is set without function_declarations",
        id="row 26",
    ),
    pytest.param(
        "gemini-2.5-flash",
        {"contents": []},
        "* GenerateContentRequest.contents: contents is not specified\n",
        id="no contents",
    ),
    pytest.param(
        "gemini-2.5-flash",
        contents({"role": "assistant", "parts": [{"text": "x"}]}),
        "Please use a valid role: user, model.",
        id="role",
    ),
    pytest.param(
        "gemini-2.5-flash",
        contents({"role": "user", "parts": []}),
        "* GenerateContentRequest.contents[0].parts: "
        "contents.parts must not be empty.\n",
        id="no parts",
    ),
    pytest.param(
        "gemini-2.5-flash",
        contents({"role": "user", "parts": [{"thought": True}]}),
        "* GenerateContentRequest.contents[0].parts[0].data: "
        "required oneof field 'data' must have one initialized "
        "field\n",
        id="empty part",
    ),
    pytest.param(
        "gemini-2.5-flash",
        config(temperature=2.5),
        "* GenerateContentRequest.generation_config.temperature: "
        "temperature must be in the range [0.0, 2.0].\n",
        id="temperature",
    ),
    pytest.param(
        "gemini-2.5-flash-image",
        config(temperature=1.5),
        "* GenerateContentRequest.generation_config.temperature: "
        "temperature must be in the range [0.0, 1.0].\n",
        id="temperature of an image model",
    ),
    pytest.param(
        "gemini-2.5-flash",
        thinking(thinkingBudget=50_000),
        "The thinking budget 50000 is invalid. Please choose a "
        "value between 0 and 24576.",
        id="budget",
    ),
    pytest.param(
        "gemini-2.5-flash",
        config(stopSequences=list("abcdef")),
        "* "
        "GenerateContentRequest.generation_config.stop_sequences: "
        "at most 5 stop sequences are allowed.\n",
        id="stop",
    ),
    pytest.param(
        "gemini-2.5-flash",
        config(maxOutputTokens=0),
        "Unable to submit request because it has a "
        "maxOutputTokens value of 0 but the supported range is "
        "from 1 (inclusive) to 65537 (exclusive). Update the "
        "value and try again.",
        id="token cap",
    ),
    pytest.param(
        "gemini-2.5-flash-image",
        config(responseMimeType="application/json"),
        "JSON mode is not enabled for this model",
        id="JSON",
    ),
    pytest.param(
        "gemini-2.5-flash",
        config(responseModalities=["IMAGE"]),
        "The requested combination of response modalities "
        "(IMAGE) is not supported by the model. "
        "models/gemini-2.5-flash accepts the following "
        "combination of response modalities:\n* TEXT\n",
        id="modalities",
    ),
]


@pytest.mark.parametrize(("model", "body", "message"), ROWS)
def test_gemini_refuses(post: Post, model, body, message):
    """A request that breaks a rule gets the body the API would send."""
    reply = post(path(model), body)

    assert reply.status == 400
    assert reply.error == {
        "code": 400,
        "message": message,
        "status": "INVALID_ARGUMENT",
    }


@pytest.mark.parametrize(
    ("body", "name", "place"),
    [
        pytest.param({"contents": [HI], "stop": []}, "stop", None, id="top level"),
        pytest.param(
            config(max_tokens=1), "max_tokens", "generation_config", id="config"
        ),
        pytest.param(
            tools(OPEN),
            "additionalProperties",
            "tools[0].function_declarations[0].parameters",
            id="row 17",
        ),
        pytest.param(
            config(responseSchema=OPEN),
            "additionalProperties",
            "generation_config.response_schema",
            id="row 17, response schema",
        ),
    ],
)
def test_unknown_names(post: Post, body, name, place):
    """A field the API does not know is named with its place, and in the details."""
    reply = post(path("gemini-2.5-flash"), body)

    at = f" at '{place}'" if place else ""
    start = "Invalid JSON payload received. Unknown name "
    message = f'{start}"{name}"{at}: Cannot find field.'
    violation = {"description": message, **({"field": place} if place else {})}
    kind = "type.googleapis.com/google.rpc.BadRequest"
    assert reply.status == 400
    assert reply.error == {
        "code": 400,
        "message": message,
        "status": "INVALID_ARGUMENT",
        "details": [{"@type": kind, "fieldViolations": [violation]}],
    }


def test_wrong_types(post: Post):
    """A value of a wrong type is refused by its field."""
    reply = post(path("gemini-2.5-flash"), config(temperature="hot"))

    field = "generation_config.temperature"
    text = f"Invalid value at '{field}' (TYPE_FLOAT), \"hot\""
    assert reply.error["message"] == text


@pytest.mark.parametrize(
    ("model", "body"),
    [
        ("gemini-2.5-flash", config(presencePenalty=0, frequency_penalty=0.0)),
        ("gemini-2.5-flash", config(candidateCount=2)),
        ("gemini-2.5-flash", thinking(thinking_budget=-1, include_thoughts=True)),
        ("gemini-2.5-flash", contents(HI, call(), result(role="function"))),
        (
            "gemini-2.5-flash",
            config(responseJsonSchema=OPEN, responseMimeType="application/json"),
        ),
        ("gemini-3-flash-preview", thinking(thinkingBudget=0)),
        (
            "gemini-3.5-flash",
            tools(generationConfig={"responseMimeType": "application/json"}),
        ),
        ("gemini-3.5-flash", contents(HI, call(thoughtSignature=SENTINEL), result())),
        (
            "gemini-3.5-flash",
            contents(
                HI,
                call(thoughtSignature=base64.b64encode(SENTINEL.encode()).decode()),
                result(),
            ),
        ),
        ("gemini-3.5-flash", contents(HI, call(), result(), HI)),
        ("gemini-2.0-flash", config(presencePenalty=0.5)),
    ],
)
def test_gemini_accepts(post: Post, model, body):
    """What a model takes is answered."""
    assert post(path(model), body).status == 200


def test_ignored_parameters(post: Post, emulator: ProviderEmulator):
    """Parameters without effect are answered and put on record."""
    body = config(temperature=0.5, topP=0.5, thinkingConfig={"thinkingBudget": 0})

    assert post(path("gemini-3.7-flash"), body).status == 200
    assert emulator.requests[0].ignored == ["thinkingBudget", "temperature", "topP"]


@pytest.mark.parametrize("model", ["gemini-9", "gemini-3.8-live"])
def test_models_that_are_not_there(post: Post, model):
    """An unknown model, or one without this method, is a 404."""
    reply = post(path(model), {"contents": [HI]})

    assert reply.status == 404
    assert reply.error == {
        "code": 404,
        "message": f"models/{model} is not found for API version v1beta, or is not "
        "supported for generateContent. Call ListModels to see "
        "the list of available "
        "models and their supported methods.",
        "status": "NOT_FOUND",
    }


def test_keys():
    """A missing key is a 403, a wrong one a 400 with its reason."""
    with ProviderEmulator(google_api_keys={"right"}) as emulator:
        target, body = path("gemini-2.5-flash"), {"contents": [HI]}
        missing = request(emulator, target, body, headers={})
        wrong = request(emulator, target, body, headers={"x-goog-api-key": "wrong"})
        empty = request(emulator, target, body, headers={"x-goog-api-key": ""})
        right = request(emulator, target, body, headers={"x-goog-api-key": "right"})

    assert (missing.status, missing.error["status"]) == (403, "PERMISSION_DENIED")
    assert (wrong.status, empty.status, right.status) == (400, 400, 200)
    assert wrong.error["message"] == "API key not valid. Please pass a valid API key."
    assert wrong.error["details"][0]["reason"] == "API_KEY_INVALID"


def test_rerouting_by_date():
    """A model is served by its successor, under its rules, from the given day on."""
    target, body = path("gemini-2.5-pro"), thinking(thinkingLevel="LOW")
    with ProviderEmulator(today=date(2026, 11, 30)) as emulator:
        before = request(emulator, target, body)
        emulator.today = date(2026, 12, 1)
        after = request(emulator, target, body)

    assert (before.status, after.status) == (400, 200)
    assert after.body["modelVersion"] == "gemini-3.8-flash"


def test_shut_down_models():
    """A model past its date is gone when dates are enforced."""
    with ProviderEmulator(shutdown="enforce") as emulator:
        reply = request(emulator, path("gemini-2.0-flash"), {"contents": [HI]})

    assert reply.status == 404


def test_overflow():
    """An input beyond the window is refused with both numbers."""
    rules = ModelRules(id="acme", provider="google_genai", context_window=50)
    body = {"contents": [{"parts": [{"text": "word " * 100}]}]}
    with ProviderEmulator(rules=[rules]) as emulator:
        reply = request(emulator, path("acme"), body)

    assert reply.error["message"] == (
        "The input token count (100) exceeds the maximum number of tokens allowed (50)."
    )


def test_thinking_on_the_default_version(post: Post):
    """The `v1` path, which google-genai 3 takes by default, knows thinking."""
    target = "/v1/models/gemini-2.5-flash:generateContent"
    reply = post(target, thinking(thinkingBudget=1))

    assert 200 == reply.status


def test_vertex_wording(post: Post):
    """The path of Vertex refuses budget 0 in its own words."""
    target = "/v1beta1/publishers/google/models/gemini-2.5-pro:generateContent"
    reply = post(target, thinking(thinkingBudget=0))

    assert reply.error["message"] == (
        "Unable to submit request because Thinking can't be disabled for this model. "
        "Remove 'thinking_config.thinking_budget' from your request and try again."
    )
