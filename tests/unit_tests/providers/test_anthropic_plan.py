"""What is sent to each generation of Claude, as a table."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel, default_registry
from langchain_unified.errors import UnsupportedError
from langchain_unified.testing import ProviderEmulator

pytestmark = [
    pytest.mark.filterwarnings("ignore:The model .* is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Using Claude with .* is deprecated:UserWarning"),
]
"""The SDK's own warnings about models and settings on their way out."""

CLAUDES = [c.model for c in default_registry().models() if c.provider == "anthropic"]

ADAPTIVE = {"type": "adaptive"}
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    # model, asked for, sent (max_tokens apart)
    ("claude-haiku-4-5", {"temperature": 0}, {"temperature": 0}),
    ("claude-haiku-4-5", {"temperature": 2}, {"temperature": 1}),
    ("claude-haiku-4-5", {"temperature": 0, "top_p": 0.5}, {"temperature": 0}),
    (
        "claude-haiku-4-5",
        {"reasoning_effort": "low", "temperature": 0},
        {"thinking": {"type": "enabled", "budget_tokens": 2048}},
    ),
    ("claude-haiku-4-5", {"reasoning_effort": "none"}, {}),
    (
        "claude-haiku-4-5",
        {"thinking_budget": 100},
        {"thinking": {"type": "enabled", "budget_tokens": 1024}},
    ),
    (
        "claude-opus-4-5",
        {"reasoning_effort": "max"},
        {
            "thinking": {"type": "enabled", "budget_tokens": 32768},
            "output_config": {"effort": "high"},
        },
    ),
    (
        "claude-sonnet-4-6",
        {"reasoning_effort": "xhigh"},
        {"thinking": ADAPTIVE, "output_config": {"effort": "max"}},
    ),
    (
        "claude-sonnet-4-6",
        {"thinking_budget": 5000, "temperature": 1},
        {"thinking": {"type": "enabled", "budget_tokens": 5000}, "temperature": 1},
    ),
    ("claude-opus-4-7", {"temperature": 0, "top_p": 0.5, "top_k": 3}, {}),
    (
        "claude-opus-4-7",
        {"reasoning_effort": "minimal"},
        {"thinking": ADAPTIVE, "output_config": {"effort": "low"}},
    ),
    (
        "claude-opus-4-8",
        {"thinking_budget": 8000, "include_thoughts": True},
        {
            "thinking": {**ADAPTIVE, "display": "summarized"},
            "output_config": {"effort": "medium"},
        },
    ),
    (
        "claude-opus-5",
        {"reasoning_effort": "high"},
        {"output_config": {"effort": "high"}},
    ),
    (
        "claude-opus-5",
        {"reasoning_effort": "none"},
        {"thinking": {"type": "disabled"}},
    ),
    (
        "claude-opus-5-5",
        {"reasoning_effort": "none"},
        {"output_config": {"effort": "low"}},
    ),
    (
        "claude-sonnet-5-5",
        {"reasoning_effort": "none"},
        {"thinking": {"type": "between_tools"}},
    ),
    (
        "claude-sonnet-5-5",
        {"include_thoughts": True},
        {"thinking": {**ADAPTIVE, "display": "summarized"}},
    ),
    ("claude-sonnet-5", {"seed": 1, "presence_penalty": 1, "logit_bias": {1: 1}}, {}),
    ("claude-sonnet-5", {"stop": ["x"]}, {"stop_sequences": ["x"]}),
    ("claude-sonnet-5", {"user": "u1"}, {"metadata": {"user_id": "u1"}}),
]


@pytest.mark.parametrize(("model", "asked", "sent"), CASES)
def test_what_is_sent(
    enabled: Callable[..., UnifiedChatModel],
    provider_emulator: ProviderEmulator,
    model: str,
    asked: dict[str, Any],
    sent: dict[str, Any],
) -> None:
    """Settings become what the model takes, and the strict emulator takes it."""
    plan = enabled().explain(model=model, **asked)
    body = {key: value for key, value in plan.body.items() if key != "max_tokens"}
    enabled().invoke("hi", model=model, **asked)

    assert sent == body
    assert [] == provider_emulator.errors


@pytest.mark.parametrize(("model", "asked", "sent"), CASES)
def test_every_difference_is_on_record(
    enabled: Callable[..., UnifiedChatModel],
    model: str,
    asked: dict[str, Any],
    sent: dict[str, Any],
) -> None:
    """A setting that is not sent as it was asked for has a change with a reason."""
    plan = enabled().explain(model=model, **asked)
    recorded = {change.parameter for change in plan.changes}
    changed = {name for name, value in asked.items() if plan.body.get(name) != value}
    neutral = {"include_thoughts"} if "thinking" in sent else set()
    if "budget_tokens" in sent.get("thinking", {}):
        neutral.add("thinking_budget")

    assert changed - neutral <= recorded


