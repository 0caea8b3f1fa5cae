"""With an old service of one's own, that is the path before: for every model."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import openai
import pytest
from langchain_openai import ChatOpenAI
from openai import DefaultAsyncHttpxClient

from langchain_unified import LangChainCompatibilityService, UnifiedChatModel
from langchain_unified.errors import InvalidParameterError, ProviderNotEnabledError
from langchain_unified.rollout import (
    Mirror,
    Rollout,
    ShadowReport,
    async_capture_hooks,
)
from langchain_unified.service import UnifiedInferenceService
from langchain_unified.testing import ProviderEmulator, Reply

Make = Callable[..., UnifiedChatModel]
FIVE = (
    "gpt-4o",
    "google_genai:gemini-2.5-flash",
    "anthropic:claude-sonnet-4-5",
    "azure_openai:gpt-4o",
    "ollama:llama3.2",
)
BEFORE = ("legacy", "shadow", "canary:0")

pytestmark = pytest.mark.filterwarnings("ignore:LangChainCompat:DeprecationWarning")


class Old:
    """Keeps what it was asked, under its own names and with its own methods."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any, dict[str, Any]]] = []
        self.version = "1.9"

    async def generate_text(
        self, prompt: str, model: str = "house-default", **settings: Any
    ) -> dict[str, Any]:
        self.asked.append((prompt, model, settings))
        return {"text": "old", "model_used": model, "success": True, "extra": 1}

    async def generate_chat(self, messages: Any, **settings: Any) -> dict[str, Any]:
        self.asked.append(("chat", messages, settings))
        return {"text": "old", "model_used": "x", "success": True}

    def count(self, text: str) -> int:
        """Only the old service has this."""
        return len(text)


class OverTheWire:
    """An old service that asks plain ChatOpenAI with an HTTP client it is given."""

    def __init__(self, emulator: ProviderEmulator, **settings: Any) -> None:
        self.llm = ChatOpenAI(
            model="gpt-5.1",
            api_key="sk-old",
            base_url=emulator.openai_base_url,
            max_retries=0,
            **settings,
        )

    async def generate_text(
        self, prompt: str, model: str = "auto", **settings: Any
    ) -> dict[str, Any]:
        answer = await self.llm.ainvoke(prompt, **settings)
        return {"text": answer.text, "model_used": "gpt-5.1", "success": True}


def compat(model: Make, old: Any, flag: Any, **own: Any) -> Any:
    service = UnifiedInferenceService(model(own.pop("name", "gpt-4o"), **own))
    return LangChainCompatibilityService(service, legacy=old, rollout=flag)


@pytest.mark.parametrize("mode", BEFORE)
async def test_the_old_service_answers_for_five_providers(
    model: Make, provider_emulator: ProviderEmulator, mode: str
) -> None:
    """In legacy, shadow and canary:0 the old service gets every call, we send none."""
    old, flags = Old(), Rollout(mode)
    service = compat(model, old, flags)
    answers = [await service.generate_text("hi", name) for name in FIVE]
    flags.report()

    assert list(FIVE) == [asked[1] for asked in old.asked]
    assert [1] * 5 == [answer["extra"] for answer in answers]
    assert [] == provider_emulator.requests


async def test_a_call_reaches_the_old_service_as_it_came(model: Make) -> None:
    """Nothing is added: its own default model stays, odd names and values pass."""
    old = Old()
    service = compat(model, old, "legacy")
    await service.generate_text("hi")
    await service.generate_text("hi", model="", temprature=9)

    assert [("hi", "house-default", {}), ("hi", "", {"temprature": 9})] == old.asked


