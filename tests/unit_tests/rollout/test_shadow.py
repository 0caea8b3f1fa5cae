from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from langchain_unified import UnifiedChatModel
from langchain_unified.cost import estimate_plan
from langchain_unified.rollout import Difference, Mirror, Rollout, ShadowReport
from langchain_unified.rollout.paths import Answer
from langchain_unified.rollout.store import MAX_WAITING, Finding, ShadowStore
from langchain_unified.testing import ProviderEmulator, Reply
from tests.conftest import connections
from tests.unit_tests.rollout.calls import SCHEMA, Joke, get_weather

Make = Callable[..., UnifiedChatModel]


@dataclass(frozen=True)
class Mistake:
    """A known mistake of ChatOpenAI and the parameter it shows in."""

    number: str
    model: dict[str, Any]
    shows_in: str
    keywords: dict[str, Any] = field(default_factory=dict)
    prompt: Any = "hi"
    tools: list[Any] = field(default_factory=list)
    stream: bool = False


SYSTEM = [SystemMessage("Be brief."), HumanMessage("hi")]
EFFORT = {"reasoning_effort": "low"}

MISTAKES = [
    Mistake(
        "1 temperature by call",
        {"model": "gpt-4o", "temperature": 0},
        "temperature",
        {"model": "o3"},
    ),
    Mistake(
        "1 endpoint by call", {"model": "gpt-4o"}, "endpoint", {"model": "gpt-5-pro"}
    ),
    Mistake("2 o3", {"model": "o3", "temperature": 0}, "temperature"),
    Mistake("2 gpt-6-astra", {"model": "gpt-6-astra", "temperature": 0}, "temperature"),
    Mistake("2 gpt-6.1-sol", {"model": "gpt-6.1-sol", "temperature": 0}, "temperature"),
    Mistake("2 gpt-6-sol", {"model": "gpt-6-sol", "temperature": 0}, "temperature"),
    Mistake("3 gpt-5.1", {"model": "gpt-5.1", "temperature": 0.5}, "temperature"),
    Mistake("3 gpt-5.2", {"model": "gpt-5.2", "temperature": 0.5}, "temperature"),
    Mistake("3 gpt-5.4", {"model": "gpt-5.4", "temperature": 0.5}, "temperature"),
    Mistake("3 codex", {"model": "gpt-5.3-codex", "temperature": 0.5}, "temperature"),
    Mistake("4 bound", {"model": "gpt-5"}, "temperature", {"temperature": 0}),
    Mistake(
        "4 effort by call",
        {"model": "gpt-5.1", "temperature": 0.5, "reasoning_effort": "none"},
        "temperature",
        {"reasoning_effort": "high"},
    ),
    Mistake(
        "4 none by call",
        {"model": "gpt-5.1", "temperature": 0.5, "reasoning_effort": "low"},
        "temperature",
        {"reasoning_effort": "none"},
    ),
    Mistake(
        "5 chat exempt", {"model": "chat-latest", "temperature": 0.5}, "temperature"
    ),
    Mistake("6 o1", {"model": "o1"}, "temperature"),
    Mistake("7 stop o3", {"model": "o3", "stop": ["x"]}, "stop"),
    Mistake("7 stop gpt-5", {"model": "gpt-5", "stop": ["x"]}, "stop"),
    Mistake("8 top_p", {"model": "gpt-5", "top_p": 0.5}, "top_p"),
    Mistake(
        "8 presence", {"model": "gpt-5.5", "presence_penalty": 1}, "presence_penalty"
    ),
    Mistake(
        "8 frequency", {"model": "o3", "frequency_penalty": 1}, "frequency_penalty"
    ),
    Mistake("8 bias", {"model": "gpt-5", "logit_bias": {1: 1}}, "logit_bias"),
    Mistake("8 logprobs", {"model": "gpt-5", "logprobs": True}, "logprobs"),
    Mistake(
        "8 top_logprobs",
        {"model": "gpt-5", "logprobs": True, "top_logprobs": 2},
        "logprobs",
    ),
    Mistake("8 seed", {"model": "gpt-5-pro", "seed": 3}, "seed"),
    Mistake(
        "8 responses penalty",
        {"model": "gpt-5-pro", "presence_penalty": 1},
        "presence_penalty",
    ),
    Mistake("8 responses n", {"model": "gpt-5-pro", "n": 2}, "n"),
    Mistake("7 responses", {"model": "gpt-5-pro", "stop": ["x"]}, "stop"),
    Mistake("8 forced seed", {"model": "gpt-5.6-sol", "seed": 3}, "seed"),
    Mistake("8 forced n", {"model": "gpt-5.6-sol", "n": 2}, "n"),
    *(
        Mistake(f"2 {name}", {"model": name, "temperature": 0}, "temperature")
        for name in ("o4-mini", "o3-mini", "o1", "gpt-6.2-astra", "gpt-6.2-sol")
    ),
    *(
        Mistake(f"5 {name}", {"model": name, "temperature": 0.5}, "temperature")
        for name in (
            "gpt-5.1-chat-latest",
            "gpt-5.2-chat-latest",
            "gpt-5.3-chat-latest",
            "gpt-4o-search-preview",
        )
    ),
    *(
        Mistake(f"6 {name}", {"model": name}, "temperature")
        for name in ("o1-mini", "o1-preview", "o1-pro")
    ),
    *(
        Mistake(f"9 {name}", {"model": name}, "endpoint")
        for name in (
            "o1-pro",
            "o3-deep-research",
            "computer-use-preview",
            "gpt-6-cyber",
            "gpt-6-rosalind",
            "gpt-daybreak-1",
        )
    ),
    *(
        Mistake(f"10 {name}", {"model": name}, "endpoint", tools=[get_weather])
        for name in ("gpt-5.6", "gpt-5.6-luna")
    ),
    Mistake(
        "11 max on chat",
        {"model": "gpt-5.4", "reasoning_effort": "max"},
        "reasoning_effort",
    ),
    Mistake(
        "13 both names",
        {"model": "gpt-4o"},
        "max_tokens",
        {"max_tokens": 10, "max_completion_tokens": 20},
    ),
    Mistake("9 o3-pro", {"model": "o3-pro"}, "endpoint"),
    Mistake("9 law", {"model": "gpt-6.2-astra-law"}, "endpoint"),
    Mistake("9 cyber", {"model": "gpt-5.6-cyber"}, "endpoint"),
    Mistake("9 forced", {"model": "gpt-5.6-sol"}, "endpoint"),
    Mistake("10 gpt-5.5 tools", {"model": "gpt-5.5"}, "endpoint", tools=[get_weather]),
    Mistake(
        "10 gpt-5.6 tools", {"model": "gpt-5.6-terra"}, "endpoint", tools=[get_weather]
    ),
    Mistake(
        "10 gpt-5.4", {"model": "gpt-5.4", **EFFORT}, "endpoint", tools=[get_weather]
    ),
    Mistake("11 effort on gpt-4o", {"model": "gpt-4o", **EFFORT}, "reasoning_effort"),
    Mistake(
        "11 none to gpt-5",
        {"model": "gpt-5", "reasoning_effort": "none"},
        "reasoning_effort",
    ),
    Mistake(
        "11 minimal to 5.1",
        {"model": "gpt-5.1", "reasoning_effort": "minimal"},
        "reasoning_effort",
    ),
    Mistake(
        "11 high to chat",
        {"model": "chat-latest", "reasoning_effort": "high"},
        "reasoning_effort",
    ),
    Mistake(
        "11 null", {"model": "gpt-5.1"}, "reasoning_effort", {"reasoning_effort": None}
    ),
    Mistake("12 verbosity", {"model": "gpt-4o", "verbosity": "low"}, "verbosity"),
    Mistake("13 zero tokens", {"model": "gpt-4o"}, "max_tokens", {"max_tokens": 0}),
    Mistake("13 minus tokens", {"model": "gpt-4o"}, "max_tokens", {"max_tokens": -5}),
    Mistake(
        "13 few on responses", {"model": "gpt-5-pro"}, "max_tokens", {"max_tokens": 10}
    ),
    Mistake("13 temperature 5", {"model": "gpt-4o"}, "temperature", {"temperature": 5}),
    Mistake("14 developer", {"model": "o1-mini"}, "messages", prompt=SYSTEM),
    Mistake(
        "15 parallel o3",
        {"model": "o3"},
        "parallel_tool_calls",
        {"parallel_tool_calls": False},
        tools=[get_weather],
    ),
    Mistake(
        "15 parallel alone",
        {"model": "gpt-4o"},
        "parallel_tool_calls",
        {"parallel_tool_calls": False},
    ),
    Mistake(
        "16 schema",
        {"model": "gpt-4o-2024-05-13"},
        "response_format",
        {"response_format": SCHEMA},
    ),
    Mistake(
        "16 no word of JSON",
        {"model": "gpt-4o"},
        "messages",
        {"response_format": {"type": "json_object"}},
    ),
    Mistake("18 stream usage", {"model": "gpt-4o"}, "stream_options", stream=True),
]
"""Every mistake of facts/openai_parameters.md (f) that a payload shows; the rest is in
what ChatOpenAI does with answers (17), with errors (19) and in its profiles (20)."""


