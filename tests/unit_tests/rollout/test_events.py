"""What a rollout tells, the emergency file, and the guard."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import InvalidParameterError
from langchain_unified.rollout import (
    EMERGENCY,
    ENVIRONMENT,
    Guard,
    Mirror,
    Mode,
    Rollout,
    RolloutEvent,
    rollout,
)
from langchain_unified.testing import ProviderEmulator, Reply

Make = Callable[..., UnifiedChatModel]


def served(llm: UnifiedChatModel, **call: Any) -> str:
    answer = llm.invoke("hi", **call)
    return answer.response_metadata["unified"]["rollout"]["served_by"]


def test_each_flip_is_told_once(
    model: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A change of the decision is one line at INFO and one event, not one a call."""
    caplog.set_level(logging.INFO, logger="langchain_unified")
    events: list[RolloutEvent] = []
    flag = tmp_path / "flag"
    llm = model(rollout=Rollout(file=flag, on_event=events.append))
    for mode in ("unified", "legacy", "unified"):
        flag.write_text(mode)
        for _ in range(3):
            llm.invoke("hi")
    lines = [r.getMessage() for r in caplog.records if "mode is now" in r.getMessage()]

    assert ["unified", "legacy", "unified"] == [event.mode for event in events]
    assert ["", "unified", "legacy"] == [event.before for event in events]
    assert 3 == len(lines)
    assert (
        "the mode is now 'legacy', set by file (before: 'unified' by file)" in lines[1]
    )


def test_a_block_is_no_flip(model: Make) -> None:
    """What holds for a block or one call says nothing about the flag."""
    events: list[RolloutEvent] = []
    llm = model(rollout=Rollout("unified", on_event=events.append))
    llm.invoke("hi")
    with rollout("legacy"):
        llm.invoke("hi")
    llm.invoke("hi", rollout="legacy")
    llm.invoke("hi")

    assert ["unified"] == [event.mode for event in events]


def test_a_listener_that_fails_does_not_fail_the_call(model: Make) -> None:
    """An error in on_event is logged and goes no further."""
    llm = model(rollout=Rollout("legacy", on_event=lambda event: 1 / 0))

    assert "legacy" == served(llm)


def test_a_flag_that_wavers_does_not_flood_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A function that says something else at each call is told for a while only."""
    caplog.set_level(logging.INFO, logger="langchain_unified")
    said = [0]

    def waver() -> str:
        said[0] += 1
        return f"canary:{said[0] % 100}"

    control = Rollout(call=waver)
    for _ in range(500):
        control.read()

    assert len(caplog.records) <= 20


@pytest.mark.parametrize(
    "typo",
    ["lgacy", "google=off", "canary:1O", "openai=of", "unified google_genai=off"],
)
def test_a_typo_from_the_start_means_legacy(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, typo: str
) -> None:
    """A flag that was never good switches nobody, whatever it meant, and is told."""
    monkeypatch.setenv(ENVIRONMENT, typo)
    found = Rollout().read()

    assert (Mode("legacy"), "default") == found
    assert typo in caplog.text


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("lgacy", "legacy"),
        ("google=off", "google_genai"),
        ("gemini=off", "google_genai"),
        ("claude=legacy", "anthropic"),
        ("opena=off", "openai"),
        ("openai=of", "off"),
        ("canary", "canary:10"),
        ("canary:1O", "not a percentage"),
        ("canary:1_0", "not a percentage"),
        ("canary:nan", "not a percentage"),
        ("canary:10 20", "not a percentage"),
        ("unified google_genai=off", "Providers:"),
        ("legacy, unified", "two modes"),
        ("openai=off, openai=legacy", "given twice"),
        ("shadow:10", "shadow"),
        ("", "empty"),
    ],
)
def test_a_typo_in_each_part_is_refused_with_what_was_meant(
    typo: str, meant: str
) -> None:
    """Modes, providers and percentages are checked where the user sets them."""
    with pytest.raises(InvalidParameterError, match=meant):
        Rollout(typo)


def test_an_emergency_file_overrides_everything(
    model: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the file exists it decides, before a block and a call's own mode."""
    file = tmp_path / "emergency"
    llm = model(rollout=Rollout("unified", emergency=file))
    monkeypatch.setenv(EMERGENCY, str(tmp_path / "other"))
    seen = [served(llm)]
    file.touch()
    seen += [served(llm), served(llm, rollout="unified")]
    with rollout("unified"):
        seen.append(served(llm))
    file.write_text("canary:100")
    seen.append(served(llm))
    file.write_text("nonsense")
    seen.append(served(llm))
    file.unlink()
    seen.append(served(llm))
    (tmp_path / "other").touch()
    seen += [served(llm), served(model())]

    assert [
        "unified",
        "legacy",
        "legacy",
        "legacy",
        "unified",
        "unified",  # the last good word
        "unified",
        "legacy",
        "legacy",
    ] == seen


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_flag_file_written_on_windows_is_read(tmp_path: Path, encoding: str) -> None:
    """Byte-order marks, UTF-16 and line ends of Windows are no typo."""
    flag = tmp_path / "flag"
    flag.write_bytes("legacy\r\n".encode(encoding))

    assert (Mode("legacy"), "file") == Rollout(file=flag).read()


def watched(model: Make, guard: Guard, **own: Any) -> tuple[Any, Rollout, list[Any]]:
    events: list[RolloutEvent] = []
    flags = Rollout("unified, google_genai=off", guard=guard, on_event=events.append)
    return model(rollout=flags, max_retries=0, **own), flags, events


