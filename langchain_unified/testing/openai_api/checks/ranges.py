"""Numeric ranges and lengths, with OpenAI's wording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_unified.testing.errors import refuse
from langchain_unified.testing.openai_api.checks.names import require_type

if TYPE_CHECKING:
    from langchain_unified.testing.openai_api.call import OpenAICall

_DECIMALS = {
    "top_p": (0, 1),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
}
_INTEGERS = {"n": (1, 128), "top_logprobs": (0, 20)}
MAX_STOP = 4


def check_ranges(call: OpenAICall) -> None:
    """Refuse numbers outside the ranges all models share."""
    limits = {**_DECIMALS, "temperature": (0, call.rules.max_temperature)}
    for name, (low, high) in limits.items():
        require_range(call.body.get(name), low, high, name, "decimal")
    for name, (low, high) in _INTEGERS.items():
        require_range(call.body.get(name), low, high, name, "integer")


def check_stop_length(call: OpenAICall) -> None:
    """Refuse more stop sequences than the model takes."""
    stop = call.body.get("stop")
    most = call.rules.max_stop_sequences or MAX_STOP
    for index, word in enumerate(stop if isinstance(stop, list) else []):
        require_type(word, "string", f"stop[{index}]")
    if isinstance(stop, list) and len(stop) > most:
        refuse(
            f"Invalid 'stop': array too long. Expected an array with maximum length "
            f"{most}, but got an array with length {len(stop)} instead.",
            param="stop",
            code="array_above_max_length",
        )


def require_range(
    value: Any, low: float | None, high: float | None, path: str, kind: str
) -> None:
    """Refuse a number below or above its range; None passes."""
    if value is None:
        return
    if low is not None and value < low:
        side, bound = ("below", "min"), f">= {low:g}"
    elif high is not None and value > high:
        side, bound = ("above", "max"), f"<= {int(high) if high == int(high) else high}"
    else:
        return
    text = f"{kind} {side[0]} {side[1]}imum value. Expected a value {bound}"
    code = f"{kind}_{'_'.join(side)}_value"
    refuse(f"Invalid '{path}': {text}, but got {value} instead.", param=path, code=code)


def require_filled(value: list[Any], path: str) -> None:
    """Refuse an empty list."""
    if not value:
        refuse(
            f"Invalid '{path}': empty array. Expected an array with minimum length 1, "
            f"but got an empty array instead.",
            param=path,
            code="empty_array",
        )


def require_short(value: str, most: int, path: str) -> None:
    """Refuse a text that is too long."""
    if len(value) > most:
        refuse(
            f"Invalid '{path}': string too long. Expected a string with maximum length "
            f"{most}, but got a string with length {len(value)} instead.",
            param=path,
            code="string_above_max_length",
        )
