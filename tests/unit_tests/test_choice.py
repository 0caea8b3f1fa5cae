"""`model="auto"`: the right model for what a call needs, explained and on record."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.choice import Candidate, NoModelFitsError
from langchain_unified.errors import InvalidParameterError
from langchain_unified.registry import Registry
from langchain_unified.registry.loader import load_shipped
from langchain_unified.testing import ProviderEmulator
from tests.conftest import connections
from tests.unit_tests.test_property import PIXEL, SCHEMA, TOOLS

DAY = date(2026, 11, 23)
BOTH = {"openai": {"api_key": "sk-test"}, "google_genai": {"api_key": "test"}}
OPENAI = {"openai": {"api_key": "sk-test"}}
GOOGLE = {"google_genai": {"api_key": "test"}}


def _block(mime: str, kind: str = "file") -> list[tuple[str, Any]]:
    block = {"type": kind, "base64": "AAAA", "mime_type": mime}
    return [("user", [{"type": "text", "text": "What is it?"}, block])]


IMAGE = [("user", [{"type": "image_url", "image_url": {"url": PIXEL}}])]
AUDIO = _block("audio/wav", "audio")
VIDEO = _block("video/mp4", "video")
PDF = _block("application/pdf")
LONG = "word " * 400_000
LUNA, LITE, ASTRA = "gpt-6-luna", "gemini-2.5-flash-lite", "gpt-6.2-astra"
CARBON, FLASH_LITE = "gemini-4-carbon", "gemini-3.5-flash-lite"

SITUATIONS: list[tuple[str, dict[str, Any], Any, dict[str, Any], str]] = [
    ("auto", BOTH, "hi", {}, LITE),
    ("AUTO", BOTH, "hi", {}, LITE),
    ("auto:cheapest", BOTH, "hi", {}, LITE),
    ("auto:fastest", BOTH, "hi", {}, LITE),
    ("auto:strongest", BOTH, "hi", {}, ASTRA),
    ("auto", OPENAI, "hi", {}, LUNA),
    ("auto:fastest", OPENAI, "hi", {}, LUNA),
    ("auto:strongest", OPENAI, "hi", {}, ASTRA),
    ("auto", GOOGLE, "hi", {}, LITE),
    ("auto:strongest", GOOGLE, "hi", {}, CARBON),
    ("auto", BOTH, "hi", {"tools": TOOLS}, LITE),
    ("auto", OPENAI, "hi", {"tools": TOOLS}, LUNA),
    ("auto:strongest", BOTH, "hi", {"tools": TOOLS}, ASTRA),
    ("auto", BOTH, "hi", {"response_format": SCHEMA}, LITE),
    ("auto", OPENAI, "hi", {"response_format": SCHEMA}, LUNA),
    ("auto", BOTH, "json", {"response_format": {"type": "json_object"}}, LITE),
    ("auto", BOTH, IMAGE, {}, LITE),
    ("auto", OPENAI, IMAGE, {}, LUNA),
    ("auto:strongest", BOTH, IMAGE, {}, ASTRA),
    ("auto", BOTH, AUDIO, {}, LITE),
    ("auto:strongest", BOTH, AUDIO, {}, CARBON),
    ("auto:strongest", BOTH, VIDEO, {}, CARBON),
    ("auto", BOTH, PDF, {}, LITE),
    ("auto", OPENAI, PDF, {}, LUNA),
    ("auto", BOTH, "hi", {"reasoning_effort": "high"}, LITE),
    ("auto", OPENAI, "hi", {"reasoning_effort": "high"}, LUNA),
    ("auto:gpt-4o,gpt-5.4-mini", OPENAI, "hi", {}, "gpt-4o"),
    (
        "auto:gpt-4o,gpt-5.4-mini",
        OPENAI,
        "hi",
        {"reasoning_effort": "low"},
        "gpt-5.4-mini",
    ),
    ("auto:gpt-4o,gpt-5.4-mini", OPENAI, "hi", {"stream": True}, "gpt-4o"),
    ("auto:gpt-5.5-pro,gpt-4o", OPENAI, "hi", {"stream": True}, "gpt-4o"),
    ("auto:gpt-5.5-pro,gpt-4o", OPENAI, "hi", {}, "gpt-5.5-pro"),
    ("auto:o1,gpt-4o", OPENAI, "hi", {}, "gpt-4o"),
    ("auto:gpt-4o,gemini-3.8-flash", GOOGLE, "hi", {}, "gemini-3.8-flash"),
    ("auto:gpt-4o,gemini-3.8-flash", BOTH, AUDIO, {}, "gemini-3.8-flash"),
    ("auto:gpt-4o,gpt-4.1", OPENAI, LONG, {}, "gpt-4.1"),
    ("auto:gpt-5.4-mini,gpt-6-luna", OPENAI, LONG, {}, LUNA),
    ("auto", BOTH, "hi", {"stream": True}, LITE),
    (
        "auto:fastest",
        GOOGLE,
        "hi",
        {"tools": TOOLS, "response_format": SCHEMA},
        FLASH_LITE,
    ),
]


def _llm(providers: dict[str, Any], **more: Any) -> UnifiedChatModel:
    settings = {"registry": Registry(clock=lambda: DAY), "model": "auto", **more}
    return UnifiedChatModel(providers=providers, **settings)


@pytest.mark.parametrize(
    ("asked", "providers", "messages", "needs", "expected"), SITUATIONS
)
def test_the_right_model(
    asked: str,
    providers: dict[str, Any],
    messages: Any,
    needs: dict[str, Any],
    expected: str,
) -> None:
    """In each situation the policy's first model that can do it is chosen."""
    pytest.importorskip("genai_prices")
    plan = _llm(providers).explain(messages, model=asked, **needs)

    assert (expected, asked) == (plan.model, plan.requested_model)
    assert ("model", "routed") == (plan.changes[0].parameter, plan.changes[0].kind)
    assert plan.changes[0].reason