def call(llm: UnifiedChatModel) -> str:
    try:
        return served(llm)
    except Exception as error:  # noqa: BLE001
        return type(error).__name__


def test_a_guard_puts_the_flag_back(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """Too many errors: legacy from the next call on, with the reason, till released."""
    llm, flags, events = watched(model, Guard(errors=0.2, min_calls=5))
    for _ in range(5):
        llm.invoke("hi")
    provider_emulator.script(Reply.openai_error(503, "down", times=2))
    failed = [call(llm), call(llm)]
    back = served(llm)
    told = [event.message for event in events if event.kind == "guard"]
    mode = flags.read()
    flags.release()

    assert "legacy" not in failed
    assert "legacy" == back
    assert 1 == len(told)
    assert "errors: 2 of 7 calls, allowed 20.0%" in told[0]
    assert (Mode.parse("legacy, google_genai=off"), "guard") == mode
    assert "unified" == served(llm)


async def test_a_guard_counts_streams_and_ignores_who_left(model: Make) -> None:
    """Every face is counted; a reader who stops early is no error."""
    llm, flags, _ = watched(model, Guard(errors=0.1, min_calls=3))
    for _ in range(6):
        async for _ in llm.astream("one two three"):
            break
        await llm.ainvoke("hi")

    assert "" == flags.guarded


def test_a_guard_counts_refusals(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """Refusals are counted though they are answers."""
    message = {"role": "assistant", "content": None, "refusal": "No."}
    body = {
        "id": "c",
        "object": "chat.completion",
        "created": 0,
        "model": "gpt-4o",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
    }
    provider_emulator.script(Reply(body=body, times=0))
    llm, flags, _ = watched(model, Guard(refusals=0.5, min_calls=3))
    paths = [served(llm) for _ in range(4)]

    assert ["unified"] * 3 + ["legacy"] == paths
    assert flags.guarded.startswith("refusals: 3 of 3")


def test_a_guard_counts_timeouts(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A call that took too long is told from one that failed."""
    provider_emulator.script(Reply(hang=True, times=0))
    llm, flags, _ = watched(model, Guard(timeouts=0.5, min_calls=2), timeout=0.1)
    for _ in range(2):
        call(llm)

    assert flags.guarded.startswith("timeouts: 2 of 2")


def test_a_guard_counts_cost(model: Make) -> None:
    """Dollars for each call, by the prices of the extra `cost`."""
    pytest.importorskip("genai_prices")
    llm, flags, _ = watched(model, Guard(usd_per_call=1e-9, min_calls=2))
    for _ in range(2):
        llm.invoke("hi")

    assert flags.guarded.startswith("cost: $")


def test_a_guard_forgets_what_is_past_its_window(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """Errors of long ago do not count."""
    provider_emulator.script(Reply.openai_error(503, "down", times=2))
    llm, flags, _ = watched(model, Guard(errors=0.1, min_calls=3, window=0.2))
    call(llm)
    call(llm)
    time.sleep(0.25)
    for _ in range(3):
        call(llm)

    assert "" == flags.guarded


@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"errors": 5},
        {"errors": -1},
        {"window": 0, "errors": 0.1},
        {"refusals": "1"},
    ],
)
def test_an_impossible_guard_is_refused(limits: dict[str, Any]) -> None:
    """A share above one, no threshold at all: refused where it is written."""
    with pytest.raises(InvalidParameterError):
        Guard(**limits)


@pytest.mark.parametrize(
    "part",
    [
        *({"mirror": 0.5}, {"guard": 0.1}, {"call": "legacy"}, {"on_event": "log"}),
        *({"file": 3}, {"file": ""}, {"emergency": 3}, {"emergency": ""}),
        *({"environment": 3}, {"environment": ""}, {"flag": ""}, {"report_to": 3}),
        *({"openfeature": "client"}, {"openfeature": object()}),
    ],
)
def test_a_part_of_the_wrong_kind_is_refused(part: dict[str, Any]) -> None:
    """What would fail at the first call, or do nothing, is refused where it is set."""
    with pytest.raises(InvalidParameterError, match=f"^{next(iter(part))}="):
        Rollout("shadow", **part)


def test_a_judge_that_is_no_function_is_refused() -> None:
    """A mirror that could not judge says so before it has paid for copies."""
    with pytest.raises(InvalidParameterError):
        Mirror(compare="equal")  # type: ignore[arg-type]


def test_a_default_set_later_makes_a_silent_rollout_speak(model: Make) -> None:
    """It counts from the next call on, and a typo in it is refused."""
    flags = Rollout()
    llm = model(rollout=flags)
    before = llm.invoke("hi").response_metadata["unified"].get("rollout")
    flags.default = "legacy"
    with pytest.raises(InvalidParameterError, match="Did you mean 'legacy'"):
        flags.default = "lgacy"

    assert before is None
    assert "legacy" == served(llm)


def test_a_guard_that_stepped_in_within_a_block_holds_behind_it(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A rollout without any flag goes back to legacy too, until it is released."""
    flags = Rollout(guard=Guard(errors=0.0, min_calls=1))
    llm = model(rollout=flags, max_retries=0)
    provider_emulator.script(Reply.openai_error(503, "down"))
    with rollout("unified"):
        call(llm)
    back = served(llm)
    flags.release()

    assert "legacy" == back
    assert "rollout" not in llm.invoke("hi").response_metadata["unified"]
