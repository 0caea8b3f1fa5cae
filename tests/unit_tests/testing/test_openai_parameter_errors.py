"""Exact bodies of the OpenAI errors about parameters."""

from __future__ import annotations

import pytest

from langchain_unified.testing import ModelRules, ProviderEmulator
from tests.unit_tests.testing.conftest import Post, openai_error, request

CHAT = "/v1/chat/completions"
RESPONSES = "/v1/responses"
HI = [{"role": "user", "content": "hi"}]
TOOL = {
    "type": "function",
    "function": {"name": "f", "parameters": {"type": "object", "properties": {}}},
}
FLAT_TOOL = {
    "type": "function",
    "name": "f",
    "parameters": TOOL["function"]["parameters"],
}
GO = "https://platform.openai.com/settings/organization/general"
UNSUPPORTED = "Unsupported parameter: '{0}' is not supported with this model."
VALUE = "unsupported_value"
PARAMETER = "unsupported_parameter"

CHAT_ROWS = [
    pytest.param(
        {"model": "gpt-5.1", "max_tokens": 5},
        openai_error(
            UNSUPPORTED.format("max_tokens") + " Use 'max_completion_tokens' instead.",
            "max_tokens",
            PARAMETER,
        ),
        id="row 1",
    ),
    pytest.param(
        {"model": "gpt-5", "temperature": 0.2},
        openai_error(
            "Unsupported value: 'temperature' does not support 0.2 "
            "with this model. Only "
            "the default (1) value is supported.",
            "temperature",
            VALUE,
        ),
        id="row 2",
    ),
    pytest.param(
        {"model": "o3-mini", "temperature": 1},
        openai_error(UNSUPPORTED.format("temperature"), "temperature", PARAMETER),
        id="row 3",
    ),
    pytest.param(
        {"model": "gpt-5.1", "stop": ["x"]},
        openai_error(UNSUPPORTED.format("stop"), "stop", PARAMETER),
        id="row 5",
    ),
    pytest.param(
        {"model": "gpt-5.5", "top_p": 0.5},
        openai_error(UNSUPPORTED.format("top_p"), "top_p", PARAMETER),
        id="row 6",
    ),
    pytest.param(
        {"model": "gpt-5.1", "presence_penalty": 0.5},
        openai_error(
            UNSUPPORTED.format("presence_penalty"), "presence_penalty", PARAMETER
        ),
        id="row 7",
    ),
    pytest.param(
        {"model": "gpt-5.1", "frequency_penalty": 0.5},
        openai_error(
            UNSUPPORTED.format("frequency_penalty"), "frequency_penalty", PARAMETER
        ),
        id="row 8",
    ),
    pytest.param(
        {"model": "gpt-5", "logprobs": True},
        openai_error(UNSUPPORTED.format("logprobs"), "logprobs", PARAMETER),
        id="row 9",
    ),
    pytest.param(
        {"model": "gpt-5.1", "logit_bias": {"50256": -100}},
        openai_error(UNSUPPORTED.format("logit_bias"), "logit_bias", PARAMETER),
        id="row 10",
    ),
    pytest.param(
        {"model": "o3", "parallel_tool_calls": False, "tools": [TOOL]},
        openai_error(
            UNSUPPORTED.format("parallel_tool_calls"), "parallel_tool_calls", PARAMETER
        ),
        id="row 11",
    ),
    pytest.param(
        {"model": "gpt-4o", "parallel_tool_calls": False},
        openai_error(
            "Invalid value for 'parallel_tool_calls': "
            "'parallel_tool_calls' is only allowed "
            "when 'tools' are specified.",
            "parallel_tool_calls",
            None,
        ),
        id="row 12",
    ),
    pytest.param(
        {"model": "o1-mini", "messages": [{"role": "system", "content": "s"}, *HI]},
        openai_error(
            "Unsupported value: 'messages[0].role' does not support "
            "'system' with this "
            "model.",
            "messages[0].role",
            VALUE,
        ),
        id="row 13",
    ),
    pytest.param(
        {"model": "o1-mini", "messages": [{"role": "developer", "content": "s"}, *HI]},
        openai_error(
            "Unsupported value: 'messages[0].role' does not support "
            "'developer' with this "
            "model.",
            "messages[0].role",
            VALUE,
        ),
        id="row 13, developer",
    ),
    pytest.param(
        {"model": "gpt-4o", "reasoning_effort": "low"},
        openai_error(
            "Unrecognized request argument supplied: reasoning_effort", None, None
        ),
        id="row 14",
    ),
    pytest.param(
        {"model": "gpt-5.4", "reasoning_effort": "minimal"},
        openai_error(
            "Unsupported value: 'reasoning_effort' does not support "
            "'minimal' with this "
            "model. Supported values are: 'none', 'low', 'medium', "
            "'high', 'xhigh'.",
            "reasoning_effort",
            VALUE,
        ),
        id="row 17",
    ),
    pytest.param(
        {"model": "gpt-5.1", "reasoning_effort": None},
        openai_error(
            "Unsupported value: 'reasoning_effort' does not support "
            "null with this model. "
            "Supported values are: 'none', 'low', 'medium', and 'high'.",
            "reasoning_effort",
            VALUE,
        ),
        id="row 18",
    ),
    pytest.param(
        {"model": "gpt-5.2-chat-latest", "reasoning_effort": "high"},
        openai_error(
            "Unsupported value: 'reasoning_effort' does not support "
            "'high' with this model. "
            "Supported values are: 'medium'.",
            "reasoning_effort",
            VALUE,
        ),
        id="row 19",
    ),
    pytest.param(
        {"model": "gpt-4o", "verbosity": "low"},
        openai_error(
            "Unsupported value: 'verbosity' does not support 'low' "
            "with this model. "
            "Supported values are: 'medium'.",
            "verbosity",
            VALUE,
        ),
        id="row 23",
    ),
    pytest.param(
        {"model": "gpt-5.4", "tools": [TOOL], "reasoning_effort": "high"},
        openai_error(
            "Function tools with reasoning_effort are not supported "
            "for gpt-5.4 in "
            "/v1/chat/completions. Please use /v1/responses instead.",
            "reasoning_effort",
            None,
        ),
        id="row 24",
    ),
    pytest.param(
        {"model": "gpt-6-astra", "tools": [TOOL]},
        openai_error(
            "Function tools with reasoning_effort are not supported "
            "for gpt-6-astra in "
            "/v1/chat/completions. Please use /v1/responses instead.",
            "reasoning_effort",
            None,
        ),
        id="row 24, never",
    ),
    pytest.param(
        {"model": "gpt-5.6-sol", "tools": [TOOL]},
        openai_error(
            "Function tools with reasoning_effort are not supported "
            "for gpt-5.6-sol in "
            "/v1/chat/completions. To use function tools, use "
            "/v1/responses or set "
            "reasoning_effort to 'none'.",
            "reasoning_effort",
            None,
        ),
        id="row 25",
    ),
    pytest.param(
        {"model": "gpt-4o", "reasoning": {"effort": "low"}},
        openai_error("Unrecognized request argument supplied: reasoning", None, None),
        id="unknown argument",
    ),
    pytest.param(
        {"model": "gpt-4o", "top_k": 1, "thinking": {}},
        openai_error(
            "Unrecognized request arguments supplied: top_k, thinking", None, None
        ),
        id="unknown arguments",
    ),
    pytest.param(
        {
            "model": "gpt-4o-search-preview",
            "frequency_penalty": 0,
            "presence_penalty": 0,
            "temperature": 1,
            "top_p": 1,
        },
        openai_error(
            "Model incompatible request arguments supplied: "
            "frequency_penalty, "
            "presence_penalty, temperature, top_p",
            None,
            None,
        ),
        id="row 32",
    ),
    pytest.param(
        {"model": "gpt-4o-search-preview", "temperature": 1},
        openai_error(
            "Model incompatible request argument supplied: temperature", None, None
        ),
        id="row 32, one",
    ),
    pytest.param(
        {"model": "gpt-4o", "max_tokens": 5, "max_completion_tokens": 5},
        openai_error(
            "Setting 'max_tokens' and 'max_completion_tokens' at the "
            "same time is not "
            "supported.",
            "max_tokens",
            "invalid_parameter_combination",
        ),
        id="row 33",
    ),
    pytest.param(
        {"model": "gpt-4o", "max_completion_tokens": 0},
        openai_error(
            "Invalid 'max_completion_tokens': integer below minimum "
            "value. Expected a value "
            ">= 1, but got 0 instead.",
            "max_completion_tokens",
            "integer_below_min_value",
        ),
        id="row 34, chat",
    ),
    pytest.param(
        {"model": "gpt-3.5-turbo", "max_tokens": 8192},
        openai_error(
            "max_tokens is too large: 8192. This model supports at "
            "most 4096 completion "
            "tokens, whereas you provided 8192.",
            "max_tokens",
            "invalid_value",
        ),
        id="row 36",
    ),
    pytest.param(
        {"model": "o1-mini", "stream": True, "tools": [TOOL]},
        openai_error(
            "tools is not supported in this model. For a list of "
            "supported models, refer to "
            "https://platform.openai.com/docs/guides/function-calling"
            "#models-supporting-function-calling.",
            None,
            None,
        ),
        id="row 41",
    ),
    pytest.param(
        {"model": "gpt-5", "function_call": "auto", "functions": []},
        openai_error(UNSUPPORTED.format("function_call"), "function_call", PARAMETER),
        id="row 42",
    ),
    pytest.param(
        {"model": "gpt-audio-mini"},
        openai_error(
            "This model requires that either input content or output "
            "modality contain "
            "audio.",
            None,
            None,
        ),
        id="row 44",
    ),
    pytest.param(
        {"model": "gpt-4o", "web_search_options": {}},
        openai_error(
            "Web search options not supported with this model.",
            "web_search_options",
            None,
        ),
        id="row 45",
    ),
    pytest.param(
        {"model": "gpt-4o", "temperature": -1},
        openai_error(
            "Invalid 'temperature': decimal below minimum value. "
            "Expected a value >= 0, but "
            "got -1 instead.",
            "temperature",
            "decimal_below_min_value",
        ),
        id="row 46",
    ),
    pytest.param(
        {"model": "gpt-4o", "temperature": 5},
        openai_error(
            "Invalid 'temperature': decimal above maximum value. "
            "Expected a value <= 2, but "
            "got 5 instead.",
            "temperature",
            "decimal_above_max_value",
        ),
        id="row 46, above",
    ),
    pytest.param(
        {"model": "gpt-4o", "presence_penalty": -2.5},
        openai_error(
            "Invalid 'presence_penalty': decimal below minimum "
            "value. Expected a value >= "
            "-2, but got -2.5 instead.",
            "presence_penalty",
            "decimal_below_min_value",
        ),
        id="penalty range",
    ),
    pytest.param(
        {"model": "gpt-4o", "top_logprobs": 21, "logprobs": True},
        openai_error(
            "Invalid 'top_logprobs': integer above maximum value. "
            "Expected a value <= 20, "
            "but got 21 instead.",
            "top_logprobs",
            "integer_above_max_value",
        ),
        id="top_logprobs range",
    ),
    pytest.param(
        {"model": "gpt-4o", "top_logprobs": 2},
        openai_error(
            "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.",
            "top_logprobs",
            None,
        ),
        id="top_logprobs alone",
    ),
    pytest.param(
        {"model": "gpt-4o", "stop": list("abcde")},
        openai_error(
            "Invalid 'stop': array too long. Expected an array with "
            "maximum length 4, but "
            "got an array with length 5 instead.",
            "stop",
            "array_above_max_length",
        ),
        id="too many stops",
    ),
    pytest.param(
        {"model": "gpt-4o", "temperature": "hot"},
        openai_error(
            "Invalid type for 'temperature': expected a decimal, but "
            "got a string instead.",
            "temperature",
            "invalid_type",
        ),
        id="wrong type",
    ),
    pytest.param(
        {"model": "gpt-4o", "max_tokens": 1.5},
        openai_error(
            "Invalid type for 'max_tokens': expected an integer, but "
            "got a decimal number "
            "instead.",
            "max_tokens",
            "invalid_type",
        ),
        id="wrong number type",
    ),
    pytest.param(
        {"model": "o1-mini", "n": 2},
        openai_error(
            "Unsupported value: 'n' does not support 2 with this "
            "model. Only the default "
            "(1) value is supported.",
            "n",
            VALUE,
        ),
        id="n",
    ),
    pytest.param(
        {"model": "gpt-4o", "stream_options": {"include_usage": True}},
        openai_error(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            "stream_options",
            None,
        ),
        id="row 40",
    ),
    pytest.param(
        {"model": "gpt-5.6", "prompt_cache_retention": "24h"},
        openai_error(
            "prompt_cache_retention is not supported on this model",
            "prompt_cache_retention",
            "invalid_parameter",
        ),
        id="row 53",
    ),
]

