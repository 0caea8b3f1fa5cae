"""Any call on any model: accepted by the strict emulator, or refused before sending.

The cases are drawn anew at every run; `PROPERTY_SEED=<n>` repeats a run and
`PROPERTY_CASES=<n>` sets how many are drawn.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from langchain_unified import (
    TruncatedOutputError,
    UnifiedChatModel,
    UnsupportedError,
)
from langchain_unified.registry import Registry
from langchain_unified.registry.loader import load_shipped
from langchain_unified.testing import ProviderEmulator, RecordedRequest
from tests.conftest import connections
from tests.unit_tests.test_every_model import enabled_models

SEED = int(os.environ.get("PROPERTY_SEED", secrets.randbelow(10**9)))
CASES = int(os.environ.get("PROPERTY_CASES", "4000"))
SHARDS = 16

MODELS = [config.model for config in enabled_models()]
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42m"
    "NkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": f"Look up the {name}.",
            "parameters": {
                "type": "object",
                "properties": {"place": {"type": "string"}, "day": {"type": "integer"}},
                "required": ["place"],
            },
        },
    }
    for name in ("weather", "traffic")
]
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "Answer",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"text": {"type": "string"}, "score": {"type": "integer"}},
            "required": ["text", "score"],
            "additionalProperties": False,
        },
    },
}
MESSAGES = [
    [("user", "one two three")],
    [("system", "Be kind."), ("user", "Answer in json: one two three")],
    [("user", "hi"), ("assistant", "hello"), ("user", "one x two")],
    [
        (
            "user",
            [
                {"type": "text", "text": "What is it?"},
                {"type": "image_url", "image_url": {"url": PIXEL}},
            ],
        )
    ],
]

EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"]
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.sampled_from([0, 0.5, 1, 2]),
        "top_p": st.sampled_from([0.1, 1]),
        "top_k": st.sampled_from([1, 40]),
        "presence_penalty": st.sampled_from([-2, 0, 1.5]),
        "frequency_penalty": st.sampled_from([-2, 0, 1.5]),
        "seed": st.integers(0, 99),
        "logit_bias": st.just({"50256": -100}),
        "verbosity": st.sampled_from(["low", "medium", "high"]),
        "reasoning_effort": st.sampled_from(EFFORTS),
        "thinking_budget": st.sampled_from([-1, 0, 100, 5000, 100_000]),
        "include_thoughts": st.booleans(),
        "reasoning": st.sampled_from([{"effort": "high"}, {"summary": "auto"}]),
        "n": st.integers(1, 2),
        "logprobs": st.booleans(),
        "top_logprobs": st.integers(0, 3),
        "stop": st.lists(st.sampled_from("xyzuvw"), min_size=1, max_size=6),
        "max_tokens": st.sampled_from([1, 5, 100, 10**6]),
        "tool_choice": st.sampled_from(["auto", "none", "any", "required", "weather"]),
        "parallel_tool_calls": st.booleans(),
        "response_format": st.sampled_from([SCHEMA, {"type": "json_object"}]),
        "user": st.just("somebody"),
        "metadata": st.just({"team": "blue"}),
        "store": st.booleans(),
        "service_tier": st.just("auto"),
        "use_responses_api": st.booleans(),
    },
)
CASE = st.fixed_dictionaries(
    {
        "model": st.sampled_from(MODELS),
        "messages": st.sampled_from(MESSAGES),
        "settings": SETTINGS,
        "tools": st.sampled_from([[], [], TOOLS[:1], TOOLS]),
        "stream": st.booleans(),
    }
)


@pytest.fixture(scope="module")
def emulator() -> Iterator[ProviderEmulator]:
    """One emulator for all cases."""
    with ProviderEmulator() as running:
        yield running


@pytest.fixture(scope="module")
def llm(emulator: ProviderEmulator) -> UnifiedChatModel:
    """One model object with a registry of its own: nothing is learned before."""
    return UnifiedChatModel(
        model="gpt-4o",
        providers=connections(emulator),
        registry=Registry(load_shipped()),
        on_unsupported="ignore",
        max_retries=0,
    )


@pytest.mark.timeout(600)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_any_call(
    llm: UnifiedChatModel, emulator: ProviderEmulator, shard: int
) -> None:
    """No call is answered 4xx; what may not be dropped arrives or is refused first."""

    @seed(SEED + shard)
    @settings(
        max_examples=max(1, CASES // SHARDS),
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(CASE)
    def check(case: dict[str, Any]) -> None:
        emulator.reset()
        refusal = _call(llm, case)
        assert [] == [(e.body, e.error) for e in emulator.errors]
        if refusal is not None:
            assert [] == emulator.requests
            return
        assert emulator.requests
        for request in emulator.requests:
            _assert_guarantees(request, case)

    check()


def _call(llm: UnifiedChatModel, case: dict[str, Any]) -> UnsupportedError | None:
    given_settings = {**case["settings"], "model": case["model"]}
    if case["tools"]:
        given_settings["tools"] = case["tools"]
    try:
        if case["stream"]:
            list(llm.stream(case["messages"], **given_settings))
        else:
            llm.generate(
                [llm._convert_input(case["messages"]).to_messages()], **given_settings
            )
    except UnsupportedError as refusal:
        return refusal
    except TruncatedOutputError:  # as ChatOpenAI: the cap cut the form off
        assert {"response_format", "max_tokens"} <= set(case["settings"])
    return None


def _assert_guarantees(request: RecordedRequest, case: dict[str, Any]) -> None:
    body, wanted = request.body, case["settings"]
    config = body.get("generationConfig", {})
    assert {t["function"]["name"] for t in case["tools"]} == _tool_names(body)
    assert ("max_tokens" in wanted) == (_cap(body, config) is not None)
    if "response_format" in wanted:
        assert _has_format(body, config)
    if case["tools"] and wanted.get("tool_choice") in {"any", "required", "weather"}:
        assert "tool_choice" in body or "toolConfig" in body
    if wanted.get("logprobs"):
        assert "logprobs" in body or "message.output_text.logprobs" in body["include"]


def _tool_names(body: dict[str, Any]) -> set[str]:
    names = set()
    for tool in body.get("tools", []):
        declared = tool.get("functionDeclarations", [tool.get("function", tool)])
        names |= {function["name"] for function in declared}
    return names


def _cap(body: dict[str, Any], config: dict[str, Any]) -> int | None:
    names = ("max_tokens", "max_completion_tokens", "max_output_tokens")
    found = [body[name] for name in names if name in body]
    return found[0] if found else config.get("maxOutputTokens")


def _has_format(body: dict[str, Any], config: dict[str, Any]) -> bool:
    return (
        "response_format" in body
        or "format" in body.get("text", {})
        or "responseMimeType" in config
    )
