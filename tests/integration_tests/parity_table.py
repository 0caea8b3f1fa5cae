"""Calls that ChatOpenAI and UnifiedChatModel must send and answer alike."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Literal

from langchain_core.messages import (
    AIMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.prompts.image import ImagePromptTemplate
from langchain_core.tools import tool
from langchain_openai import custom_tool
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

FACES = ("invoke", "stream", "ainvoke", "astream")
WHOLE = ("invoke", "ainvoke")
STREAMED = ("stream", "astream")


@dataclass(frozen=True)
class Case:
    """One call: how the model is built, bound and asked."""

    name: str
    init: dict[str, Any] = field(default_factory=dict)
    call: dict[str, Any] = field(default_factory=dict)
    input: Any = "Tell me about Paris, in JSON if you like."
    chain: Callable[[Any], Any] = lambda llm: llm
    model: str = "gpt-4o"
    faces: tuple[str, ...] = FACES
    stream_usage: bool | None = True


class Person(BaseModel):
    """A person."""

    name: str = Field(description="Full name.")
    age: int


class Color(Enum):
    """A color."""

    RED = "red"
    BLUE = "blue"


class Nested(BaseModel):
    """People and a color."""

    people: list[Person]
    color: Color
    nickname: str | None = None


class PersonDict(TypedDict):
    """A person."""

    name: str
    age: int


PERSON_SCHEMA = {
    "title": "person",
    "description": "A person.",
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
}
STRICT_SCHEMA = {**PERSON_SCHEMA, "additionalProperties": False}
PERSON_FORMAT = {
    "type": "json_schema",
    "json_schema": {"name": "person", "schema": STRICT_SCHEMA, "strict": True},
}


@tool
def get_weather(city: str, unit: Literal["C", "F"] = "C") -> str:
    """Get the weather of a city."""
    return f"20 {unit} in {city}"


def get_time(city: str) -> str:
    """Get the time of a city.

    Args:
        city: Name of the city.
    """
    return city


@custom_tool
def run_code(code: str) -> str:
    """Run code."""
    return code


WEATHER_DICT = {
    "type": "function",
    "function": {
        "name": "weather_of",
        "description": "Get the weather.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
ANTHROPIC_TOOL = {
    "name": "weather_of",
    "description": "Get the weather.",
    "input_schema": WEATHER_DICT["function"]["parameters"],
}
FUNCTION = WEATHER_DICT["function"]
WEB_SEARCH = {"type": "web_search"}

_FILES = Path(__file__).parents[1] / "unit_tests" / "media" / "files"


def _read(name: str) -> str:
    return base64.b64encode((_FILES / name).read_bytes()).decode()


PNG = _read("blue.png")
PNG_URL = f"data:image/png;base64,{PNG}"
ASK = {"type": "text", "text": "What is this?"}


def _user(*blocks: Any) -> list[HumanMessage]:
    return [HumanMessage(content=[ASK, *blocks])]


def _loop(result: Any = "20 C", **fields: Any) -> list[Any]:
    call = {"name": "get_weather", "args": {"city": "Paris"}, "id": "call_1"}
    return [
        HumanMessage("Weather in Paris?"),
        AIMessage("", tool_calls=[call]),
        ToolMessage(result, tool_call_id="call_1", **fields),
    ]


def _bound(*tools: Any, **settings: Any) -> Callable[[Any], Any]:
    return lambda llm: llm.bind_tools(list(tools), **settings)


def _structured(schema: Any, **settings: Any) -> Callable[[Any], Any]:
    return lambda llm: llm.with_structured_output(schema, **settings)


def _image_prompt() -> Any:
    image = ImagePromptTemplate(template={"url": PNG_URL}, input_variables=[])
    return image.format_prompt().to_messages()


def _template() -> Any:
    parts = [{"type": "text", "text": "Look"}, {"image_url": "{picture}"}]
    template = ChatPromptTemplate([("system", "Be brief."), ("human", parts)])
    return template.invoke({"picture": PNG_URL})


CONSTRUCTOR: dict[str, dict[str, Any]] = {
    "nothing": {},
    "temperature": {"temperature": 0},
    "temperature_high": {"temperature": 2.0},
    "max_tokens": {"max_tokens": 50},
    "max_completion_tokens": {"max_completion_tokens": 50},
    "stop_string": {"stop": "END"},
    "stop_list": {"stop": ["END", "STOP"]},
    "stop_sequences": {"stop_sequences": ["END"]},
    "stop_empty": {"stop": []},
    "top_p": {"top_p": 0.5},
    "presence_penalty": {"presence_penalty": 0.5},
    "frequency_penalty": {"frequency_penalty": -0.5},
    "seed": {"seed": 42},
    "logprobs": {"logprobs": True},
    "top_logprobs": {"logprobs": True, "top_logprobs": 2},
    "logprobs_false": {"logprobs": False},
    "logit_bias": {"logit_bias": {1734: -100}},
    "n_one": {"n": 1},
    "service_tier": {"service_tier": "default"},
    "store_false": {"store": False},
    "store_true": {"store": True, "model_kwargs": {"metadata": {"a": "b"}}},
    "model_kwargs": {"model_kwargs": {"user": "u1", "seed": 7}},
    "model_kwargs_unfolded": {"parallel_tool_calls": None},
    "extra_body": {"extra_body": {"prompt_cache_key": "k"}},
    "default_headers": {"default_headers": {"x-team": "blue"}},
    "default_query": {"default_query": {"api-version": "1"}},
    "organization": {"organization": "org-1"},
    "headers_included": {"include_response_headers": True},
    "streaming": {"streaming": True},
    "no_stream_usage": {"stream_usage": False},
    "disable_streaming": {"disable_streaming": True},
    "timeout": {"timeout": 17},
    "request_timeout": {"request_timeout": 17.5},
    "max_retries": {"max_retries": 4},
    "chat_insisted": {"use_responses_api": False},
    "api_key_callable": {"api_key": lambda: "sk-called"},
    "prompt_cache_options": {"model_kwargs": {"prompt_cache_key": "k"}},
    "tiktoken_model_name": {"tiktoken_model_name": "gpt-4"},
    "output_v1": {"output_version": "v1"},
    "output_v0": {"output_version": "v0"},
    "stream_chunk_timeout": {"stream_chunk_timeout": 60.0},
    "disabled_params": {"disabled_params": {"seed": None}, "temperature": 0.5},
    "verbose_named": {"name": "judge", "tags": ["t"], "verbose": False},
    "everything": {
        "temperature": 0.2,
        "max_tokens": 60,
        "stop": ["END"],
        "top_p": 0.9,
        "presence_penalty": 0.1,
        "frequency_penalty": 0.1,
        "seed": 1,
        "logprobs": True,
        "top_logprobs": 1,
        "n": 1,
    },
}

PER_CALL: dict[str, dict[str, Any]] = {
    "temperature": {"temperature": 0.7},
    "max_tokens": {"max_tokens": 20},
    "max_completion_tokens": {"max_completion_tokens": 20},
    "model": {"model": "gpt-4o-mini"},
    "stop": {"stop": ["END"]},
    "stop_string": {"stop": "END"},
    "top_p": {"top_p": 0.1},
    "presence_penalty": {"presence_penalty": 1},
    "frequency_penalty": {"frequency_penalty": 1},
    "seed": {"seed": 3},
    "logprobs": {"logprobs": True, "top_logprobs": 3},
    "logit_bias": {"logit_bias": {"50256": -100}},
    "user": {"user": "u2"},
    "service_tier": {"service_tier": "auto"},
    "store": {"store": False},
    "extra_headers": {"extra_headers": {"x-call": "1"}},
    "extra_query": {"extra_query": {"trace": "on"}},
    "extra_body": {"extra_body": {"safety_identifier": "s"}},
    "timeout": {"timeout": 9.0},
    "prediction": {"prediction": {"type": "content", "content": "Paris is"}},
    "safety_identifier": {"safety_identifier": "s"},
    "prompt_cache_key": {"prompt_cache_key": "p"},
    "json_mode": {"response_format": {"type": "json_object"}},
    "json_schema": {"response_format": PERSON_FORMAT},
    "json_text": {"response_format": {"type": "text"}},
    "functions": {"functions": [FUNCTION]},
    "function_call": {
        "functions": [FUNCTION],
        "function_call": {"name": "weather_of"},
    },
    "function_call_auto": {"functions": [FUNCTION], "function_call": "auto"},
    "tools": {"tools": [WEATHER_DICT]},
    "tools_choice": {"tools": [WEATHER_DICT], "tool_choice": "required"},
    "modalities_text": {"modalities": ["text"]},
}

STREAM_CALLS: dict[str, dict[str, Any]] = {
    "stream_usage_on": {"stream_usage": True},
    "stream_usage_off": {"stream_usage": False},
    "stream_options": {"stream_options": {"include_usage": True}},
    "stream_options_off": {"stream_options": {"include_usage": False}},
}

MESSAGES: dict[str, Any] = {
    "string": "Hello",
    "tuples": [
        ("system", "Be brief."),
        ("human", "Hello"),
        ("ai", "Hi"),
        ("user", "?"),
    ],
    "dictionaries": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello"},
    ],
    "developer": [{"role": "developer", "content": "Be brief."}, ("human", "Hello")],
    "classes": [SystemMessage("Be brief."), HumanMessage("Hello"), AIMessage("Hi")],
    "names": [
        SystemMessage("Be brief.", name="boss"),
        HumanMessage("Hello", name="ann"),
        AIMessage("Hi", name="bot"),
        HumanMessage("Again", name="ann"),
    ],
    "chat_message": [ChatMessage("Hello", role="user")],
    "function_message": [
        HumanMessage("Weather?"),
        AIMessage(
            "",
            additional_kwargs={
                "function_call": {"name": "weather_of", "arguments": "{}"}
            },
        ),
        FunctionMessage("20 C", name="weather_of"),
    ],
    "text_blocks": [HumanMessage([ASK, {"type": "text", "text": "And this?"}])],
    "text_strings": [HumanMessage(["What", "is this?"])],
    "system_blocks": [SystemMessage([ASK]), HumanMessage("Hello")],
    "image_openai": _user({"type": "image_url", "image_url": {"url": PNG_URL}}),
    "image_openai_string": _user(
        {"type": "image_url", "image_url": {"url": PNG_URL, "detail": "low"}}
    ),
    "image_v0": _user(
        {
            "type": "image",
            "source_type": "base64",
            "data": PNG,
            "mime_type": "image/png",
        }
    ),
    "image_v1": _user({"type": "image", "base64": PNG, "mime_type": "image/png"}),
    "image_url_v1": _user({"type": "image", "url": "https://example.com/a.png"}),
    "image_anthropic": _user(
        {
            "type": "image",
            "source": {"type": "base64", "media_type": "image/png", "data": PNG},
        }
    ),
    "file_openai": _user(
        {
            "type": "file",
            "file": {
                "filename": "a.pdf",
                "file_data": "data:application/pdf;base64," + _read("answer.pdf"),
            },
        }
    ),
    "file_v1": _user(
        {
            "type": "file",
            "base64": _read("answer.pdf"),
            "mime_type": "application/pdf",
            "filename": "a.pdf",
        }
    ),
    "file_id": _user({"type": "file", "file": {"file_id": "file-1"}}),
    "tool_loop": _loop(),
    "tool_loop_status": _loop("Failed", status="error"),
    "tool_loop_blocks": _loop([{"type": "text", "text": "20 C"}]),
    "tool_loop_artifact": _loop("20 C", artifact={"raw": 20}, name="get_weather"),
    "assistant_calls_in_kwargs": [
        HumanMessage("Weather?"),
        AIMessage(
            "",
            additional_kwargs={
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "weather_of", "arguments": "{}"},
                    }
                ]
            },
        ),
        ToolMessage("20 C", tool_call_id="call_1"),
    ],
    "assistant_text_and_calls": [
        HumanMessage("Weather?"),
        AIMessage(
            [{"type": "text", "text": "Let me look."}],
            tool_calls=[{"name": "get_weather", "args": {"city": "Rome"}, "id": "c"}],
        ),
        ToolMessage("20 C", tool_call_id="c"),
    ],
    "assistant_refusal": [
        HumanMessage("Bad"),
        AIMessage("", additional_kwargs={"refusal": "No."}),
        HumanMessage("Good"),
    ],
    "assistant_v1": [
        HumanMessage("Hello"),
        AIMessage(
            [{"type": "text", "text": "Hi"}],
            response_metadata={"output_version": "v1", "model_provider": "openai"},
        ),
        HumanMessage("Again"),
    ],
    "image_prompt_template": _image_prompt(),
    "chat_prompt_template": _template(),
    "empty_text": [HumanMessage("")],
    "unicode": [HumanMessage("Zürich 東京 🎉 \u2028")],
}

TOOLS: dict[str, Callable[[Any], Any]] = {
    "base_tool": _bound(get_weather),
    "function": _bound(get_time),
    "pydantic": _bound(Person),
    "typed_dict": _bound(PersonDict),
    "dictionary": _bound(WEATHER_DICT),
    "bare_function": _bound(FUNCTION),
    "anthropic": _bound(ANTHROPIC_TOOL),
    "json_schema": _bound(PERSON_SCHEMA),
    "several": _bound(get_weather, get_time, Person),
    "choice_auto": _bound(get_weather, tool_choice="auto"),
    "choice_none": _bound(get_weather, tool_choice="none"),
    "choice_any": _bound(get_weather, get_time, tool_choice="any"),
    "choice_required": _bound(get_weather, tool_choice="required"),
    "choice_true": _bound(get_weather, tool_choice=True),
    "choice_false": _bound(get_weather, tool_choice=False),
    "choice_name": _bound(get_weather, get_time, tool_choice="get_time"),
    "choice_dictionary": _bound(
        get_weather,
        tool_choice={"type": "function", "function": {"name": "get_weather"}},
    ),
    "strict": _bound(get_weather, strict=True),
    "not_strict": _bound(get_weather, strict=False),
    "parallel_off": _bound(get_weather, parallel_tool_calls=False),
    "parallel_on": _bound(get_weather, parallel_tool_calls=True),
    "strict_typed_dict": _bound(PersonDict, strict=True),
    "format_too": _bound(get_weather, response_format=Person),
    "format_dictionary_too": _bound(
        get_weather, response_format=PERSON_FORMAT, strict=True
    ),
    "settings_too": _bound(get_weather, temperature=0.1, stop=["END"]),
    "bind_settings": lambda llm: llm.bind(temperature=0.3, stop=["END"]),
    "bind_twice": lambda llm: llm.bind(temperature=0.3).bind(seed=1),
    "bind_json": lambda llm: llm.bind(response_format={"type": "json_object"}),
    "bind_class": lambda llm: llm.bind(response_format=Person),
}

SCHEMAS = {
    "pydantic": Person,
    "nested": Nested,
    "typed": PersonDict,
    "json": STRICT_SCHEMA,
}
MANNERS: dict[str, dict[str, Any]] = {
    "default": {},
    "raw": {"include_raw": True},
    "strict": {"strict": True},
    "function": {"method": "function_calling"},
    "function_strict": {"method": "function_calling", "strict": True},
    "function_raw": {"method": "function_calling", "include_raw": True},
    "function_not_strict": {"method": "function_calling", "strict": False},
    "schema_not_strict": {"method": "json_schema", "strict": False},
    "schema_raw": {"method": "json_schema", "include_raw": True},
    "json_mode": {"method": "json_mode"},
    "json_mode_raw": {"method": "json_mode", "include_raw": True},
}

RESPONSES: dict[str, dict[str, Any]] = {
    "insisted": {"init": {"use_responses_api": True}},
    "settings": {
        "init": {
            "use_responses_api": True,
            "temperature": 0.5,
            "top_p": 0.9,
            "max_tokens": 50,
        }
    },
    "include": {"init": {"include": ["file_search_call.results"]}},
    "truncation": {"init": {"truncation": "auto"}},
    "store_true": {"init": {"use_responses_api": True, "store": True}},
    "store_false": {"init": {"use_responses_api": True, "store": False}},
    "context_management": {
        "init": {
            "context_management": [{"type": "compaction", "compact_threshold": 9000}]
        }
    },
    "web_search": {"chain": _bound(WEB_SEARCH)},
    "web_search_chosen": {"chain": _bound(WEB_SEARCH, tool_choice="web_search")},
    "web_search_and_function": {"chain": _bound(WEB_SEARCH, get_weather)},
    "web_search_preview": {"chain": _bound({"type": "web_search_preview"})},
    "custom_tool": {"chain": _bound(run_code)},
    "function": {
        "init": {"use_responses_api": True},
        "chain": _bound(get_weather, tool_choice="get_weather"),
    },
    "function_strict": {
        "init": {"use_responses_api": True},
        "chain": _bound(get_weather, strict=True),
    },
    "tool_loop": {"init": {"use_responses_api": True}, "input": _loop()},
    "output_responses_v1": {"init": {"output_version": "responses/v1"}},
    "output_v1": {"init": {"use_responses_api": True, "output_version": "v1"}},
    "output_v0": {"init": {"use_responses_api": True, "output_version": "v0"}},
    "json_mode": {
        "init": {"use_responses_api": True},
        "call": {"response_format": {"type": "json_object"}},
    },
    "json_schema": {
        "init": {"use_responses_api": True},
        "call": {"response_format": PERSON_FORMAT},
    },
    "structured": {
        "init": {"use_responses_api": True},
        "chain": _structured(Person),
    },
    "structured_typed": {
        "init": {"use_responses_api": True},
        "chain": _structured(PersonDict),
    },
    "structured_function": {
        "init": {"use_responses_api": True},
        "chain": _structured(Person, method="function_calling"),
    },
    "image": {
        "init": {"use_responses_api": True},
        "input": MESSAGES["image_v1"],
    },
    "messages": {"init": {"use_responses_api": True}, "input": MESSAGES["classes"]},
    "instructions": {
        "init": {"use_responses_api": True},
        "call": {"instructions": "Be brief."},
    },
    # Not `metadata`: langchain-core 1.8 fails it at a call of ChatOpenAI (TypeError).
    "user": {
        "init": {"use_responses_api": True},
        "call": {"user": "u", "service_tier": "auto"},
    },
    "text_verbosity": {"call": {"text": {"format": {"type": "text"}}}},
    "max_tool_calls": {
        "chain": lambda llm: llm.bind_tools([WEB_SEARCH]).bind(max_tool_calls=2)
    },
    "headers_included": {
        "init": {"use_responses_api": True, "include_response_headers": True}
    },
    "stop_dropped": {"init": {"use_responses_api": True}, "call": {"stop": ["END"]}},
    "n_two": {
        "init": {"use_responses_api": True, "n": 2},
        "faces": WHOLE,
    },
    "seed": {"init": {"use_responses_api": True, "seed": 1}},
    "reasoning_object": {"init": {"reasoning": {}}},
}

OTHER_MODELS = ("gpt-4.1", "gpt-4o-mini", "gpt-4-turbo", "gpt-3.5-turbo")

FAILURES: dict[str, dict[str, Any]] = {
    "unknown_keyword": {"call": {"temprature": 1}},
    "unknown_model": {"model": "gpt-4o-nonexistent"},
    "temperature_out_of_range": {"call": {"temperature": 5}},
    "no_messages": {"input": []},
    "bad_role": {"input": [("wizard", "Hello")]},
    "unanswered_call": {"input": _loop()[:2]},
    "built_in_insisted_chat": {
        "init": {"use_responses_api": False},
        "chain": _bound(WEB_SEARCH),
    },
    "two_caps": {"call": {"max_tokens": 5, "max_completion_tokens": 6}},
    "audio_out": {
        "call": {"modalities": ["text", "audio"], "audio": {"voice": "alloy"}}
    },
    "n_streamed": {"call": {"n": 2}, "faces": STREAMED},
}


def _cases() -> list[Case]:
    cases = [Case(f"init-{k}", init=v) for k, v in CONSTRUCTOR.items()]
    cases += [Case(f"call-{k}", call=v) for k, v in PER_CALL.items()]
    cases += [
        Case(f"stream-{k}", call=v, faces=STREAMED) for k, v in STREAM_CALLS.items()
    ]
    cases += [Case("stream-default_at_other_url", stream_usage=None, faces=STREAMED)]
    cases += [Case("call-n", call={"n": 2}, faces=WHOLE)]
    cases += [Case(f"messages-{k}", input=v) for k, v in MESSAGES.items()]
    cases += [Case(f"tools-{k}", chain=v) for k, v in TOOLS.items()]
    cases += [
        Case(f"structured-{kind}-{manner}", chain=_structured(schema, **settings))
        for kind, schema in SCHEMAS.items()
        for manner, settings in MANNERS.items()
    ]
    cases += [Case(f"responses-{k}", **v) for k, v in RESPONSES.items()]
    for name in OTHER_MODELS:
        cases += [
            Case(f"{name}-plain", model=name, init={"temperature": 0, "max_tokens": 9}),
            Case(f"{name}-tools", model=name, chain=_bound(get_weather, get_time)),
            Case(f"{name}-structured", model=name, chain=_structured(Person)),
            Case(f"{name}-json", model=name, call=PER_CALL["json_mode"]),
            Case(f"{name}-history", model=name, input=MESSAGES["classes"]),
        ]
    cases += [Case(f"fails-{k}", **v) for k, v in FAILURES.items()]
    return cases


CASES = _cases()
