"""What each Claude model accepts, read from data/anthropic.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from langchain_unified.testing.rules import DATA


@dataclass(frozen=True)
class AnthropicRules:
    """The rules of one model, as the emulator enforces them.

    Attributes:
        id: The model name a request carries.
        sampling: `none` refuses it, `one` takes temperature or top_p, `any` both.
        thinking: Values of `thinking.type` the model takes.
        efforts: Values of `output_config.effort` the model takes.
        display: Whether thinking text is `summarized` or `omitted` when unasked for.
        thinks_by_default: Whether it thinks although the request does not say so.
        forced_tools: `always`, `never`, or only while it does not think (`idle`).
        prefill: Whether the last turn may be the assistant's.
        max_tokens: Largest token cap.
        context: Tokens of input.
    """

    id: str
    sampling: str = "none"
    thinking: tuple[str, ...] = ()
    efforts: tuple[str, ...] = ()
    display: str = "summarized"
    thinks_by_default: bool = False
    forced_tools: str = "idle"
    prefill: bool = False
    max_tokens: int = 128_000
    context: int = 1_000_000


@cache
def load_models() -> dict[str, AnthropicRules]:
    """Return the rules of every model by its name."""
    return {
        name: _rules(name, group["rules"])
        for group in _data()["groups"]
        for name in group["ids"]
    }


def _rules(name: str, raw: dict[str, Any]) -> AnthropicRules:
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in raw.items()
    }
    return AnthropicRules(id=name, **values)


def fields_of(kind: str) -> list[str]:
    """Return the keys an object of the request may have; none listed means any."""
    found: list[str] = _data()["fields"].get(kind, [])
    return found


def blocks_for(role: str) -> list[str]:
    """Return the content block types of a role."""
    found: list[str] = _data()["by_role"][role]
    return found


@cache
def _data() -> dict[str, Any]:
    text = (DATA / "anthropic.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
