"""A response as a stream of events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_unified.testing.openai_api.responses import finished_body, opening
from langchain_unified.testing.sse import named_event
from langchain_unified.testing.text import split_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_unified.testing.openai_api.call import OpenAICall

_Event = tuple[str, dict[str, Any]]
_HIDDEN = {"obfuscation": "x" * 8}


def response_chunks(call: OpenAICall, number: int) -> list[bytes]:
    """Answer a Responses request as server-sent events."""
    body = finished_body(call, number)
    if body["background"]:
        call.store.keep_body(body)
    return [
        named_event(name, {"type": name, **fields, "sequence_number": index})
        for index, (name, fields) in enumerate(_shown(call, _events(body)))
    ]


def _shown(call: OpenAICall, events: Iterator[_Event]) -> Iterator[_Event]:
    """Leave the padding out where the request does not want it."""
    options = call.body.get("stream_options") or {}
    padded = options.get("include_obfuscation", True)
    for name, fields in events:
        kept = {k: v for k, v in fields.items() if padded or k not in _HIDDEN}
        yield name, kept


def _events(body: dict[str, Any]) -> Iterator[_Event]:
    start = opening(body)
    if body["background"]:
        queued = opening(body, "queued")
        yield "response.created", {"response": queued}
        yield "response.queued", {"response": queued}
    else:
        yield "response.created", {"response": start}
    yield "response.in_progress", {"response": start}
    for index, item in enumerate(body["output"]):
        yield from _item_events(item, index)
    yield f"response.{body['status']}", {"response": body}


def _item_events(item: dict[str, Any], index: int) -> Iterator[_Event]:
    place = {"output_index": index}
    yield "response.output_item.added", {**place, "item": _empty(item)}
    where = {"item_id": item["id"], **place}
    if item["type"] == "message":
        yield from _text_events(item["content"][0], {**where, "content_index": 0})
    elif item["type"] == "function_call":
        name = "response.function_call_arguments"
        yield from _pieces(name, "arguments", item, where)
    elif item["type"] == "custom_tool_call":
        yield from _pieces("response.custom_tool_call_input", "input", item, where)
    else:
        yield from _summary_events(item, where)
    yield "response.output_item.done", {**place, "item": item}


def _empty(item: dict[str, Any]) -> dict[str, Any]:
    blanks: dict[str, dict[str, Any]] = {
        "message": {"content": []},
        "function_call": {"arguments": ""},
        "custom_tool_call": {"input": ""},
    }
    started = {**item, **blanks.get(item["type"], {"summary": []})}
    if "status" in item:
        started["status"] = "in_progress"
    return started


def _text_events(part: dict[str, Any], where: dict[str, Any]) -> Iterator[_Event]:
    blank = {**part, "text": "", "logprobs": []}
    yield "response.content_part.added", {**where, "part": blank}
    pieces = split_tokens(part["text"])
    logprobs = [[entry] for entry in part["logprobs"]] or [[]] * len(pieces)
    for piece, own in zip(pieces, logprobs, strict=True):
        delta = {**where, "delta": piece, "logprobs": own, **_HIDDEN}
        yield "response.output_text.delta", delta
    done = {**where, "text": part["text"], "logprobs": part["logprobs"]}
    yield "response.output_text.done", done
    yield "response.content_part.done", {**where, "part": part}


def _pieces(
    name: str, key: str, item: dict[str, Any], where: dict[str, Any]
) -> Iterator[_Event]:
    """Yield what a call hands over, piece by piece, then as a whole."""
    for piece in split_tokens(item[key]):
        yield f"{name}.delta", {**where, "delta": piece, **_HIDDEN}
    yield f"{name}.done", {**where, key: item[key]}


def _summary_events(item: dict[str, Any], where: dict[str, Any]) -> Iterator[_Event]:
    name = "response.reasoning_summary"
    for number, part in enumerate(item["summary"]):
        place = {**where, "summary_index": number}
        yield f"{name}_part.added", {**place, "part": {**part, "text": ""}}
        for piece in split_tokens(part["text"]):
            yield f"{name}_text.delta", {**place, "delta": piece, **_HIDDEN}
        yield f"{name}_text.done", {**place, "text": part["text"]}
        yield f"{name}_part.done", {**place, "part": part}
