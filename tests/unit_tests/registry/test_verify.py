"""Verifying rows: what a provider does is told from what the rows state."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from langchain_unified import UnifiedChatModel
from langchain_unified.cli.app import app
from langchain_unified.cost import BudgetExceededError
from langchain_unified.discovery import Verification, verify
from langchain_unified.registry import Registry, default_registry
from langchain_unified.testing import ModelRules, ProviderEmulator
from langchain_unified.testing.rules import load_rule_book
from tests.conftest import connections
from tests.unit_tests.servers.loopback import CompatibleServer, say

OPENAI: dict[str, tuple[str, dict[str, Any], tuple[str, str, object, object]]] = {
    "a setting is refused that the rows allow": (
        "gpt-4o",
        {"presence_penalty": "rejected"},
        ("chat", "parameters.presence_penalty", "any", "never"),
    ),
    "a setting is taken that the rows refuse": (
        "gpt-5-mini",
        {"temperature": "any"},
        ("chat", "parameters.temperature", "default", "any"),
    ),
    "the longest answer is shorter": (
        "gpt-4o-mini",
        {"max_output_tokens": 8_000},
        ("chat", "limits.output", 16_384, 8_000),
    ),
    "an effort is refused": (
        "gpt-5",
        {"chat_effort_levels": ("low", "medium", "high")},
        (
            "chat",
            "thinking.levels",
            ("minimal", "low", "medium", "high"),
            ("low", "medium", "high"),
        ),
    ),
    "an endpoint is not there": (
        "gpt-4.1",
        {"endpoints": ("chat",)},
        ("responses", "endpoints", True, False),
    ),
    "a tool cannot be forced": (
        "gpt-4.1-mini",
        {"forced_tools": False},
        ("chat", "features.tool_choice", True, False),
    ),
    "stop strings are refused": (
        "gpt-4.1-nano",
        {"stop": "rejected"},
        ("chat", "parameters.stop", "any", "never"),
    ),
    "answers do not stream": (
        "gpt-5.1",
        {"streaming": False},
        ("chat", "features.streaming", True, False),
    ),
    "schemas are refused": (
        "gpt-5.2",
        {"structured_output": False},
        ("chat", "features.structured_output", True, False),
    ),
    "images are refused": (
        "gpt-5.4",
        {"inputs": ("text", "pdf")},
        ("chat", "image_inputs", True, False),
    ),
}
"""Model, the lie about it, and endpoint, fact, what is stated and what is seen."""

ONLY = "generate_content"
GEMINI: dict[str, tuple[str, dict[str, Any], tuple[str, str, object, object]]] = {
    "a setting is refused that the rows allow": (
        "gemini-3.1-pro-preview",
        {"top_k": "rejected"},
        (ONLY, "parameters.top_k", "any", "never"),
    ),
    "a setting is taken that the rows refuse": (
        "gemini-2.5-pro",
        {"presence_penalty": "any"},
        (ONLY, "parameters.presence_penalty", "never", "any"),
    ),
    "the longest answer is shorter": (
        "gemini-2.5-flash-lite",
        {"max_output_tokens": 8_000},
        (ONLY, "limits.output", 65_536, 8_000),
    ),
    "an effort is taken that the rows do not know": (
        "gemini-3.8-flash",
        {"thinking_levels": ("minimal", "low", "medium", "high")},
        (
            ONLY,
            "thinking.levels",
            ("low", "medium", "high"),
            ("minimal", "low", "medium", "high"),
        ),
    ),
    "several answers are refused": (
        "gemini-2.5-flash",
        {"max_candidates": 1},
        (ONLY, "parameters.n", "any", "never"),
    ),
    "a tool cannot be forced": (
        "gemini-3.1-flash-lite",
        {"forced_tools": False},
        (ONLY, "features.tool_choice", True, False),
    ),
    "stop strings are refused": (
        "gemini-3.5-flash-lite",
        {"stop": "rejected"},
        (ONLY, "parameters.stop", "any", "never"),
    ),
    "answers do not stream": (
        "gemini-3-flash-preview",
        {"streaming": False},
        (ONLY, "features.streaming", True, False),
    ),
    "schemas are refused": (
        "gemini-3.6-flash",
        {"structured_output": False},
        (ONLY, "features.structured_output", True, False),
    ),
    "images are refused": (
        "gemini-3.7-flash",
        {"inputs": ("text", "audio", "video", "pdf")},
        (ONLY, "image_inputs", True, False),
    ),
}

_LISTED = ("auto", "concise", "detailed")
KEYS: dict[str, tuple[str, dict[str, Any], tuple[str, str, object, object]]] = {
    "a mode is refused": (
        "gpt-5.6-sol",
        {"refused": ("reasoning.mode",)},
        ("responses", "parameters.reasoning.mode", "any", "never"),
    ),
    "a mode is taken": (
        "gpt-5.4",
        {"refused": ("prompt_cache_options",)},
        ("responses", "parameters.reasoning.mode", "never", "any"),
    ),
    "a context is refused": (
        "gpt-5.5",
        {"refused": ("reasoning.mode", "reasoning.context", "prompt_cache_options")},
        ("responses", "parameters.reasoning.context", "any", "never"),
    ),
    "summaries are refused": (
        "gpt-5.2",
        {
            "refused": (
                "reasoning.mode",
                "reasoning.context",
                "reasoning.summary",
                "prompt_cache_options",
            )
        },
        ("responses", "parameters.reasoning.summary.values", _LISTED, ()),
    ),
    "a summary is taken": (
        "o3",
        {"summaries": _LISTED},
        (
            "responses",
            "parameters.reasoning.summary.values",
            ("auto", "detailed"),
            _LISTED,
        ),
    ),
    "one summary is taken": (
        "gpt-5.1",
        {"summaries": ("detailed",)},
        ("responses", "parameters.reasoning.summary.values", _LISTED, ("detailed",)),
    ),
    "a verbosity is refused": (
        "gpt-5",
        {"verbosity": ("low", "medium")},
        (
            "chat",
            "parameters.verbosity.values",
            ("low", "medium", "high"),
            ("low", "medium"),
        ),
    ),
    "a verbosity is taken": (
        "gpt-4o",
        {"verbosity": ("medium", "high")},
        ("chat", "parameters.verbosity.values", ("medium",), ("medium", "high")),
    ),
    "cache options are refused": (
        "gpt-6-sol",
        {"refused": ("prompt_cache_options",)},
        ("chat", "parameters.prompt_cache_options", "any", "never"),
    ),
    "a time in the cache is refused": (
        "gpt-6-astra",
        {"refused": ("prompt_cache_options.ttl",)},
        (
            "responses",
            "parameters.prompt_cache_options.ttl.values",
            ("30m", "12h"),
            (),
        ),
    ),
    "cache options are taken": (
        "gpt-4.1",
        {"refused": ("reasoning.mode", "reasoning.context")},
        ("chat", "parameters.prompt_cache_options", "never", "any"),
    ),
}

THINKING: dict[str, tuple[str, dict[str, Any], tuple[str, str, object, object]]] = {
    "thoughts are refused": (
        "gemini-3.1-pro-preview",
        {"refused": ("thinkingConfig.includeThoughts",)},
        (ONLY, "parameters.include_thoughts", "any", "never"),
    ),
    "no thinking is refused": (
        "gemini-2.5-flash",
        {"budget_zero": "refused"},
        (ONLY, "thinking.can_disable", True, False),
    ),
    "the largest budget is smaller": (
        "gemini-2.5-pro",
        {"budget_max": 10_000},
        (ONLY, "thinking.budget_max", 32_768, 10_000),
    ),
    "the smallest budget is larger": (
        "gemini-2.5-flash-lite",
        {"budget_min": 1_000},
        (ONLY, "thinking.budget_min", 512, 1_000),
    ),
    "a level is refused": (
        "gemini-4-argon",
        {"thinking_levels": ("low", "high")},
        (ONLY, "thinking.levels", ("low", "medium", "high"), ("low", "high")),
    ),
}

ENDS: dict[str, tuple[str, dict[str, Any], tuple[str, str, object, object]]] = {
    "the highest temperature is lower": (
        "gpt-4o",
        {"max_temperature": 1.0},
        ("chat", "parameters.temperature.max", 2, 1),
    ),
    "the highest temperature is lower, without reasoning": (
        "gpt-5.1",
        {"max_temperature": 1.5},
        ("chat", "parameters.temperature.max", 2, 1.5),
    ),
    "the longest stop list is shorter": (
        "gpt-4o-mini",
        {"max_stop_sequences": 2},
        ("chat", "parameters.stop.max_items", 4, 2),
    ),
    "a retention is refused": (
        "gpt-5.4",
        {"prompt_cache_retention": False},
        ("chat", "parameters.prompt_cache_retention", "any", "never"),
    ),
    "the only retention is refused": (
        "gpt-5.5",
        {"prompt_cache_retention": False},
        ("chat", "parameters.prompt_cache_retention", "default", "never"),
    ),
    "PDF files are refused": (
        "gpt-5",
        {"inputs": ("text", "image")},
        ("chat", "pdf_inputs", True, False),
    ),
    "audio is taken": (
        "gpt-5.2",
        {"inputs": ("text", "image", "pdf", "audio")},
        ("chat", "audio_inputs", False, True),
    ),
}

GEMINI_ENDS: dict[str, tuple[str, dict[str, Any], tuple[str, str, object, object]]] = {
    "the highest temperature is lower": (
        "gemini-2.5-flash",
        {"max_temperature": 1.0},
        (ONLY, "parameters.temperature.max", 2, 1),
    ),
    "the longest stop list is shorter": (
        "gemini-2.5-pro",
        {"max_stop_sequences": 3},
        (ONLY, "parameters.stop.max_items", 5, 3),
    ),
    "a resolution is refused": (
        "gemini-3.1-pro-preview",
        {"media_resolution": False},
        (ONLY, "parameters.media_resolution", "any", "never"),
    ),
    "tools with JSON are refused": (
        "gemini-3-flash-preview",
        {"tools_with_json": False},
        (ONLY, "features.tools_with_json", True, False),
    ),
    "tools with JSON are taken": (
        "gemini-2.5-flash-lite",
        {"tools_with_json": True},
        (ONLY, "features.tools_with_json", False, True),
    ),
    "PDF files are refused": (
        "gemini-3.1-flash-lite",
        {"inputs": ("text", "image", "audio", "video")},
        (ONLY, "pdf_inputs", True, False),
    ),
    "audio is refused": (
        "gemini-3.6-flash",
        {"inputs": ("text", "image", "video", "pdf")},
        (ONLY, "audio_inputs", True, False),
    ),
}


def _told(model: str, provider: str, **lie: Any) -> ModelRules:
    """Return the emulator's rules of a model, with a lie."""
    return replace(load_rule_book(provider).models[model], **lie)


