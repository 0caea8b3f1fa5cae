"""What traces, dumps and forms of answers show is what ChatOpenAI's show."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.load import dumpd
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator


class Number(BaseModel):
    """A number."""

    value: int


def _both(emulator: ProviderEmulator, **settings: Any) -> list[Any]:
    """Return a model of each class on the emulator."""
    settings = {"model": "gpt-4o", "api_key": "k", **settings}
    url = emulator.openai_base_url
    return [cls(base_url=url, **settings) for cls in (ChatOpenAI, UnifiedChatModel)]


@pytest.mark.parametrize("settings", [{}, {"temperature": 0.3, "max_tokens": 4}])
def test_langsmith_is_told_what_chat_openai_tells(
    provider_emulator: ProviderEmulator, settings: dict[str, Any]
) -> None:
    """A temperature that nobody set is told as `None`."""
    theirs, ours = (
        llm._get_ls_params() for llm in _both(provider_emulator, **settings)
    )

    assert theirs == ours


def test_a_dump_holds_what_was_set(provider_emulator: ProviderEmulator) -> None:
    """Defaults of this machine and of ours stay out of a dump."""
    theirs, ours = (dumpd(llm)["kwargs"] for llm in _both(provider_emulator))

    assert theirs == ours


def test_a_dump_holds_a_policy_that_was_set() -> None:
    """What the user set is in the dump, default or not."""
    dump = dumpd(UnifiedChatModel(model="gpt-4o", on_unsupported="warn"))

    assert "warn" == dump["kwargs"]["on_unsupported"]


@pytest.mark.parametrize("strict", [True, False])
def test_json_mode_takes_no_strict(
    provider_emulator: ProviderEmulator, *, strict: bool
) -> None:
    """It follows no schema: `strict` is refused by both, not lost."""
    for llm in _both(provider_emulator):
        with pytest.raises(ValueError, match="strict"):
            llm.with_structured_output(Number, method="json_mode", strict=strict)


@pytest.mark.parametrize("method", ["json_mode", "json_schema", "function_calling"])
def test_the_raw_answer_holds_what_chat_openais_does(
    provider_emulator: ProviderEmulator, method: str
) -> None:
    """Only a schema fills `parsed`: JSON mode leaves it empty, a call has none."""
    provider_emulator.answer = lambda _: '{"value": 3}'
    theirs, ours = (
        llm.with_structured_output(Number, method=method, include_raw=True)
        .invoke("a number, as JSON")["raw"]
        .additional_kwargs
        for llm in _both(provider_emulator)
    )

    assert theirs == ours