RESPONSES_ROWS = [
    pytest.param(
        {"model": "gpt-6-astra", "temperature": 0.5},
        openai_error(UNSUPPORTED.format("temperature"), "temperature", None),
        id="row 4",
    ),
    pytest.param(
        {"model": "gpt-6.2-sol", "top_p": 0.5},
        openai_error(UNSUPPORTED.format("top_p"), "top_p", None),
        id="row 4, only default",
    ),
    pytest.param(
        {"model": "gpt-4o", "reasoning": {"effort": "low"}},
        openai_error(
            UNSUPPORTED.format("reasoning.effort"), "reasoning.effort", PARAMETER
        ),
        id="row 15",
    ),
    pytest.param(
        {"model": "gpt-5.1", "reasoning": {"effort": "minimal"}},
        openai_error(
            "Unsupported value: 'minimal' is not supported with the "
            "'gpt-5.1' model. "
            "Supported values are: 'none', 'low', 'medium', and 'high'.",
            "reasoning.effort",
            VALUE,
        ),
        id="row 16",
    ),
    pytest.param(
        {"model": "gpt-5.1-chat-latest", "reasoning": {"effort": "high"}},
        openai_error(
            "Unsupported value: 'high' is not supported with the "
            "'gpt-5.1-chat-latest' "
            "model. Supported values are: 'medium'.",
            "reasoning.effort",
            VALUE,
        ),
        id="row 20",
    ),
    pytest.param(
        {"model": "gpt-5-pro", "reasoning": {"effort": "medium"}},
        openai_error(
            "Unsupported value: 'medium' is not supported with the "
            "'gpt-5-pro' model. "
            "Supported values are: 'high'.",
            "reasoning.effort",
            VALUE,
        ),
        id="row 21",
    ),
    pytest.param(
        {"model": "gpt-5-chat-latest", "text": {"verbosity": "low"}},
        openai_error(
            "Unsupported value: 'low' is not supported with the "
            "'gpt-5-chat-latest' model. "
            "Supported values are: 'medium'.",
            "text.verbosity",
            VALUE,
        ),
        id="row 22",
    ),
    pytest.param(
        {"model": "gpt-5.1", "reasoning_effort": "low"},
        openai_error(
            "Unsupported parameter: 'reasoning_effort'. In the "
            "Responses API, this "
            "parameter has moved to 'reasoning.effort'. Try again "
            "with the new parameter. "
            "See the API documentation for more information: "
            "https://platform.openai.com/docs/api-reference/responses/create.",
            None,
            PARAMETER,
        ),
        id="row 28",
    ),
    pytest.param(
        {"model": "gpt-5.1", "messages": HI},
        openai_error(
            "Unsupported parameter: 'messages'. In the Responses "
            "API, this parameter has "
            "moved to 'input'. Try again with the new parameter. See "
            "the API documentation "
            "for more information: "
            "https://platform.openai.com/docs/api-reference/responses/create.",
            None,
            PARAMETER,
        ),
        id="row 28, messages",
    ),
    pytest.param(
        {"model": "gpt-4o", "stop": ["x"]},
        openai_error("Unknown parameter: 'stop'.", "stop", "unknown_parameter"),
        id="unknown parameter",
    ),
    pytest.param(
        {"model": "gpt-4o", "max_output_tokens": 5},
        openai_error(
            "Invalid 'max_output_tokens': integer below minimum "
            "value. Expected a value >= "
            "16, but got 5 instead.",
            "max_output_tokens",
            "integer_below_min_value",
        ),
        id="row 34",
    ),
    pytest.param(
        {"model": "gpt-4o", "max_output_tokens": 99_999},
        openai_error(
            "Invalid 'max_output_tokens': integer above maximum "
            "value. Expected a value <= "
            "16384, but got 99999 instead.",
            "max_output_tokens",
            "integer_above_max_value",
        ),
        id="above the cap",
    ),
    pytest.param(
        {"model": "gpt-5-pro", "stream": True},
        openai_error(
            "Unsupported value: 'stream' does not support true with "
            "this model. Only the "
            "default (false) value is supported.",
            "stream",
            VALUE,
        ),
        id="row 39",
    ),
    pytest.param(
        {"model": "gpt-4o", "include": ["reasoning.encrypted_content"]},
        openai_error(
            "Encrypted content is not supported with this model.", "include", None
        ),
        id="encrypted content",
    ),
    pytest.param(
        {"model": "gpt-5.5", "include": ["message.output_text.logprobs"]},
        openai_error(
            UNSUPPORTED.format("message.output_text.logprobs"), "include", None
        ),
        id="logprobs through include",
    ),
    pytest.param(
        {"model": "o3", "tools": [FLAT_TOOL], "parallel_tool_calls": True},
        openai_error(
            UNSUPPORTED.format("parallel_tool_calls"), "parallel_tool_calls", None
        ),
        id="row 11, Responses",
    ),
    pytest.param(
        {"model": "gpt-4o", "text": {"formt": {}}},
        openai_error(
            "Unknown parameter: 'text.formt'.", "text.formt", "unknown_parameter"
        ),
        id="unknown nested parameter",
    ),
]