def _asked(
    models: list[str],
    emulator: ProviderEmulator,
    registry: Registry | None = None,
    *,
    max_usd: float = 100,
) -> Verification:
    registry = registry or Registry()
    settings = {
        name: {**given, "prices": name} for name, given in connections(emulator).items()
    }
    llm = UnifiedChatModel(model="gpt-4o", providers=settings, registry=registry)
    return verify(registry, models, llm, max_usd=max_usd, dry_run=False)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("lies", "provider"),
    [
        (OPENAI, "openai"),
        (KEYS, "openai"),
        (GEMINI, "google_genai"),
        (THINKING, "google_genai"),
        (ENDS, "openai"),
        (GEMINI_ENDS, "google_genai"),
    ],
    ids=[
        "OpenAI",
        "OpenAI's keys",
        "Gemini",
        "Gemini's thinking",
        "OpenAI's ends and files",
        "Gemini's ends and files",
    ],
)
@pytest.mark.filterwarnings("ignore:This model does not support")
def test_planted_lies_are_found(
    lies: dict[str, tuple[str, dict[str, Any], tuple[str, str, object, object]]],
    provider: str,
    tmp_path: Path,
) -> None:
    """Each lie is found where it was planted, and nothing else is."""
    pytest.importorskip("genai_prices")
    rules = [_told(model, provider, **lie) for model, lie, _ in lies.values()]
    planted = {(model, *fact) for model, _, fact in lies.values()}
    models = [model for model, *_ in lies.values()]
    with ProviderEmulator(rules=rules) as emulator:
        found = _asked(models, emulator)
        wrong = {
            (f.model, f.endpoint, f.fact, f.stated, f.seen) for f in found.contradicted
        }
        elsewhere = {one for one in wrong if one not in planted}
        lied = [(model, fact) for model, _, (_, fact, *_) in lies.values()]

        assert planted == wrong - elsewhere
        assert [] == [
            one
            for one in elsewhere
            if not any(one[0] == m and one[2].startswith(fact) for m, fact in lied)
        ]
        assert all(0 < one.calls <= one.bounds.most_calls for one in found.models)

        path = tmp_path / "verified.toml"
        path.write_text(found.toml, encoding="utf-8")
        again = _asked(models, emulator, Registry(overrides=path))

    assert () == again.contradicted
    fact = again.findings[0]
    assert "verified" in fact.source


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "model",
    [
        *("o3", "gpt-4o", "gpt-5.4", "gpt-6-sol", "gpt-6.1-sol", "gpt-4.1"),
        *(
            "gemini-2.5-pro",
            "gemini-2.5-flash-image",
            "gemma-4-31b-it",
            "gemini-4-argon",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:This model does not support")
def test_rows_that_are_right_are_confirmed(model: str) -> None:
    """Where the server does what the rows state, nothing is contradicted."""
    pytest.importorskip("genai_prices")
    with ProviderEmulator() as emulator:
        found = _asked([model], emulator)

    assert () == found.contradicted
    assert 20 < len(found.findings)


def test_what_an_organisation_is_refused_says_nothing_about_a_model() -> None:
    """Streams and summaries of some models are for verified organisations only."""
    pytest.importorskip("genai_prices")
    with ProviderEmulator(verified_organization=False) as emulator:
        found = _asked(["o3"], emulator)

    assert () == found.contradicted
    assert not {"features.streaming", "parameters.reasoning.summary.values"} & {
        one.fact for one in found.findings
    }


def test_a_word_that_is_not_taken_does_not_rule_out_its_setting() -> None:
    """gpt-4o takes one verbosity; the row for it says so, and is sent."""
    pytest.importorskip("genai_prices")
    with ProviderEmulator() as emulator:
        (one,) = _asked(["gpt-4o"], emulator).models
    rows = one.row["parameters_on"]
    stated = {"accepts": "any", "values": ["medium"]}

    assert {"chat": stated, "responses": stated} == {
        name: rules["verbosity"] for name, rules in rows.items()
    }


def test_asking_stops_at_the_bound() -> None:
    """No call is made that could cost more than what is left."""
    pytest.importorskip("genai_prices")
    with ProviderEmulator() as emulator:
        found = _asked(["gpt-4o", "gpt-5"], emulator, max_usd=0.02)
        (first, second) = found.models

        assert len(emulator.requests) == first.calls + second.calls - 2
    assert 0 < found.spent_usd <= 0.02
    assert "the spending limit is reached" in first.problem
    assert () == second.findings


def test_without_a_price_nothing_is_asked() -> None:
    """A bound in dollars cannot be kept without one; the error says what to state."""
    with CompatibleServer(say("hi")) as server:
        registry = Registry()
        registry.add_server("lab", server.url)
        llm = UnifiedChatModel(model="lab:m", registry=registry)
        with pytest.raises(BudgetExceededError, match=r'registry\.register\("lab:m"'):
            verify(registry, ["lab:m"], llm, dry_run=False)

        assert [] == server.bodies


def test_a_model_that_is_gone_is_reported() -> None:
    """The others are asked all the same."""
    pytest.importorskip("genai_prices")
    gone = _told("gpt-4o", "openai", exists=False)
    with ProviderEmulator(rules=[gone]) as emulator:
        found = _asked(["gpt-4o", "gpt-4.1"], emulator)

    assert "does not have this model" in found.models[0].problem
    assert found.models[1].findings


RUNNER = CliRunner()


def test_the_command_sends_nothing_unless_told() -> None:
    """It prints the number of calls and the bound in dollars first."""
    pytest.importorskip("genai_prices")
    result = RUNNER.invoke(
        app, ["verify", "--provider", "openai", "--models", "gpt-4o"]
    )

    assert 0 == result.exit_code
    assert "Probing 'gpt-4o' makes at most" in result.stderr
    assert "At most $1 will be spent." in result.stderr
    assert "Nothing was sent" in result.stderr
    assert "" == result.stdout


@pytest.fixture
def fresh_registry() -> Iterator[None]:
    """The registry of a new process, and a new one afterwards."""
    default_registry.cache_clear()
    yield
    default_registry.cache_clear()


@pytest.mark.usefixtures("fresh_registry")
def test_the_command_reports_and_writes_rows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What is wrong is printed, the exit code is 1, and the file can be loaded."""
    pytest.importorskip("genai_prices")
    lie = _told("gpt-4o", "openai", stop="rejected")
    lab = tmp_path / "lab.toml"
    lab.write_text('[models."gpt-4o".price]\ninput = 1\noutput = 1\n')
    asked = ["verify", "--provider", "openai", "--models", "gpt-4o", "--run"]
    with ProviderEmulator(rules=[lie]) as emulator:
        monkeypatch.setenv("OPENAI_BASE_URL", emulator.openai_base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "test")
        monkeypatch.setenv("LANGCHAIN_UNIFIED_MODELS", str(lab))
        outs = [tmp_path / "report.json", tmp_path / "rows.toml"]
        results = [RUNNER.invoke(app, [*asked, "--out", str(out)]) for out in outs]
    assert [1, 1] == [one.exit_code for one in results], results[0].output
    assert "parameters.stop on chat is any by the rows" in results[0].stdout
    assert "Asking" not in results[0].stderr  # progress is for terminals
    report = json.loads(outs[0].read_text(encoding="utf-8"))
    facts = {
        f["fact"]
        for f in report["models"][0]["findings"]
        if f["verdict"] != "confirmed"
    }
    assert "parameters.stop" in facts
    rule = Registry(overrides=outs[1]).resolve("gpt-4o").mappings["chat"].rules["stop"]
    assert ("never", "verified") == (rule.accepts, rule.provenance.confidence)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--models", " , "], "name at least one"),
        (["--models", "google_genai:gemini-2.5-pro"], "belongs to google_genai"),
        (["--models", "gemini-2.5-pro"], "belongs to google_genai"),
        (["--models", "gpt-4o", "--out", "{folder}/none/x.json"], "cannot be written"),
        (["--models", "gpt-4o", "--out", "{folder}/x.txt"], "FILE.toml"),
    ],
)
def test_what_cannot_be_asked_or_written_is_told_before_money_is_spent(
    given: list[str], told: str, tmp_path: Path
) -> None:
    """The exit code is that of wrong use, and no call was made."""
    made = [one.format(folder=tmp_path) for one in given]
    result = RUNNER.invoke(app, ["verify", "--provider", "openai", "--run", *made])

    assert 2 == result.exit_code
    assert told in result.stderr
    assert "Probing" not in result.stderr


def test_a_model_that_cannot_be_asked_costs_no_other_its_findings() -> None:
    """One takes no plain call; what was paid for before and after it is reported."""
    pytest.importorskip("genai_prices")
    with ProviderEmulator() as emulator:
        found = _asked(["gpt-4o-mini", "gpt-audio-1.5", "gpt-4.1-nano"], emulator)

    assert [False, True, False] == [one.failed for one in found.models]
    assert [True, False, True] == [bool(one.findings) for one in found.models]
    assert "contain audio" in found.models[1].problem
    assert () == found.contradicted


def test_a_model_named_twice_is_asked_once() -> None:
    """It costs no more than named once, however it is spelt."""
    pytest.importorskip("genai_prices")
    named = ["verify", "--provider", "openai", "--models", "gpt-4o,openai:gpt-4o"]

    assert 1 == RUNNER.invoke(app, named).stderr.count("Probing")


def test_models_say_themselves_whose_they_are() -> None:
    """Without a provider each is asked where it is served; one of the two is needed."""
    pytest.importorskip("genai_prices")
    named = ["verify", "--models", "gpt-4o,gemini-2.5-pro"]
    told = RUNNER.invoke(app, named).stderr
    nothing = RUNNER.invoke(app, ["verify"])

    assert 2 == told.count("Probing")
    assert (2, True) == (nothing.exit_code, "name a provider" in nothing.stderr)


def test_a_model_in_no_row_is_told_of() -> None:
    """A slip in a name costs money only where it is meant."""
    pytest.importorskip("genai_prices")
    told = RUNNER.invoke(app, ["verify", "--models", "gpt-4oo"]).stderr

    assert "did you mean 'gpt-4o'?" in told
