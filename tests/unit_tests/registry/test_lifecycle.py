"""Models on their way out: one warning before the end, a clear text after it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import ProviderModelNotFoundError
from langchain_unified.registry import Registry
from langchain_unified.runtime import runtime
from langchain_unified.testing import ProviderEmulator
from tests.conftest import connections


@pytest.fixture(autouse=True)
def _nothing_warned() -> None:
    """Let each test see the first warning of a process."""
    runtime.reset()


@pytest.fixture
def emulator() -> Iterator[ProviderEmulator]:
    """An emulator that refuses models past their date."""
    with ProviderEmulator(shutdown="enforce") as running:
        yield running


def _llm(emulator: ProviderEmulator, day: date, **more: int) -> UnifiedChatModel:
    registry = Registry(clock=lambda: day, **more)
    return UnifiedChatModel(
        model="gpt-5", providers=connections(emulator), registry=registry
    )


@pytest.mark.parametrize(
    ("day", "settings", "warned"),
    [
        (date(2026, 9, 1), {}, False),
        (date(2026, 9, 12), {}, True),
        (date(2026, 12, 11), {}, True),
        (date(2026, 12, 12), {}, False),
        (date(2026, 9, 1), {"warn_days": 200}, True),
        (date(2026, 12, 1), {"warn_days": 0}, False),
    ],
)
def test_a_near_end_is_warned_of(
    emulator: ProviderEmulator,
    caplog: pytest.LogCaptureFixture,
    day: date,
    settings: dict[str, int],
    warned: bool,  # noqa: FBT001
) -> None:
    """From 90 days before, or as many as the user sets, the end is warned of."""
    _llm(emulator, day, **settings).invoke("hi")

    assert warned == ("be shut down on 2026-12-11" in caplog.text)


def test_the_warning_comes_once_and_names_the_successor(
    emulator: ProviderEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    """However many calls and objects, a process says it once, with what to use."""
    caplog.set_level(logging.WARNING, "langchain_unified")
    for _ in range(3):
        _llm(emulator, date(2026, 11, 23)).invoke("hi")
    told = [r.getMessage() for r in caplog.records if "shut down" in r.getMessage()]

    assert 1 == len(told)
    assert "Use model=" in told[0]


def test_after_the_end_the_404_is_explained(emulator: ProviderEmulator) -> None:
    """The provider's 404 is completed by the date and the successor."""
    llm = _llm(emulator, date(2026, 11, 23))

    with pytest.raises(ProviderModelNotFoundError) as refused:
        llm.invoke("hi", model="o1")
    assert "'o1' was shut down on 2026-10-23. Use model='gpt-5.6-sol'." in str(
        refused.value
    )