@pytest.mark.parametrize(("body", "error"), CHAT_ROWS)
def test_chat_refuses(post: Post, body, error):
    """A chat request that breaks a rule gets the body the API would send."""
    reply = post(CHAT, {"messages": HI, **body})

    assert reply.status == 400
    assert error == reply.error


@pytest.mark.parametrize(("body", "error"), RESPONSES_ROWS)
def test_responses_refuses(post: Post, body, error):
    """A Responses request that breaks a rule gets the body the API would send."""
    reply = post(RESPONSES, {"input": "hi", **body})

    assert reply.status == 400
    assert error == reply.error


@pytest.mark.parametrize(
    "body",
    [
        {"model": "gpt-5.4", "temperature": 0, "top_p": 0.5, "logprobs": True},
        {"model": "gpt-5.4", "tools": [TOOL]},
        {"model": "gpt-5.4", "tools": [TOOL], "reasoning_effort": "none"},
        {"model": "gpt-5.6-sol", "tools": [TOOL], "reasoning_effort": "none"},
        {"model": "gpt-5.6-sol", "temperature": 0, "reasoning_effort": "none"},
        {"model": "gpt-5.2", "tools": [TOOL], "reasoning_effort": "xhigh"},
        {"model": "gpt-5", "temperature": 1, "presence_penalty": 0},
        {"model": "gpt-4o", "temperature": None, "n": None},
        {"model": "gpt-audio-mini", "modalities": ["text", "audio"]},
        {"model": "gpt-4o-search-preview", "web_search_options": {}},
        {"model": "gpt-4o", "n": 2, "logit_bias": {}, "seed": 1, "stop": "a"},
    ],
)
def test_chat_accepts(post: Post, body):
    """What a model takes at this effort is answered."""
    assert post(CHAT, {"messages": HI, **body}).status == 200