def test_the_table_is_long() -> None:
    """At least thirty situations are tried."""
    assert 30 <= len(SITUATIONS)


def test_the_choice_is_on_record(provider_emulator: ProviderEmulator) -> None:
    """The answer names the model that was asked for, the one used, and why."""
    llm = _llm(connections(provider_emulator))
    record = llm.invoke("hi").response_metadata["unified"]

    assert "auto" == record["requested_model"]
    assert ("routed", f"{record['provider']}:{record['model']}") == (
        record["changes"][0]["kind"],
        record["changes"][0]["sent"],
    )


def test_the_choice_is_the_same_every_time() -> None:
    """Equal calls are answered by the same model, whoever asks."""
    chosen = {_llm(BOTH).explain("hi", tools=TOOLS).model for _ in range(5)}

    assert 1 == len(chosen)


def test_a_list_of_models_is_an_order() -> None:
    """Models can be given as a list, to the constructor and to the call."""
    names = ["gemini-3.8-flash", "gpt-4o"]

    assert "gemini-3.8-flash" == _llm(BOTH, model=names).explain("hi").model
    assert "gpt-4o" == _llm(OPENAI).explain("hi", model=names).model


def test_a_callable_picks() -> None:
    """A callable is given those that fit, the cheapest first."""

    def pick(candidates: list[Candidate]) -> str:
        assert all(c.config.supports("audio_inputs") for c in candidates)
        return candidates[-1].name

    plan = _llm(BOTH, model=pick).explain(AUDIO)

    assert "google_genai" == plan.provider
    assert "chosen by pick" in plan.changes[0].reason


def test_the_meaning_of_auto_can_be_set() -> None:
    """What `auto` alone means is the object's to set."""
    assert ASTRA == _llm(BOTH, choice="strongest").explain("hi").model
    assert "gpt-4o" == _llm(BOTH, choice=["gpt-4o"]).explain("hi").model


def test_what_each_candidate_lacks_is_told() -> None:
    """If nothing fits, the error says of each candidate what it lacks."""
    with pytest.raises(NoModelFitsError) as refused:
        _llm(OPENAI).explain(AUDIO, model="auto:gpt-4o,gemini-3.8-flash,o1")
    told = str(refused.value)

    assert "openai:gpt-4o: missing audio input" in told
    assert "an API key (set GOOGLE_API_KEY or GEMINI_API_KEY)" in told
    assert "a later shutdown date (it is 2026-10-23)" in told


def test_without_any_key_nothing_fits() -> None:
    """Without credentials the error says what to set; construction still works."""
    with pytest.raises(NoModelFitsError, match="OPENAI_API_KEY"):
        _llm({}).explain("hi")


def test_a_disabled_provider_is_never_chosen() -> None:
    """A provider that is off is not chosen, even if named and with a key."""
    files = load_shipped()
    google = files["google_genai"]
    off = google.provider.model_copy(update={"enabled": False})
    files["google_genai"] = google.model_copy(update={"provider": off})
    llm = _llm(BOTH, registry=Registry(files, clock=lambda: DAY))

    assert "openai" == llm.explain("hi").provider
    assert "gpt-4o" == llm.explain("hi", model=["gemini-3.8-flash", "gpt-4o"]).model
    with pytest.raises(NoModelFitsError, match="an enabled provider"):
        llm.explain("hi", model="auto:gemini-3.8-flash")


def test_a_dying_model_is_not_chosen_unasked() -> None:
    """A model about to be shut down is chosen only if it is named."""
    registry = Registry(clock=lambda: DAY)
    registry.register("gpt-6-luna", shutdown=date(2026, 12, 24))
    llm = _llm(OPENAI, registry=registry)

    assert LUNA != llm.explain("hi").model
    assert LUNA == llm.explain("hi", model="auto:gpt-6-luna").model


def test_an_unknown_policy_is_refused() -> None:
    """A policy that does not exist is refused with the nearest."""
    with pytest.raises(InvalidParameterError, match="auto:cheapest"):
        _llm(BOTH).explain("hi", model="auto:cheapst")


def test_a_model_of_the_users_own_can_be_ranked() -> None:
    """A registered model with a rank takes part."""
    registry = Registry(clock=lambda: DAY)
    registry.register("acme-9", provider="openai", family="classic")
    registry.register("acme-9", rank={"strength": 100}, price={"input": 0, "output": 0})

    assert (
        "acme-9"
        == _llm(BOTH, registry=registry).explain("hi", model="auto:strongest").model
    )


@pytest.mark.parametrize(
    ("policy", "chosen"),
    [
        ("auto:cheapest", "claude-haiku-5-5"),
        ("auto:fastest", "claude-haiku-5-5"),
        ("auto:strongest", "claude-opus-5-5"),
    ],
)
def test_an_enabled_provider_is_chosen(policy: str, chosen: str) -> None:
    """A provider that was switched on has ranks like those that always are."""
    keys = {"anthropic": {"api_key": "test"}}
    llm = UnifiedChatModel(
        model=policy,
        providers=keys,
        registry=Registry(clock=lambda: DAY),
        enable=["anthropic"],
    )

    assert chosen == llm.explain("hi").model