@pytest.mark.parametrize("model", CLAUDES)
def test_a_token_cap_is_always_sent(
    enabled: Callable[..., UnifiedChatModel], model: str
) -> None:
    """The Messages API insists on a cap: the model's largest, and it is on record."""
    plan = enabled().explain(model=model)

    assert plan.config.limits["output"] == plan.body["max_tokens"]
    assert "defaulted" in {c.kind for c in plan.changes if c.parameter == "max_tokens"}


EFFORTS = (None, "none", "minimal", "medium", "max")
SAMPLING: tuple[dict[str, Any], ...] = (
    {},
    {"temperature": 0, "top_p": 0.5, "top_k": 5},
    {"thinking_budget": 4000, "max_tokens": 2000, "temperature": 1.5},
    {"seed": 1, "frequency_penalty": 1, "verbosity": "low", "include_thoughts": True},
)


@pytest.mark.parametrize("model", CLAUDES)
def test_no_combination_is_refused(
    enabled: Callable[..., UnifiedChatModel],
    provider_emulator: ProviderEmulator,
    model: str,
) -> None:
    """Every mix of effort and sampling is accepted, streamed or not, by every model."""
    llm = enabled(model, on_unsupported="ignore")
    for effort, sampling in itertools.product(EFFORTS, SAMPLING):
        settings = {**sampling, "reasoning_effort": effort}
        llm.invoke("hi", **settings)
        list(llm.stream("hi", **settings))

    assert [] == provider_emulator.errors


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@pytest.mark.parametrize("model", CLAUDES)
@pytest.mark.parametrize("effort", [None, "high"])
def test_forced_tools(
    enabled: Callable[..., UnifiedChatModel],
    provider_emulator: ProviderEmulator,
    model: str,
    effort: str | None,
) -> None:
    """A forced tool is called, or the call is refused before it is sent."""
    llm = enabled(model).bind_tools([add], tool_choice="any", reasoning_effort=effort)
    config = default_registry().resolve(model)
    if config.supports("tool_choice") or config.supports("structured_output"):
        assert "add" == llm.invoke("1 and 2").tool_calls[0]["name"]
    else:
        with pytest.raises(
            UnsupportedError, match="not support a forced tool choice"
        ) as caught:
            llm.invoke("1 and 2")
        assert caught.value.alternatives

    assert [] == provider_emulator.errors


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ("required", {"type": "any"}),
        (True, {"type": "any"}),
        ("add", {"type": "tool", "name": "add"}),
        (
            {"type": "function", "function": {"name": "add"}},
            {"type": "tool", "name": "add"},
        ),
        (["add"], {"type": "any"}),
    ],
)
def test_every_spelling_of_tool_choice(
    enabled: Callable[..., UnifiedChatModel], choice: Any, sent: dict[str, Any]
) -> None:
    """Every spelling of a tool choice becomes Anthropic's."""
    bound = enabled("claude-opus-5").explain(tools=[add], tool_choice=choice)

    assert sent == bound.body["tool_choice"]


def test_no_parallel_calls(enabled: Callable[..., UnifiedChatModel]) -> None:
    """One call at a time is asked for inside the tool choice."""
    plan = enabled("claude-opus-5").explain(tools=[add], parallel_tool_calls=False)
    sent = {"type": "auto", "disable_parallel_tool_use": True}

    assert sent == plan.body["tool_choice"]


@pytest.mark.parametrize("setting", [{"logprobs": True}, {"n": 2, "stream": True}])
def test_guarantees_are_refused(
    enabled: Callable[..., UnifiedChatModel], setting: dict[str, Any]
) -> None:
    """What Claude cannot do and nobody can imitate is refused before it is sent."""
    with pytest.raises(UnsupportedError):
        enabled("claude-opus-5").explain(**setting)


def test_prefill_is_refused_where_the_api_does(
    enabled: Callable[..., UnifiedChatModel],
) -> None:
    """From 4.6 on a conversation must not end with the assistant's turn."""
    turns = [("user", "hi"), ("assistant", "Hel")]
    llm = enabled()

    assert "hi" == llm.invoke(turns, model="claude-haiku-4-5").text
    with pytest.raises(UnsupportedError, match="assistant message"):
        llm.invoke(turns, model="claude-sonnet-4-6")