@pytest.mark.parametrize(
    ("path", "model", "status", "error"),
    [
        pytest.param(
            CHAT,
            "gpt-5.2-proo",
            404,
            openai_error(
                "The model `gpt-5.2-proo` does not exist or you do not "
                "have access to it.",
                None,
                "model_not_found",
            ),
            id="row 47",
        ),
        pytest.param(
            RESPONSES,
            "gpt-5.2-proo",
            400,
            openai_error(
                "The requested model 'gpt-5.2-proo' does not exist.",
                "model",
                "model_not_found",
            ),
            id="row 48",
        ),
        pytest.param(
            CHAT,
            "gpt-5.1-mini",
            404,
            openai_error(
                "The model `gpt-5.1-mini` does not exist or you do not "
                "have access to it.",
                None,
                "model_not_found",
            ),
            id="kept in the SDK only",
        ),
        pytest.param(
            CHAT,
            "gpt-5-pro",
            404,
            openai_error(
                "This model is only supported in v1/responses and not in "
                "v1/chat/completions.",
                "model",
                None,
            ),
            id="row 27",
        ),
        pytest.param(
            CHAT,
            "gpt-5.1-codex",
            404,
            openai_error(
                "This is not a chat model and thus not supported in the "
                "v1/chat/completions endpoint. Did you mean to use v1/completions?",
                "model",
                None,
            ),
            id="row 26",
        ),
        pytest.param(
            RESPONSES,
            "gpt-audio-mini",
            400,
            openai_error(
                "The requested model 'gpt-audio-mini' cannot be used "
                "with the Responses "
                "API.",
                "model",
                None,
            ),
            id="chat only",
        ),
    ],
)
def test_models_that_are_not_there(post: Post, path, model, status, error):
    """An unknown model, or one of the other endpoint, is refused per endpoint."""
    reply = post(path, {"model": model, "messages": HI, "input": "hi"})

    assert reply.status == status
    assert error == reply.error


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        pytest.param(
            RESPONSES,
            {"model": "gpt-5", "input": "hi", "reasoning": {"summary": "auto"}},
            openai_error(
                "Your organization must be verified to generate reasoning summaries. "
                f"Please go to: {GO} and click on Verify Organization.",
                "reasoning.summary",
                VALUE,
            ),
            id="row 30",
        ),
        pytest.param(
            CHAT,
            {"model": "gpt-5", "messages": HI, "stream": True},
            openai_error(
                "Your organization must be verified to stream this model. Please go "
                f"to: {GO} and click on Verify Organization.",
                "stream",
                VALUE,
            ),
            id="row 31",
        ),
    ],
)
def test_unverified_organizations(post: Post, path, body, error):
    """Summaries and some streams are refused to unverified organizations."""
    with ProviderEmulator(verified_organization=False) as unverified:
        reply = request(unverified, path, body)

    assert reply.status == 400
    assert error == reply.error
    assert post(path, body).status == 200