async def test_other_methods_follow_the_flag(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A method that both services have is routed; one of the old alone stays."""
    old, flags = Old(), Rollout("legacy")
    service = compat(model, old, flags)
    turns = [{"role": "user", "content": "one two"}]
    before = await service.generate_chat(turns)
    flags.mode = "unified"
    after = await service.generate_chat(turns)

    assert ("old", "one two") == (before["text"], after["text"])
    assert dict is type(after)
    assert 1 == len(provider_emulator.requests)
    assert (5, "1.9") == (service.count("hello"), service.version)
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        service.nothing_of_the_kind()


async def test_a_conversation_is_shadowed_too(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """`generate_chat` of an old service is compared and mirrored as a prompt is."""
    old, flags = Old(), Rollout("shadow", mirror=Mirror(1.0, max_usd=None))
    service = compat(model, old, flags, name="o3", temperature=0)
    turns = [{"role": "user", "content": "one two"}]
    answer = await service.generate_chat(turns, max_tokens=40)
    report = flags.report()

    assert "old" == answer["text"]
    assert [("chat", turns, {"max_tokens": 40})] == old.asked
    assert {"temperature"} <= set(report.of("o3"))
    assert [None] == [copy.error for copy in report.mirrored]
    assert turns == provider_emulator.requests[0].body["messages"]


async def test_without_any_flag_the_old_service_answers(model: Make) -> None:
    """A deployment that forgot its flag switches nobody."""
    answer = await compat(model, Old(), None).generate_text("hi")

    assert "old" == answer["text"]


async def test_a_kill_switch_reaches_the_old_service_s_models(model: Make) -> None:
    """`<provider>=off` refuses that provider's calls in front of both services."""
    old = Old()
    service = compat(model, old, "legacy, google_genai=off")
    with pytest.raises(ProviderNotEnabledError):
        await service.generate_text("hi", "google_genai:gemini-2.5-flash")

    assert [] == old.asked


async def test_a_refusal_is_marked(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """An answer that the model refused says so; it is not an empty text in silence."""
    message = {"role": "assistant", "content": None, "refusal": "I cannot."}
    body = {
        "id": "c",
        "object": "chat.completion",
        "created": 0,
        "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
    }
    provider_emulator.script(Reply(body=body))
    answer = await compat(model, Old(), "unified").generate_text("hi")

    assert ("I cannot.", "gpt-4o-2024-08-06") == (
        answer["refusal"],
        answer["model_used"],
    )


async def test_nothing_is_claimed_about_a_request_nobody_saw(model: Make) -> None:
    """Without a capture the report says what we change, and what it does not know."""
    flags = Rollout("shadow")
    await compat(model, Old(), flags, name="o3").generate_text("hi", temperature=0)
    report = flags.report()

    assert (0, 0, 1) == (report.compared, report.identical, report.unseen)
    assert ["unknown"] == [found.legacy for found in report.differences]
    assert "ChatOpenAI" not in str(report)


async def test_what_an_old_service_really_sends_is_compared(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """The hooks of its HTTP client show the request; only that is spoken of."""
    async with DefaultAsyncHttpxClient(event_hooks=async_capture_hooks()) as client:
        old = OverTheWire(
            provider_emulator,
            http_async_client=client,
            default_headers={"x-team": "a"},
            default_query={"zone": "eu"},
        )
        flags = Rollout("shadow")
        service = compat(model, old, flags, name="gpt-5.1", temperature=0.5)
        await service.generate_text("hi")
        report = flags.report()
    found = {one.parameter: one for one in report.differences}

    assert (1, 0, 0) == (report.compared, report.identical, report.unseen)
    assert {
        "temperature": "kept",
        "extra_headers": "unexplained",
        "extra_query": "unexplained",
    } == {name: one.kind for name, one in found.items()}
    assert "headers.x-team" == found["extra_headers"].where
    assert "query.zone" == found["extra_query"].where


async def test_the_old_service_s_errors_are_the_sdk_s(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A 429 of the old service is raised as the very class its callers catch."""
    provider_emulator.script(Reply.openai_error(429, "Slow down.", times=0))
    for mode in BEFORE:
        service = compat(model, OverTheWire(provider_emulator), mode)
        with pytest.raises(openai.RateLimitError, match=r"Slow down\."):
            await service.generate_text("hi")


async def test_a_mirror_judges_both_answers(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """The user's function gets the old text and the new one, and its word counts."""
    seen: list[tuple[str, str]] = []

    def judge(old: str, new: str) -> float:
        seen.append((old, new))
        return 0.5

    flags = Rollout("shadow", mirror=Mirror(1.0, max_usd=None, compare=judge))
    service = compat(model, Old(), flags)
    for _ in range(3):
        await service.generate_text("one two")
    report = flags.report()

    assert [("old", "one two")] * 3 == seen
    assert [0.5] * 3 == [copy.verdict for copy in report.mirrored]
    assert 3 == len(provider_emulator.requests)


ELSEWHERE = ["azure_openai:gpt-4o", "ollama:llama3", "anthropic:claude-sonnet-4-5"]


@pytest.mark.parametrize("name", ELSEWHERE)
async def test_a_provider_that_is_off_is_told_in_the_report(
    model: Make, name: str
) -> None:
    """Before the switch a team reads which of its calls the new path would refuse."""
    flags = Rollout("shadow")
    await compat(model, Old(), flags).generate_text("hi", name)
    report = flags.report()
    row = report.of(name)["model"]

    assert (0, 1) == (report.failed, report.unseen)
    assert ("refused", "refused") == (row.unified, row.kind)
    assert "disabled by default" in row.meaning


async def test_what_is_no_message_is_told_without_its_words(model: Make) -> None:
    """An old service may take other things than text; they are not repeated."""
    flags = Rollout("shadow")
    await compat(model, Old(), flags).generate_text({"secret": "SECRET-7"})
    report = flags.report()

    assert (0, "refused") == (report.failed, report.of("gpt-4o")["messages"].kind)
    assert "SECRET-7" not in report.to_json()


@pytest.mark.parametrize("verdict", ["equal", {"same": 1}, float("nan"), 7, -0.1])
async def test_a_verdict_that_is_none_is_told(model: Make, verdict: Any) -> None:
    """A judge that says neither yes nor no nor a score breaks no report."""
    mirror = Mirror(1.0, max_usd=None, compare=lambda old, new: verdict)
    flags = Rollout("shadow", mirror=mirror)
    await compat(model, Old(), flags).generate_text("one two")
    report = flags.report()
    again = ShadowReport.from_json(report.to_json())

    assert [None] == [copy.verdict for copy in again.mirrored]
    assert "compare: " in str(again.mirrored[0].error)
    assert "1 mirrored (1 failed)" in str(report)


@pytest.mark.parametrize("own", [{"errors": "dictionary"}, {"rollout": "lgacy"}])
def test_wrong_options_are_refused(model: Make, own: dict[str, Any]) -> None:
    """A typo in an option is refused where it is written."""
    with pytest.raises(InvalidParameterError):
        LangChainCompatibilityService(UnifiedInferenceService(model()), **own)


async def test_what_both_clients_take_from_the_environment_is_no_difference(
    model: Make, provider_emulator: ProviderEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Organization and project stand in the environment: both sides send them."""
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-1")
    async with DefaultAsyncHttpxClient(event_hooks=async_capture_hooks()) as client:
        old = OverTheWire(provider_emulator, http_async_client=client)
        flags = Rollout("shadow")
        service = compat(model, old, flags, name="gpt-5.1")
        await service.generate_text("hi")
        report = flags.report()

    assert (1, 1) == (report.compared, report.identical), report


async def test_arguments_that_one_service_refuses_are_told(
    model: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Refused by the old one it is no call; by the new one only, a difference."""

    class Loose(Old):
        async def generate_text(self, *asked: Any, **settings: Any) -> dict[str, Any]:
            return await super().generate_text(str(asked), **settings)

    flags = Rollout("shadow")
    for old, given in ((Old(), ()), (Loose(), tuple("abcdefg"))):
        with suppress(TypeError):
            await compat(model, old, flags).generate_text(*given)
    report = flags.report()

    assert (0, 0, 2) == (report.compared, report.failed, report.unseen)
    assert any("TypeError" in why for why in report.uncompared)
    assert [("arguments", "refused")] == [
        (row.parameter, row.kind) for row in report.differences
    ]
    assert "could not be compared" not in caplog.text
