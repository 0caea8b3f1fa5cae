"""Exact bodies of the OpenAI errors about messages, items, tools and schemas."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit_tests.testing.conftest import Post, openai_error

CHAT = "/v1/chat/completions"
RESPONSES = "/v1/responses"
HI = {"role": "user", "content": "hi"}
MISSING = "missing_required_parameter"
LONG = "string_above_max_length"
BAD = "invalid_value"
PIXEL = "data:image/png;base64,iVBORw0KGgo="


def made(call_id: str = "call_1", name: str = "f") -> dict[str, Any]:
    """An assistant message with a tool call."""
    call = {
        "id": call_id,
        "type": "function",
        "function": {"name": name, "arguments": "{}"},
    }
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def user(*parts: dict[str, Any]) -> dict[str, Any]:
    """A user message with content parts."""
    return {"role": "user", "content": list(parts)}


def function(name: str = "f", **fields: Any) -> dict[str, Any]:
    """A chat tool."""
    return {"type": "function", "function": {"name": name, **fields}}


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    """A strict response format."""
    held = {"name": "Answer", "schema": schema, "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": held}}


OBJECT = {"type": "object", "properties": {"a": {"type": "string"}}}
CLOSED = {**OBJECT, "additionalProperties": False}
MESSAGE_ROWS = [
    pytest.param(
        [],
        openai_error(
            "Invalid 'messages': empty array. Expected an array with "
            "minimum length 1, but got an empty array instead.",
            "messages",
            "empty_array",
        ),
        id="no messages",
    ),
    pytest.param(
        [{"role": "human", "content": "x"}],
        openai_error(
            "Invalid value: 'human'. Supported values are: 'system', "
            "'assistant', 'user', 'function', 'tool', and "
            "'developer'.",
            "messages[0].role",
            BAD,
        ),
        id="role",
    ),
    pytest.param(
        [{"role": "user", "content": None}],
        openai_error(
            "Invalid value for 'content': expected a string, got null.",
            "messages.[0].content",
            None,
        ),
        id="null content",
    ),
    pytest.param(
        [{**HI, "name": "a b"}],
        openai_error(
            r"Invalid 'messages[0].name': string does not match "
            r"pattern. Expected a string that matches the pattern "
            r"'^[^\s<|\\/>]+$'.",
            "messages[0].name",
            BAD,
        ),
        id="name",
    ),
    pytest.param(
        [user({"type": "thinking", "thinking": "x"})],
        openai_error(
            "Invalid value: 'thinking'. Supported values are: "
            "'text', 'image_url', 'input_audio', 'refusal', 'audio', "
            "and 'file'.",
            "messages[0].content[0].type",
            BAD,
        ),
        id="foreign block",
    ),
    pytest.param(
        [user({"type": "text", "text": "x", "extras": {}})],
        openai_error(
            "Unknown parameter: 'messages[0].content[0].extras'.",
            "messages[0].content[0].extras",
            "unknown_parameter",
        ),
        id="foreign key in a part",
    ),
    pytest.param(
        [{**HI, "reasoning_content": "x"}],
        openai_error(
            "Unknown parameter: 'messages[0].reasoning_content'.",
            "messages[0].reasoning_content",
            "unknown_parameter",
        ),
        id="foreign key in a message",
    ),
    pytest.param(
        [
            {
                "role": "system",
                "content": [{"type": "image_url", "image_url": {"url": PIXEL}}],
            }
        ],
        openai_error(
            "Image URLs are only allowed for messages with role "
            "'user', but this message with role 'system' contains an "
            "image URL.",
            "messages.[0]",
            BAD,
        ),
        id="image in a system message",
    ),
    pytest.param(
        [user({"type": "image_url", "image_url": PIXEL})],
        openai_error(
            "Invalid type for 'messages[0].content[0].image_url': "
            "expected an object, but got a string instead.",
            "messages[0].content[0].image_url",
            "invalid_type",
        ),
        id="image as text",
    ),
    pytest.param(
        [user({"type": "image_url", "image_url": {"url": "data:image/bmp;base64,AA"}})],
        openai_error(
            "You uploaded an unsupported image. Please make sure "
            "your image has of one the following formats: ['png', "
            "'jpeg', 'gif', 'webp'].",
            None,
            "invalid_image_format",
        ),
        id="image format",
    ),
    pytest.param(
        [
            user(
                {
                    "type": "file",
                    "file": {
                        "filename": "a.txt",
                        "file_data": "data:text/plain;base64,AA",
                    },
                }
            )
        ],
        openai_error(
            "Invalid file data: 'messages[0].content[0].file.file_data'. Expected a "
            "base64-encoded data URL with an application/pdf MIME type (e.g. "
            "'data:application/pdf;base64,SGVsbG8sIFdvcmxkIQ=='), but got unsupported "
            "MIME type 'text/plain'.",
            "messages[0].content[0].file.file_data",
            BAD,
        ),
        id="no PDF",
    ),
    pytest.param(
        [
            user(
                {
                    "type": "file",
                    "file": {"file_data": "data:application/pdf;base64,AA"},
                }
            )
        ],
        openai_error(
            "Missing required parameter: 'messages[0].content[0].file.filename'.",
            "messages[0].content[0].file.filename",
            MISSING,
        ),
        id="file name",
    ),
    pytest.param(
        [HI, {"role": "tool", "tool_call_id": "x", "content": "1"}],
        openai_error(
            "Invalid parameter: messages with role 'tool' must be a "
            "response to a preceeding message with 'tool_calls'.",
            "messages.[1].role",
            None,
        ),
        id="orphan result",
    ),
    pytest.param(
        [HI, made(), HI],
        openai_error(
            "An assistant message with 'tool_calls' must be followed "
            "by tool messages responding to each 'tool_call_id'. The "
            "following tool_call_ids did not have response messages: "
            "call_1",
            "messages.[2].role",
            None,
        ),
        id="unanswered call",
    ),
    pytest.param(
        [HI, made("x" * 41)],
        openai_error(
            "Invalid 'messages[1].tool_calls[0].id': string too "
            "long. Expected a string with maximum length 40, but got "
            "a string with length 41 instead.",
            "messages[1].tool_calls[0].id",
            LONG,
        ),
        id="call id",
    ),
    pytest.param(
        [HI, {"role": "assistant", "content": "x", "tool_calls": []}],
        openai_error(
            "Invalid 'messages[1].tool_calls': empty array. Expected "
            "an array with minimum length 1, but got an empty array "
            "instead.",
            "messages[1].tool_calls",
            "empty_array",
        ),
        id="no calls",
    ),
]
BODY_ROWS = [
    pytest.param(
        {"tools": []},
        openai_error(
            "Invalid 'tools': empty array. Expected an array with "
            "minimum length 1, but got an empty array instead.",
            "tools",
            "empty_array",
        ),
        id="no tools",
    ),
    pytest.param(
        {"tools": [{"type": "function", "name": "f"}]},
        openai_error(
            "Missing required parameter: 'tools[0].function'.",
            "tools[0].function",
            MISSING,
        ),
        id="flat tool",
    ),
    pytest.param(
        {"tools": [{"type": "web_search"}]},
        openai_error(
            "Invalid value: 'web_search'. Supported values are: "
            "'function' and 'custom'.",
            "tools[0].type",
            BAD,
        ),
        id="tool type",
    ),
    pytest.param(
        {"tools": [function("a b")]},
        openai_error(
            "Invalid 'tools[0].function.name': string does not match "
            "pattern. Expected a string that matches the pattern "
            "'^[a-zA-Z0-9_-]+$'.",
            "tools[0].function.name",
            BAD,
        ),
        id="tool name",
    ),
    pytest.param(
        {"tools": [function("a" * 65)]},
        openai_error(
            "Invalid 'tools[0].function.name': string too long. "
            "Expected a string with maximum length 64, but got a "
            "string with length 65 instead.",
            "tools[0].function.name",
            LONG,
        ),
        id="long tool name",
    ),
    pytest.param(
        {"tools": [function(parameters={"type": "array"})]},
        openai_error(
            "Invalid schema for function 'f': schema must be a JSON "
            "Schema of 'type: \"object\"', got 'type: \"array\"'.",
            "tools[0].function.parameters",
            "invalid_function_parameters",
        ),
        id="tool schema",
    ),
    pytest.param(
        {
            "tools": [
                function(
                    parameters={
                        "type": "object",
                        "properties": {"a": {"type": "array"}},
                    }
                )
            ]
        },
        openai_error(
            "Invalid schema for function 'f': In "
            "context=('properties', 'a'), array schema missing items.",
            "tools[0].function.parameters",
            "invalid_function_parameters",
        ),
        id="array without items",
    ),
    pytest.param(
        {"tools": [function(parameters=OBJECT, strict=True)]},
        openai_error(
            "Invalid schema for function 'f': In context=(), "
            "'additionalProperties' is required to be supplied and "
            "to be false.",
            "tools[0].function.parameters",
            "invalid_function_parameters",
        ),
        id="strict tool",
    ),
    pytest.param(
        {"tool_choice": "auto"},
        openai_error(
            "Invalid value for 'tool_choice': 'tool_choice' is only "
            "allowed when 'tools' are specified.",
            "tool_choice",
            None,
        ),
        id="choice without tools",
    ),
    pytest.param(
        {"tools": [function()], "tool_choice": function("g")},
        openai_error(
            "Tool choice 'g' not found in 'tools' parameter.", "tool_choice", None
        ),
        id="choice of an unknown tool",
    ),
    pytest.param(
        {"tools": [function()], "tool_choice": "any"},
        openai_error(
            "Invalid value: 'any'. Supported values are: 'none', "
            "'auto', and 'required'.",
            "tool_choice",
            BAD,
        ),
        id="unknown choice",
    ),
    pytest.param(
        strict(OBJECT),
        openai_error(
            "Invalid schema for response_format 'Answer': In "
            "context=(), 'additionalProperties' is required to be "
            "supplied and to be false.",
            "response_format",
            None,
        ),
        id="open object",
    ),
    pytest.param(
        strict(CLOSED),
        openai_error(
            "Invalid schema for response_format 'Answer': In "
            "context=(), 'required' is required to be supplied and "
            "to be an array including every key in properties.",
            "response_format",
            None,
        ),
        id="nothing required",
    ),
    pytest.param(
        strict({**CLOSED, "required": ["b"]}),
        openai_error(
            "Invalid schema for response_format 'Answer': In "
            "context=(), 'required' is required to be supplied and "
            "to be an array including every key in properties. "
            "Missing 'a'.",
            "response_format",
            None,
        ),
        id="one not required",
    ),
    pytest.param(
        strict(
            {
                "type": "object",
                "properties": {"a": OBJECT},
                "required": ["a"],
                "additionalProperties": False,
            }
        ),
        openai_error(
            "Invalid schema for response_format 'Answer': In "
            "context=('properties', 'a'), 'additionalProperties' is "
            "required to be supplied and to be false.",
            "response_format",
            None,
        ),
        id="open object inside",
    ),
    pytest.param(
        strict(
            {
                "type": "object",
                "properties": {"a": {"type": "string", "not": {"enum": ["x"]}}},
                "required": ["a"],
                "additionalProperties": False,
            }
        ),
        openai_error(
            "Invalid schema for response_format 'Answer': In "
            "context=('properties', 'a'), 'not' is not permitted.",
            "response_format",
            None,
        ),
        id="keyword",
    ),
    pytest.param(
        {"response_format": {"type": "json_object"}},
        openai_error(
            "'messages' must contain the word 'json' in some form, "
            "to use 'response_format' of type 'json_object'.",
            "messages",
            None,
        ),
        id="row 38",
    ),
    pytest.param(
        {"response_format": {"type": "json"}},
        openai_error(
            "Invalid value: 'json'. Supported values are: "
            "'json_object', 'json_schema', and 'text'.",
            "response_format.type",
            BAD,
        ),
        id="format type",
    ),
    pytest.param(
        {"model": "gpt-4-turbo", **strict({**CLOSED, "required": ["a"]})},
        openai_error(
            "Invalid parameter: 'response_format' of type "
            "'json_schema' is not supported with this model. Learn "
            "more about supported models at the Structured Outputs "
            "guide: "
            "https://platform.openai.com/docs/guides/structured-outputs",
            "response_format",
            None,
        ),
        id="row 37",
    ),
    pytest.param(
        {"model": "gpt-4", "response_format": {"type": "json_object"}},
        openai_error(
            "Invalid parameter: 'response_format' of type "
            "'json_object' is not supported with this model. Learn "
            "more about supported models at the Structured Outputs "
            "guide: "
            "https://platform.openai.com/docs/guides/structured-outputs",
            "response_format",
            None,
        ),
        id="row 37, object",
    ),
    pytest.param(
        {
            "model": "gpt-4",
            "messages": [
                HI,
                user(
                    {"type": "text", "text": "x"},
                    {"type": "image_url", "image_url": {"url": PIXEL}},
                ),
            ],
        },
        openai_error(
            "Invalid content type. image_url is only supported by certain models.",
            "messages.[1].content.[1].type",
            None,
        ),
        id="row 43",
    ),
    pytest.param(
        {
            "messages": [
                user(
                    {
                        "type": "input_audio",
                        "input_audio": {"data": "AA", "format": "wav"},
                    }
                )
            ]
        },
        openai_error(
            "Invalid 'messages[0]'. Content blocks are expected to be either text or "
            "image_url type.",
            "messages[0]",
            BAD,
        ),
        id="row 43, audio",
    ),
]
ITEM_ROWS = [
    pytest.param(
        [user({"type": "text", "text": "x"})],
        400,
        openai_error(
            "Invalid value: 'text'. Supported values are: "
            "'input_text', 'input_image', 'output_text', 'refusal', "
            "'input_file', 'computer_screenshot', and 'summary_text'.",
            "input[0].content[0].type",
            BAD,
        ),
        id="chat part",
    ),
    pytest.param(
        [{"role": "assistant", "content": [{"type": "input_text", "text": "x"}]}, HI],
        400,
        openai_error(
            "Invalid value: 'input_text'. Supported values are: "
            "'output_text' and 'refusal'.",
            "input[0].content[0].type",
            BAD,
        ),
        id="user part of the assistant",
    ),
    pytest.param(
        [user({"type": "output_text", "text": "x"})],
        400,
        openai_error(
            "Invalid value: 'output_text'. Supported values are: "
            "'input_text', 'input_image', and 'input_file'.",
            "input[0].content[0].type",
            BAD,
        ),
        id="assistant part of the user",
    ),
    pytest.param(
        [HI, {"type": "function_call_output", "call_id": "c1", "output": "1"}],
        400,
        openai_error(
            "No tool call found for function call output with call_id c1.",
            "input",
            None,
        ),
        id="orphan output",
    ),
    pytest.param(
        [
            HI,
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        ],
        400,
        openai_error("No tool output found for function call c1.", "input", None),
        id="unanswered call",
    ),
    pytest.param(
        [
            HI,
            {
                "type": "function_call",
                "call_id": "c" * 65,
                "name": "f",
                "arguments": "{}",
            },
        ],
        400,
        openai_error(
            "Invalid 'input[1].call_id': string too long. Expected a "
            "string with maximum length 64, but got a string with "
            "length 65 instead.",
            "input[1].call_id",
            LONG,
        ),
        id="call id",
    ),
    pytest.param(
        [
            HI,
            {
                "type": "function_call",
                "id": "call_1",
                "call_id": "c1",
                "name": "f",
                "arguments": "{}",
            },
        ],
        400,
        openai_error(
            "Invalid 'input[1].id': 'call_1'. Expected an ID that begins with 'fc'.",
            "input[1].id",
            BAD,
        ),
        id="item id",
    ),
    pytest.param(
        [
            HI,
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"role": "assistant", "content": "x"},
        ],
        404,
        openai_error(
            "Item with id 'rs_1' not found. Items are not persisted "
            "when `store` is set to false. Try again with `store` "
            "set to true, or remove this item from your input.",
            "input",
            None,
        ),
        id="unknown reasoning",
    ),
    pytest.param(
        [HI, {"type": "item_reference", "id": "rs_1"}],
        404,
        openai_error(
            "Item with id 'rs_1' not found. Items are not persisted "
            "when `store` is set to false. Try again with `store` "
            "set to true, or remove this item from your input.",
            "input",
            None,
        ),
        id="unknown reference",
    ),
    pytest.param(
        [
            HI,
            {
                "type": "reasoning",
                "id": "rs_1",
                "summary": [],
                "encrypted_content": "gAAAA",
            },
            {"role": "assistant", "content": "x"},
        ],
        400,
        openai_error(
            "The encrypted content for item rs_1 could not be "
            "verified. Reason: Encrypted content could not be "
            "decrypted or parsed.",
            "input",
            "invalid_encrypted_content",
        ),
        id="row 55",
    ),
    pytest.param(
        [{"type": "thinking", "id": "x"}],
        400,
        openai_error(None, "input[0].type", BAD),
        id="foreign item",
    ),
    pytest.param(
        [],
        400,
        openai_error(
            "Invalid 'input': empty array. Expected an array with "
            "minimum length 1, but got an empty array instead.",
            "input",
            "empty_array",
        ),
        id="no items",
    ),
]


@pytest.mark.parametrize(("messages", "error"), MESSAGE_ROWS)
def test_messages(post: Post, messages, error):
    """Malformed messages get the body the API would send."""
    reply = post(CHAT, {"model": "gpt-4o", "messages": messages})

    assert reply.status == 400
    assert error == reply.error


@pytest.mark.parametrize(("body", "error"), BODY_ROWS)
def test_tools_and_formats(post: Post, body, error):
    """Malformed tools and response formats get the body the API would send."""
    reply = post(CHAT, {"model": "gpt-4o", "messages": [HI], **body})

    assert reply.status == 400
    assert error == reply.error


@pytest.mark.parametrize(("items", "status", "error"), ITEM_ROWS)
def test_items(post: Post, items, status, error):
    """Malformed items get the body the API would send."""
    reply = post(RESPONSES, {"model": "gpt-5.1", "input": items})

    assert reply.status == status
    assert {
        **error,
        "message": error["message"] or reply.error["message"],
    } == reply.error


def test_nested_tool_on_responses(post: Post):
    """A chat tool sent to Responses lacks its name."""
    body = {"model": "gpt-4o", "input": "hi", "tools": [function()]}
    reply = post(RESPONSES, body)

    error = openai_error(
        "Missing required parameter: 'tools[0].name'.", "tools[0].name", MISSING
    )
    assert error == reply.error


def test_json_word_on_responses(post: Post):
    """A JSON object on Responses wants the word too, in its own words."""
    text = {"format": {"type": "json_object"}}
    reply = post(RESPONSES, {"model": "gpt-4o", "input": "hi", "text": text})

    message = (
        "Response input messages must contain the word 'json' in "
        "some form to use "
        "'text.format' of type 'json_object'."
    )
    assert openai_error(message, "input", None) == reply.error


def test_reasoning_without_its_follower(post: Post):
    """Reasoning that ends the input, or stands before the user, is refused."""
    answered = post(
        RESPONSES,
        {
            "model": "gpt-5.5",
            "input": "hi",
            "store": False,
            "include": ["reasoning.encrypted_content"],
        },
    ).body
    reasoning, message = answered["output"]

    dangling = {"model": "gpt-5.5", "input": [HI, reasoning, HI]}
    complete = {"model": "gpt-5.5", "input": [HI, reasoning, message, HI]}
    foreign = {**complete, "model": "gpt-5.1"}

    text = (
        f"Item '{reasoning['id']}' of type 'reasoning' was provided without its "
        "required following item."
    )
    assert openai_error(text, "input", None) == post(RESPONSES, dangling).error
    assert post(RESPONSES, complete).status == 200
    assert post(RESPONSES, foreign).error["code"] == "invalid_encrypted_content"


def test_kept_call_without_its_reasoning(post: Post):
    """A kept call needs the reasoning it came with."""
    tool = {
        "type": "function",
        "name": "lookup",
        "parameters": {"type": "object", "properties": {}},
    }
    body = {"model": "gpt-5.5", "tools": [tool]}
    first = post(RESPONSES, {**body, "input": "Use lookup"}).body
    reasoning, call = first["output"]
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "7"}

    lonely = post(RESPONSES, {**body, "input": [HI, call, output]})
    whole = post(RESPONSES, {**body, "input": [HI, reasoning, call, output]})

    text = (
        f"Item '{call['id']}' of type 'function_call' was provided without its "
        f"required 'reasoning' item: '{reasoning['id']}'."
    )
    assert openai_error(text, "input", None) == lonely.error
    assert whole.status == 200


def test_previous_response(post: Post):
    """A kept response can be continued, an unknown one cannot."""
    first = post(RESPONSES, {"model": "gpt-5.5", "input": "remember"}).body
    body = {"model": "gpt-5.5", "input": "go on"}

    assert post(RESPONSES, {**body, "previous_response_id": first["id"]}).status == 200
    unknown = post(RESPONSES, {**body, "previous_response_id": "resp_x"})
    message = "Previous response with id 'resp_x' not found."
    code = "previous_response_not_found"
    assert openai_error(message, "previous_response_id", code) == unknown.error