def test_shut_down_models():
    """A model past its date answers by default, and is gone when dates are enforced."""
    body = {"model": "gpt-4-turbo", "messages": HI}
    with ProviderEmulator(shutdown="enforce") as enforcing:
        reply = request(enforcing, CHAT, body)
    with ProviderEmulator() as lenient:
        assert request(lenient, CHAT, body).status == 200

    assert reply.status == 404
    assert reply.error == {
        "message": "The model `gpt-4-turbo` has been deprecated, learn more "
        "here: "
        "https://platform.openai.com/docs/deprecations",
        "type": "invalid_request_error",
        "param": None,
        "code": "model_not_found",
    }


@pytest.mark.parametrize(
    ("headers", "message", "code"),
    [
        ({}, "You didn't provide an API key.", None),
        ({"authorization": "Bearer "}, "You didn't provide an API key.", None),
        (
            {"authorization": "Bearer sk-wrong-9999"},
            "Incorrect API key provided: sk-w*****9999.",
            "invalid_api_key",
        ),
    ],
)
def test_keys(headers, message, code):
    """A missing, empty or unknown key is a 401."""
    with ProviderEmulator(openai_api_keys={"sk-right"}) as emulator:
        body = {"model": "gpt-4o", "messages": HI}
        reply = request(emulator, CHAT, body, headers=headers)

    assert reply.status == 401
    assert reply.error["message"].startswith(message)
    assert reply.error["code"] == code


