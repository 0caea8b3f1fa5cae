"""The planner: one line per family for the standard call, and the rules one by one."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from langchain_unified import (
    UnifiedChatModel,
    UnsupportedError,
    default_registry,
)
from langchain_unified.errors import ProviderInvalidRequestError
from langchain_unified.learning import read_corrections
from langchain_unified.planner import plan
from langchain_unified.settings import settings
from langchain_unified.types import CallPlan, Invocation, ModelConfig

STANDARD = {"temperature": 0, "max_tokens": 100, "stop": ["x"]}
CONFIGS = Path(__file__).parent / "resolved_configs.txt"


def _plan(model: str, **params: Any) -> CallPlan:
    options = {
        k: params.pop(k)
        for k in ("stream", "endpoint", "on_unsupported")
        if k in params
    }
    return plan(Invocation(model, params, **options), default_registry().resolve(model))


def _line(planned: CallPlan) -> str:
    body = {**planned.body.get("generationConfig", {}), **planned.body}
    body.pop("generationConfig", None)
    sent = " ".join(f"{name}={value}" for name, value in body.items())
    here = f" | stop at {list(planned.stop)}" if planned.stop else ""
    lost = [c.parameter for c in planned.changes if c.kind == "dropped"]
    return f"{planned.endpoint} {sent}{here}" + (f" | drops {lost}" if lost else "")


CHAT = "max_completion_tokens=100"
CUT = "| stop at ['x']"
COOL = "| drops ['temperature']"
GEMINI = "stopSequences=['x'] maxOutputTokens=100"

FAMILIES = [
    ("gpt-3.5-turbo", f"chat stop=['x'] {CHAT} temperature=0"),
    ("gpt-4", f"chat stop=['x'] {CHAT} temperature=0"),
    ("gpt-4o", f"chat stop=['x'] {CHAT} temperature=0"),
    ("gpt-4.1", f"chat stop=['x'] {CHAT} temperature=0"),
    ("gpt-5", f"chat {CHAT} {CUT} {COOL}"),
    ("gpt-5.1", f"chat {CHAT} temperature=0 {CUT}"),
    ("gpt-5.2", f"chat {CHAT} temperature=0 {CUT}"),
    ("gpt-5.4", f"chat {CHAT} temperature=0 {CUT}"),
    ("gpt-5.5", f"chat {CHAT} {CUT} {COOL}"),
    ("gpt-5.6", f"chat {CHAT} {CUT} {COOL}"),
    ("gpt-6-sol", f"chat {CHAT} {CUT} {COOL}"),
    ("gpt-6-astra", f"chat {CHAT} {CUT} {COOL}"),
    ("gpt-6.2-astra", f"chat {CHAT} {CUT} {COOL}"),
    (
        "gpt-5-pro",
        f"responses max_output_tokens=100 store=False "
        f"include=['reasoning.encrypted_content'] {CUT} {COOL}",
    ),
    ("o3", f"chat {CHAT} {CUT} {COOL}"),
    ("gemini-2.5-flash", f"generate_content {GEMINI} temperature=0"),
    ("gemini-3.1-pro-preview", f"generate_content {GEMINI} temperature=0"),
    ("gemini-3.8-flash", f"generate_content {GEMINI} {COOL}"),
    ("gemini-4-carbon", f"generate_content {GEMINI} {COOL}"),
    ("gemma-4-31b-it", f"generate_content {GEMINI} temperature=0"),
]


@pytest.mark.parametrize(("model", "line"), FAMILIES)
def test_the_standard_call(model: str, line: str) -> None:
    """The standard call of each family is what its line says."""
    assert line == _line(_plan(model, **STANDARD))


TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}

ROUTES = [
    ("gpt-4o", {}, "chat"),
    ("gpt-5.2", {"reasoning_effort": "high"}, "chat"),
    ("gpt-5.4", {}, "chat"),
    ("gpt-5.4", {"reasoning_effort": "none"}, "chat"),
    ("gpt-5.4", {"reasoning_effort": "low"}, "responses"),
    ("gpt-5.6", {}, "responses"),
    ("gpt-5.6", {"reasoning_effort": "none"}, "chat"),
    ("gpt-6-sol", {}, "responses"),
    ("gpt-6-astra", {}, "responses"),
    ("o3", {}, "chat"),
]


@pytest.mark.parametrize(("model", "settings", "endpoint"), ROUTES)
def test_tools_choose_the_endpoint(
    model: str, settings: dict[str, Any], endpoint: str
) -> None:
    """A call with a function tool goes where the model takes tools at that effort."""
    assert endpoint == _plan(model, tools=[TOOL], **settings).endpoint


def test_the_highest_effort_chooses_the_endpoint() -> None:
    """`max` exists on Responses only, so it goes there."""
    planned = _plan("gpt-5.6", reasoning_effort="max")

    assert ("responses", {"effort": "max"}) == (
        planned.endpoint,
        planned.body["reasoning"],
    )


def test_an_endpoint_that_cannot_serve_the_call_is_refused() -> None:
    """Insisting on an endpoint that cannot take the call is an error before sending."""
    with pytest.raises(UnsupportedError, match="not support function tools on chat"):
        _plan("gpt-6-astra", tools=[TOOL], endpoint="chat")
    with pytest.raises(UnsupportedError, match="available on responses only"):
        _plan("gpt-5-pro", endpoint="chat")


EFFORTS = [
    ("gpt-5", "none", "minimal"),
    ("gpt-5.1", "minimal", "low"),
    ("gpt-5.1", "xhigh", "high"),
    ("gpt-5-pro", "low", "high"),
    ("o3", "max", "high"),
    ("gpt-6-sol", "minimal", "low"),
]


@pytest.mark.parametrize(("model", "asked", "sent"), EFFORTS)
def test_effort_is_clamped_to_the_nearest(model: str, asked: str, sent: str) -> None:
    """An illegal effort becomes the nearest legal one; a tie goes up."""
    body = _plan(model, reasoning_effort=asked).body

    assert sent == body.get("reasoning_effort", body.get("reasoning", {}).get("effort"))


THINKING = [
    ("gemini-2.5-flash", {"reasoning_effort": "none"}, {"thinkingBudget": 0}),
    ("gemini-2.5-pro", {"reasoning_effort": "none"}, {"thinkingBudget": 128}),
    ("gemini-2.5-pro", {"reasoning_effort": "max"}, {"thinkingBudget": 32768}),
    ("gemini-2.5-flash", {"thinking_budget": 100_000}, {"thinkingBudget": 24576}),
    (
        "gemini-3.1-pro-preview",
        {"reasoning_effort": "minimal"},
        {"thinkingLevel": "low"},
    ),
    ("gemini-3.8-flash", {"thinking_budget": 9000}, {"thinkingLevel": "medium"}),
    ("gemma-4-31b-it", {"reasoning_effort": "low"}, {"thinkingLevel": "minimal"}),
]


@pytest.mark.parametrize(("model", "settings", "sent"), THINKING)
def test_thinking_in_the_model_s_own_form(
    model: str, settings: dict[str, Any], sent: dict[str, Any]
) -> None:
    """Levels and budgets are converted both ways and clamped into the legal range."""
    assert sent == _plan(model, **settings).body["generationConfig"]["thinkingConfig"]


def test_tokens_below_the_minimum_are_raised_with_a_record() -> None:
    """Responses takes 16 tokens at least."""
    planned = _plan("gpt-5-pro", max_tokens=5)
    change = next(c for c in planned.changes if c.kind == "clamped")

    assert 16 == planned.body["max_output_tokens"]
    assert ("max_tokens", 5, 16) == (change.parameter, change.requested, change.sent)


def test_policy_error_refuses_what_would_be_dropped() -> None:
    """`on_unsupported="error"` makes a dropped tuning setting an error."""
    with pytest.raises(UnsupportedError, match="temperature"):
        _plan("o3", temperature=0, on_unsupported="error")


def test_system_text_without_a_role_opens_the_user_turn() -> None:
    """A model that takes no system text gets it at the head of the first user turn."""
    llm = UnifiedChatModel(model="o1-mini")
    planned = llm.explain([("system", "Be kind."), ("user", "hi")])

    assert planned.system_role is None
    assert "system" in [change.parameter for change in planned.changes]


@pytest.mark.parametrize(
    "model", sorted({config.model for config in default_registry().models()})
)
def test_explain_never_raises_for_an_effort(model: str) -> None:
    """Every model can be explained at every effort."""
    unreachable = ("live_only", "unserved", "needs_audio")
    config = default_registry().resolve(model)
    if any(config.supports(feature) for feature in unreachable):
        with pytest.raises(UnsupportedError):
            _plan(model)
        return
    for effort in (None, *settings()["reasoning_effort"].words):
        asked = {} if effort is None else {"reasoning_effort": effort}
        assert str(_plan(model, **asked))


def _summary(config: ModelConfig) -> str:
    rules = [
        f"{name}:{_rule(rule)}"
        for mapping in config.mappings.values()
        if mapping.endpoint in config.endpoints
        for name, rule in sorted(mapping.rules.items())
        if _rule(rule)
    ]
    thinking = config.thinking
    levels = {e: thinking.levels.get(e, ()) for e in config.endpoints}
    facts = [
        config.model,
        config.family,
        ",".join(config.endpoints),
        f"{thinking.style}/{thinking.default} {levels}",
        f"budget {thinking.budget_minimum}-{thinking.budget_maximum}/{thinking.can_disable}",
        f"tools { {e: config.tools[e] for e in config.endpoints} }",
        "has " + ",".join(sorted(k for k, v in config.features.items() if v)),
        f"roles {config.system_roles}",
        f"limits {dict(config.limits)}",
        f"ends {config.lifecycle.shutdown} {config.lifecycle.replacement}",
        *([f"with {given}"] if (given := config.lifecycle.replacement_with) else []),
        " ".join(rules),
    ]
    return " | ".join(facts)


def _rule(rule: Any) -> str:
    parts = [] if rule.accepts == "any" else [rule.accepts]
    if rule.values is not None:
        parts.append("/".join(map(str, rule.values)))
    if rule.parameter == "max_tokens":
        parts.append(rule.name.rpartition(".")[2])
    if rule.maximum is not None and rule.parameter in {
        "n",
        "temperature",
        "max_tokens",
    }:
        parts.append(f"<={rule.maximum:g}")
    return "+".join(parts)


def test_every_resolved_configuration() -> None:
    """Every model's resolved facts; `UPDATE_SNAPSHOTS=1` writes them anew.

    A change to a family shows here with everything it touches.
    """
    lines = [_summary(config) for config in default_registry().models()]
    text = "\n".join(sorted(lines)) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        CONFIGS.write_text(text, encoding="utf-8")

    assert CONFIGS.read_text(encoding="utf-8") == text


REFUSED = {
    "temperature": 0.2,
    "stop": ["x"],
    "logprobs": True,
    "parallel_tool_calls": False,
    "reasoning_effort": "minimal",
    "verbosity": "low",
    "frequency_penalty": 0.1,
    "presence_penalty": 0.1,
    "response_format": {"type": "json_schema"},
    "tools": [{"type": "function"}],
    "web_search_options": {},
}
"""What the refused requests held; a refusal of anything else teaches nothing."""

SAID = [
    ("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "rename", "max_tokens"),
    ("Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.", "default", "temperature"),
    ("Unsupported parameter: 'temperature' is not supported with this model.", "never", "temperature"),
    ("Unsupported parameter: 'stop' is not supported with this model.", "never", "stop"),
    ("'logprobs' is not supported with this model", "never", "logprobs"),
    ("Unsupported parameter: 'parallel_tool_calls' is not supported with this model.", "never", "parallel_tool_calls"),
    ("Invalid value for 'parallel_tool_calls': 'parallel_tool_calls' is only allowed when 'tools' are specified.", "never", "parallel_tool_calls"),
    ("Unsupported value: 'messages[0].role' does not support 'system' with this model.", "role", None),
    ("Unrecognized request argument supplied: reasoning_effort", "never", "reasoning_effort"),
    ("Unsupported parameter: 'reasoning.effort' is not supported with this model.", "never", "reasoning_effort"),
    ("Unsupported value: 'reasoning_effort' does not support 'minimal' with this model. Supported values are: 'none', 'low', 'medium', 'high', 'xhigh'.", "values", "reasoning_effort"),
    ("Unsupported value: 'verbosity' does not support 'low' with this model. Supported values are: 'medium'.", "values", "verbosity"),
    ("Function tools with reasoning_effort are not supported for m in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.", "tools", None),
    ("Your organization must be verified to stream this model. Please go to ...", "feature", None),
    ("Model incompatible request arguments supplied: frequency_penalty, presence_penalty", "never", "frequency_penalty"),
    ("Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 5 instead.", "minimum", None),
    ("max_tokens is too large: 8192. This model supports at most 4096 completion tokens, whereas you provided 8192.", "maximum", "max_tokens"),
    ("Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.", "feature", None),
    ("Unsupported value: 'stream' does not support true with this model. Only the default (false) value is supported.", "feature", None),
    ("tools is not supported in this model.", "feature", None),
    ("Web search options not supported with this model.", "never", "web_search_options"),
    ("The `x` model is overloaded.", None, None),
    ("Your input exceeds the context window of this model.", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("said", "do", "parameter"), SAID)
def test_what_a_refusal_means(said: str, do: str | None, parameter: str | None) -> None:
    """Each wording seen in the wild is read as its correction, others as none."""
    error = ProviderInvalidRequestError(said)
    error.status = 400
    cap = 5 if "below minimum" in said else 8192
    refused = replace(
        _plan("gpt-4o"), body={**REFUSED, "max_completion_tokens": cap}, stream=True
    )
    found = read_corrections(error, refused)

    assert do == (found[0].do if found else None)
    if parameter is not None:
        assert parameter == found[0].parameter
