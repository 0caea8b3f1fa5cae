"""The order of the events of a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from langchain_unified.testing.judging.exchanges import Event

Order = tuple[str, ...]


def orders_of(events: Iterable[Event]) -> dict[str, set[Order]]:
    """Return the order of the events in each section of a stream.

    Events count at their first time, as their number depends on the text.

    Args:
        events: The events of one stream.

    Returns:
        For the start, each kind of output and the end: the orders seen there.
    """
    sections: dict[tuple[str, int], dict[str, None]] = {}
    for section, step in _steps(events):
        sections.setdefault(section, {})[step] = None
    orders: dict[str, set[Order]] = {}
    for (name, _), steps in sections.items():
        orders.setdefault(name, set()).add(tuple(steps))
    return orders


def _steps(events: Iterable[Event]) -> Iterator[tuple[tuple[str, int], str]]:
    section = ("start", 0)
    for number, (_, event) in enumerate(events):
        kind = event.get("type")
        if isinstance(kind, str):
            if kind == "response.output_item.added":
                section = (str(event["item"].get("type")), number)
            yield section, kind.removeprefix("response.")
            if kind == "response.output_item.done":
                section = ("end", 0)
        elif "choices" in event:
            yield from _chat_steps(event)
        elif "candidates" in event:
            yield from _gemini_steps(event)


def _chat_steps(event: Mapping[str, Any]) -> Iterator[tuple[tuple[str, int], str]]:
    for choice in event["choices"] or ():
        delta = choice.get("delta") or {}
        section = ("choice", int(choice.get("index") or 0))
        if "role" in delta:
            yield section, _first_delta(delta)
        elif delta.get("tool_calls"):
            started = "id" in delta["tool_calls"][0]
            yield section, "call" if started else "arguments"
        elif delta:
            yield section, " ".join(sorted(delta))
        if choice.get("finish_reason"):
            yield section, "finish" if not delta else "finish with a delta"
    if not event["choices"] and event.get("usage"):
        yield ("end", 0), "usage"


def _first_delta(delta: Mapping[str, Any]) -> str:
    if delta.get("tool_calls"):
        return "role and call"
    return "role" if not delta.get("content") else "role and content"


def _gemini_steps(event: Mapping[str, Any]) -> Iterator[tuple[tuple[str, int], str]]:
    for candidate in event["candidates"] or ():
        parts = (candidate.get("content") or {}).get("parts") or [{}]
        kinds = "+".join(dict.fromkeys(_part_kind(part) for part in parts))
        last = " and finish" if candidate.get("finishReason") else ""
        yield ("candidate", int(candidate.get("index") or 0)), f"{kinds}{last}"


def _part_kind(part: Mapping[str, Any]) -> str:
    if part.get("thought"):
        return "thought"
    return next((key for key in part if key != "thoughtSignature"), "nothing")
