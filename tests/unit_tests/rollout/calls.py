"""A table of calls that code written for ChatOpenAI makes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import (
    AIMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.tools import tool
from pydantic import BaseModel, Field


@dataclass(frozen=True)
class Call:
    """One call: how the model is made, what is asked, and with which keywords."""

    name: str
    model: dict[str, Any]
    keywords: dict[str, Any] = field(default_factory=dict)
    prompt: Any = "one two three"
    tools: list[Any] = field(default_factory=list)
    choice: dict[str, Any] = field(default_factory=dict)
    form: dict[str, Any] | None = None


@tool
def get_weather(city: str, unit: str = "celsius") -> str:
    """Say how the weather is in a city."""
    return f"{city}: 20 {unit}"


class Joke(BaseModel):
    """A joke."""

    setup: str = Field(description="The question")
    punchline: str


PICTURE = {
    "type": "image_url",
    "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="},
}
TALK = [
    SystemMessage("Be brief."),
    HumanMessage("What is the weather in Paris?"),
    AIMessage(
        "",
        tool_calls=[{"name": "get_weather", "args": {"city": "Paris"}, "id": "call_1"}],
    ),
    ToolMessage("Paris: 20 celsius", tool_call_id="call_1"),
]
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "joke",
        "schema": {
            "type": "object",
            "properties": {"setup": {"type": "string"}},
            "required": ["setup"],
            "additionalProperties": False,
        },
        "strict": True,
    },
}
PLAIN = {"model": "gpt-4o"}
FULL = {"model": "gpt-4o", "temperature": 0.3, "max_tokens": 40}

CALLS = [
    Call("bare", PLAIN),
    Call("model name", {"model_name": "gpt-4o-mini"}),
    Call("temperature zero", {"model": "gpt-4o", "temperature": 0}),
    Call("max_tokens", {"model": "gpt-4o", "max_tokens": 40}),
    Call("max_completion_tokens", {"model": "gpt-4o", "max_completion_tokens": 40}),
    Call("stop list", {"model": "gpt-4o", "stop": ["x", "y"]}),
    Call("stop text", {"model": "gpt-4o", "stop": "x"}),
    Call("stop_sequences", {"model": "gpt-4o", "stop_sequences": ["x"]}),
    Call("top_p", {"model": "gpt-4o", "top_p": 0.5}),
    Call("penalties", {**PLAIN, "presence_penalty": 0.5, "frequency_penalty": -0.5}),
    Call("seed", {"model": "gpt-4o", "seed": 7}),
    Call("n", {"model": "gpt-4o", "n": 2}),
    Call("logprobs", {"model": "gpt-4o", "logprobs": True, "top_logprobs": 2}),
    Call("logit_bias", {"model": "gpt-4o", "logit_bias": {50256: -100}}),
    Call("model_kwargs", {**PLAIN, "model_kwargs": {"user": "u1"}}),
    Call("extra_body", {**PLAIN, "extra_body": {"metadata": {"a": "b"}}}),
    Call("service tier", {**PLAIN, "service_tier": "flex"}),
    Call("store", {**PLAIN, "store": False}),
    Call("headers", {**PLAIN, "default_headers": {"x-team": "a"}}),
    Call("query", {**PLAIN, "default_query": {"team": "a"}}),
    Call("organization", {**PLAIN, "organization": "org-1"}),
    Call("retries", {**PLAIN, "max_retries": 0, "timeout": 20}),
    Call("stream usage", {**PLAIN, "stream_usage": True}),
    Call("streaming", {**PLAIN, "streaming": True}),
    Call("disabled", {**FULL, "disabled_params": {"parallel_tool_calls": None}}),
    Call("verbosity", {"model": "gpt-5", "verbosity": "low"}),
    Call("effort", {"model": "gpt-5", "reasoning_effort": "low"}),
    Call("effort and temperature", {"model": "gpt-5.1", "temperature": 0.5}),
    Call("o3", {"model": "o3", "temperature": 0.5, "max_tokens": 40}),
    Call("o1 default temperature", {"model": "o1"}),
    Call(
        "o-series system", {"model": "o3"}, {}, [("system", "Be brief."), ("user", "a")]
    ),
    Call("responses", {**PLAIN, "use_responses_api": True, "max_tokens": 40}),
    Call("reasoning", {"model": "gpt-5", "reasoning": {"effort": "low"}}),
    Call("include", {"model": "gpt-5", "include": ["reasoning.encrypted_content"]}),
    Call("truncation", {**PLAIN, "truncation": "auto"}),
    Call("output v1", {"model": "gpt-5", "output_version": "responses/v1"}),
    Call("codex", {"model": "gpt-5.3-codex", "temperature": 0.2}),
    Call("gpt-6 tools", {"model": "gpt-6-sol"}, tools=[get_weather]),
    Call("switched", FULL, {"model": "gpt-4o-mini"}),
    Call("switched to o3", {"model": "gpt-4o", "temperature": 0}, {"model": "o3"}),
    Call("call temperature", FULL, {"temperature": 0.9}),
    Call("call stop", FULL, {"stop": ["z"]}),
    Call("call tokens", FULL, {"max_tokens": 10}),
    Call("call completion tokens", PLAIN, {"max_completion_tokens": 10}),
    Call("call seed", FULL, {"seed": 1, "user": "u2"}),
    Call("call headers", PLAIN, {"extra_headers": {"x-call": "1"}}),
    Call("call body", PLAIN, {"extra_body": {"metadata": {"k": "v"}}}),
    Call("call query", PLAIN, {"extra_query": {"q": "1"}}),
    Call("call timeout", PLAIN, {"timeout": 9}),
    Call("call effort null", {"model": "gpt-5.1"}, {"reasoning_effort": None}),
    Call("json object", PLAIN, {"response_format": {"type": "json_object"}}, "json"),
    Call("json schema", PLAIN, {"response_format": SCHEMA}),
    Call("pydantic format", PLAIN, {"response_format": Joke}),
    Call("image", PLAIN, {}, [HumanMessage([{"type": "text", "text": "a"}, PICTURE])]),
    Call("system", PLAIN, {}, [SystemMessage("Be brief."), HumanMessage("hi")]),
    Call("named", PLAIN, {}, [HumanMessage("hi", name="ann")]),
    Call("history", FULL, {}, TALK, tools=[get_weather]),
    Call("tools", PLAIN, tools=[get_weather]),
    Call(
        "tools dict", PLAIN, tools=[{"name": "f", "description": "d", "parameters": {}}]
    ),
    Call("tools class", PLAIN, tools=[Joke]),
    Call("tools strict", PLAIN, tools=[get_weather], choice={"strict": True}),
    Call("choice any", PLAIN, tools=[get_weather], choice={"tool_choice": "any"}),
    Call("choice true", PLAIN, tools=[get_weather], choice={"tool_choice": True}),
    Call("choice none", PLAIN, tools=[get_weather], choice={"tool_choice": "none"}),
    Call("choice name", PLAIN, tools=[Joke], choice={"tool_choice": "Joke"}),
    Call(
        "choice dict",
        PLAIN,
        tools=[Joke],
        choice={"tool_choice": {"type": "function", "function": {"name": "Joke"}}},
    ),
    Call("parallel", PLAIN, tools=[Joke], choice={"parallel_tool_calls": False}),
    Call("tools and call", FULL, {"temperature": 1.0}, tools=[get_weather]),
    Call("built-in tool", {"model": "gpt-5"}, tools=[{"type": "web_search"}]),
    Call("tools on responses", {"model": "gpt-5-pro"}, tools=[get_weather]),
    Call("structured", PLAIN, form={}),
    Call("structured schema", PLAIN, form={"method": "json_schema", "strict": True}),
    Call("structured call", PLAIN, form={"method": "function_calling"}),
    Call("structured json", PLAIN, prompt="json", form={"method": "json_mode"}),
    Call("structured reasoning", {"model": "o3"}, form={"method": "function_calling"}),
    Call("structured responses", {"model": "gpt-5-pro"}, form={}),
    Call(
        "reasoning tools", {"model": "gpt-5.4", "reasoning_effort": "low"}, tools=[Joke]
    ),
]