@pytest.fixture(scope="module")
def emulator():
    with ProviderEmulator() as running:
        yield running


def shadowed(case: Mistake, emulator: ProviderEmulator) -> ShadowReport:
    control = Rollout("shadow")
    llm: Any = UnifiedChatModel(
        **case.model, providers=connections(emulator), rollout=control, max_retries=0
    )
    llm = llm.bind_tools(case.tools) if case.tools else llm
    with suppress(Exception):
        if case.stream:
            list(llm.stream(case.prompt, **case.keywords))
        else:
            llm.invoke(case.prompt, **case.keywords)
    return control.report()


@pytest.mark.parametrize("case", MISTAKES, ids=lambda case: case.number)
@pytest.mark.filterwarnings("ignore")
def test_the_report_names_every_known_mistake(
    case: Mistake, emulator: ProviderEmulator
) -> None:
    """Each mistake shows in the parameter it concerns, with what it means."""
    report = shadowed(case, emulator)
    name = case.keywords.get("model") or case.model["model"]
    found = {difference.parameter: difference for difference in report.differences}

    assert (1, 0) == (report.compared, report.failed)
    assert case.shows_in in found
    assert name.lower() == found[case.shows_in].model
    assert 20 < len(found[case.shows_in].meaning)
    assert all(difference.explained for difference in found.values())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "form", "shows_in", "meaning"),
    [
        ("o3", "function_calling", "parallel_tool_calls", "o3 rejects it (400)"),
        ("o1-mini", "json_schema", "response_format", "rejects it (400)"),
        (
            "gpt-4o-2024-05-13",
            "json_schema",
            "response_format",
            "does not support response schemas: the call fails (400)",
        ),
        (
            "gpt-5-chat-latest",
            "json_schema",
            "response_format",
            "does not support response schemas: the call fails (400)",
        ),
    ],
)
def test_the_report_names_mistakes_of_structured_output(
    emulator: ProviderEmulator, name: str, form: str, shows_in: str, meaning: str
) -> None:
    """What `with_structured_output` of ChatOpenAI gets wrong is named too (15, 16)."""
    control = Rollout("shadow")
    llm = UnifiedChatModel(
        model=name, providers=connections(emulator), rollout=control, max_retries=0
    )
    with suppress(Exception):
        llm.with_structured_output(Joke, method=form).invoke("hi")
    found = control.report().of(name)[shows_in]

    assert meaning in found.meaning
    assert "class" not in str(found.legacy)