OVERFLOW = "context_length_exceeded"


@pytest.mark.parametrize(
    ("path", "limits", "words", "error"),
    [
        pytest.param(
            RESPONSES,
            {"context_window": 50},
            100,
            openai_error(
                "Your input exceeds the context window of this model. Please adjust "
                "your input and try again.",
                "input",
                OVERFLOW,
            ),
            id="row 50",
        ),
        pytest.param(
            CHAT,
            {"context_window": 50},
            100,
            openai_error(
                "This model's maximum context length is 50 tokens. However, your "
                "messages resulted in 103 tokens. Please reduce the length of the "
                "messages.",
                "messages",
                OVERFLOW,
            ),
            id="row 51",
        ),
        pytest.param(
            CHAT,
            {"context_window": 50},
            40,
            openai_error(
                "This model's maximum context length is 50 tokens. However, you "
                "requested 63 tokens (43 in the messages, 20 in the completion). "
                "Please reduce the length of the messages or completion.",
                "messages",
                OVERFLOW,
            ),
            id="row 51, requested",
        ),
        pytest.param(
            CHAT,
            {"context_window": 500, "max_input_tokens": 50},
            100,
            openai_error(
                "Input tokens exceed the configured limit of 50 tokens. Your messages "
                "resulted in 103 tokens. Please reduce the length of the messages.",
                "messages",
                OVERFLOW,
            ),
            id="row 52",
        ),
    ],
)
def test_overflow(path, limits, words, error):
    """An input beyond the window is refused in the words of its endpoint."""
    text = "word " * words
    body = {"messages": [{"role": "user", "content": text}], "max_tokens": 20}
    if path == RESPONSES:
        body = {"input": text}
    with ProviderEmulator(rules=[ModelRules(id="acme", **limits)]) as emulator:
        reply = request(emulator, path, {"model": "acme", **body})

    assert reply.status == 400
    assert error == reply.error


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"model": "gpt-5.4", "reasoning": {"mode": "pro"}}, "reasoning.mode"),
        ({"model": "o3", "reasoning": {"context": "all_turns"}}, "reasoning.context"),
        ({"model": "gpt-5.4", "reasoning": {"context": "all_turns"}}, None),
        ({"model": "gpt-6.1-sol", "reasoning": {"mode": "pro"}}, None),
    ],
)
def test_keys_of_reasoning_are_refused_by_models_before_them(post: Post, body, refused):
    """`mode` is from 5.6 and 6 on, `context` from 5.4 on (pydantic-ai 2.68, live)."""
    reply = post(RESPONSES, {"input": "hi", **body})
    error = openai_error(UNSUPPORTED.format(refused), refused, PARAMETER)

    assert (400 if refused else 200) == reply.status
    assert refused is None or error == reply.error