def test_equal_payloads_are_not_differences(model: Make) -> None:
    """A call both paths send alike counts as identical."""
    control = Rollout("shadow")
    llm = model(rollout=control, temperature=0, max_tokens=40, stop=["x"])
    llm.bind_tools([get_weather]).invoke("hi")
    report = control.report()

    assert (1, 1, ()) == (report.compared, report.identical, report.differences)


@pytest.mark.parametrize("usage", [True, False])
def test_a_keyword_that_chat_openai_takes_itself_is_not_sent(
    model: Make, *, usage: bool
) -> None:
    """`stream_usage` of a call becomes `stream_options`, or nothing, on both paths."""
    control = Rollout("shadow")
    list(model(rollout=control).stream("hi", stream_usage=usage))
    report = control.report()

    assert (1, 1, ()) == (report.compared, report.identical, report.differences)


def test_shadowing_makes_no_second_request(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """The unified payload is computed, never sent."""
    llm = model(rollout=Rollout("shadow"))
    for _ in range(5):
        llm.invoke("hi")
    list(llm.stream("hi"))
    llm.shadow_report()

    assert 6 == len(provider_emulator.requests)


def test_a_broken_comparison_does_not_touch_the_call(
    model: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """If comparing fails the answer arrives; the failure is counted and logged once."""
    llm = model(rollout=Rollout("shadow"))
    monkeypatch.setattr(type(llm._planning), "plan", lambda *_: 1 / 0)
    answers = [llm.invoke("hi").text for _ in range(3)]

    assert ["hi"] * 3 == answers
    assert 3 == llm.shadow_report().failed
    assert 1 == caplog.text.count("could not be compared")


def test_a_flood_is_skipped_not_queued(model: Make) -> None:
    """Comparisons beyond the bound are counted and left out."""
    store, begun, go = ShadowStore(), threading.Event(), threading.Event()
    store.submit(lambda: begun.set() or (go.wait(10) and Finding([])))
    begun.wait(10)
    for _ in range(MAX_WAITING + 50):
        store.submit(lambda: Finding([]))
    go.set()
    report = store.report(10)

    assert 50 == report.skipped
    assert MAX_WAITING + 1 == report.compared


def test_what_users_wrote_is_not_in_the_report(model: Make) -> None:
    """Prompts, users and schemas stay out; tools and formats are named."""
    control = Rollout("shadow")
    llm = model("o3", rollout=control, temperature=0, store=False)
    secret = "SECRET-7"
    with suppress(Exception):
        llm.invoke(
            [SystemMessage(secret), HumanMessage(secret)],
            user=secret,
            metadata={"a": secret},
            prompt_cache_key=secret,
        )
    report = control.report()

    assert secret not in str(report)
    assert secret not in report._repr_html_()


def test_the_report_reads_well(emulator: ProviderEmulator) -> None:
    """The report counts calls, and says per model and parameter what it means."""
    control = Rollout("shadow")
    llm = UnifiedChatModel(
        model="gpt-5.1",
        temperature=0.5,
        providers=connections(emulator),
        rollout=control,
    )
    for _ in range(3):
        llm.invoke("hi")
    report = control.report()
    lines = str(report).splitlines()

    assert "3 calls compared, 0 with identical payloads, 1 differences." == lines[0]
    assert "     3 x gpt-5.1: temperature  not sent -> 0.5" == lines[1]
    assert "drops it silently" in " ".join(lines[2:])
    assert "<td" in report._repr_html_()
    assert "gpt-5.1" in report._repr_html_()
    assert ["temperature"] == list(report.of("gpt-5.1"))


def test_the_html_report_is_safe() -> None:
    """What a payload holds cannot become markup."""
    bad = Difference("m", "<b>", '"<script>"', None, "<i>")
    page = ShadowReport(1, 0, 0, 0, (bad,))._repr_html_()

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def mirrored(model: Make, mirror: Mirror, calls: int = 4, **call: Any) -> ShadowReport:
    control = Rollout("shadow", mirror=mirror)
    llm = model(rollout=control)
    for _ in range(calls):
        llm.invoke("one two", **call)
    control.report()
    return control.report()


def test_a_mirror_sends_a_sample_for_real(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """Mirrored calls are compared by their answers, and the report says so."""
    judged = Mirror(sample=1.0, compare=lambda old, new: old == new)
    report = mirrored(model, judged)

    assert 8 == len(provider_emulator.requests)
    assert [True] * 4 == [one.verdict for one in report.mirrored]
    assert "4 mirrored (100% judged equal" in str(report)


@pytest.mark.parametrize(
    ("mirror", "sent"),
    [
        (Mirror(sample=0.0), 0),
        (Mirror(sample=1.0, max_calls=2), 2),
        (Mirror(sample=1.0, max_tokens=1, concurrency=1), 1),
    ],
    ids=["sample", "calls", "tokens"],
)
def test_a_mirror_keeps_to_its_budget(
    model: Make, provider_emulator: ProviderEmulator, mirror: Mirror, sent: int
) -> None:
    """The sample, the number of calls and the tokens are bounded."""
    control = Rollout("shadow", mirror=mirror)
    llm = model(rollout=control)
    for _ in range(4):
        llm.invoke("one two")
        control.report()
        control.report()

    assert 4 + sent == len(provider_emulator.requests)


def priced(rollout: Rollout, model: Make, times: int, **settings: Any) -> Any:
    llm = model(rollout=rollout, **settings)
    for _ in range(times):
        llm.invoke("one two", max_tokens=40)
        rollout.report()
        rollout.report()
    return rollout.report()


def test_a_mirror_keeps_to_its_dollars(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A copy is sent only if its price at the token cap fits into what is left."""
    one = estimate_plan(model().explain("one two", max_tokens=40), 10)
    mirror = Mirror(sample=1.0, max_usd=one * 1.5)
    report = priced(Rollout("shadow", mirror=mirror), model, 40)
    costs = [copy.cost_usd for copy in report.mirrored]

    assert 2 <= len(costs) < 40
    assert sum(costs) == pytest.approx(mirror.spent.usd)
    assert mirror.spent.usd <= one * 1.5
    assert 40 + len(costs) == len(provider_emulator.requests)


def test_a_mirror_sends_nothing_whose_price_nobody_knows(
    model: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """A bound in dollars that cannot be kept stops the copies, and says so once."""
    kept, free = Mirror(sample=1.0), Mirror(sample=1.0, max_usd=None)
    settings = {"model": "unheard-of-1"}
    for mirror in (kept, free):
        llm, primary = model(rollout=Rollout("shadow", mirror=mirror)), Answer()
        primary.finish()
        plan = llm.explain("hi", **settings)
        for _ in range(3):
            mirror.offer(
                plan, llm.router.runner.shim(plan), [HumanMessage("hi")], primary, print
            )
        mirror.drain(5.0)
    told = [r.getMessage() for r in caplog.records if "max_usd" in r.getMessage()]

    assert (0, 3) == (kept.spent.calls, free.spent.calls)
    assert 1 == len(told)
    assert "Mirror(max_usd=None)" in told[0]


def test_a_copy_that_finds_no_place_costs_nothing(model: Make) -> None:
    """What a copy was reserved is given back when the queue is full."""
    mirror = Mirror(sample=1.0, queue=1, concurrency=1, timeout=0.5)
    llm, primary = model(), Answer()
    primary.finish()
    plan, waiting = llm.explain("hi", max_tokens=40), threading.Event()

    class Slow:
        def generate(self, *_: Any) -> Any:
            waiting.wait(5.0)
            raise ConnectionError

    queued = [
        mirror.offer(plan, Slow(), [HumanMessage("hi")], primary, print)
        for _ in range(10)
    ]
    spent = mirror.spent
    waiting.set()
    mirror.drain(5.0)

    assert not all(queued)
    assert sum(queued) == spent.calls


def test_a_stream_is_mirrored_too(model: Make) -> None:
    """The copy of a streamed call is whole, and compared by its text."""
    judged = Mirror(sample=1.0, compare=lambda old, new: old == new)
    control = Rollout("shadow", mirror=judged)
    assert "one two" == "".join(
        c.text for c in model(rollout=control).stream("one two")
    )
    control.report()
    mirrored = control.report().mirrored

    assert [(True, None)] == [(one.verdict, one.error) for one in mirrored]


def test_a_call_that_leaves_something_behind_is_not_mirrored(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A response the provider stores is stored once."""
    control = Rollout("shadow", mirror=Mirror(sample=1.0))
    model(rollout=control, store=True).invoke("hi")
    control.report()
    control.report()

    assert 1 == len(provider_emulator.requests)


def test_an_unknown_setting_is_a_difference(model: Make) -> None:
    """What the unified path would refuse is in the report, not a failed comparison."""
    control = Rollout("shadow")
    with suppress(Exception):
        model(rollout=control).invoke("hi", session="x")
    report = control.report()

    assert (1, 0) == (report.compared, report.failed)
    assert "refused" == report.of("gpt-4o")["session"].unified


def test_calls_with_tools_are_never_mirrored(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A tool call must not be made twice."""
    control = Rollout("shadow", mirror=Mirror(sample=1.0))
    model(rollout=control).bind_tools([get_weather]).invoke("hi")
    control.report()

    assert 1 == len(provider_emulator.requests)


def test_a_slow_or_failing_mirror_does_not_touch_the_call(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """The primary answer is there before the copy is sent, and stands if that fails."""
    control = Rollout("shadow", mirror=Mirror(sample=1.0, timeout=0.3))
    llm = model(rollout=control)
    llm.invoke("warm up")
    control.report()
    control.report()
    provider_emulator.script(Reply(), Reply(hang=True))
    started = time.monotonic()
    answer = llm.invoke("one two")
    seconds = time.monotonic() - started
    control.report()
    failed = [one for one in control.report().mirrored if one.error]

    assert "one two" == answer.text
    assert seconds < 0.25
    assert 1 == len(failed)
    assert "Timeout" in str(failed[0].error)


def test_another_provider_s_calls_are_not_shadowed(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A Gemini call is served as always; nothing of it goes to OpenAI."""
    control = Rollout("shadow", mirror=Mirror(sample=1.0))
    model("gemini-2.5-flash", rollout=control).invoke("hi")

    assert 0 == control.report().compared
    assert {"google_genai"} == {r.provider for r in provider_emulator.requests}
