"""Tool calls: arguments from JSON text to dictionaries."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from json import JSONDecodeError
from typing import Any
from uuid import uuid4

from langchain_core.messages import InvalidToolCall, ToolCall
from langchain_core.messages.tool import (
    ToolCallChunk,
    invalid_tool_call,
    tool_call,
    tool_call_chunk,
)
from langchain_core.output_parsers.openai_tools import (
    make_invalid_tool_call,
    parse_tool_call,
)
from langchain_core.utils.json import parse_partial_json

CUSTOM_INPUT = "__arg1"
"""Argument name under which LangChain keeps the free text of a custom tool call."""

_KNOWN = frozenset({"index", "id", "type", "function", "custom"})
_CUSTOM_START, _CUSTOM_END = json.dumps({CUSTOM_INPUT: "\n"}).split("\\n")
_CLOSERS = {"{": "}", "[": "]"}


def new_call_id() -> str:
    """Return an id for a call that came without one."""
    return f"call_{uuid4().hex[:24]}"


def arguments_text(given: Any) -> str | None:
    """Return arguments as JSON text; some servers send them as an object."""
    if given is None or isinstance(given, str):
        return given
    return json.dumps(given)


def own_fields(call: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a call carries beside OpenAI's fields."""
    return {k: v for k, v in call.items() if k not in _KNOWN and v}


def wire_calls(given: Any) -> list[Mapping[str, Any]]:
    """Return the calls that a server gives; some give one that stands in no list."""
    calls = [given] if isinstance(given, Mapping) else given
    found = calls if isinstance(calls, list) else ()
    return [call for call in found if isinstance(call, Mapping)]


class CallPieces:
    """The tool calls of one stream, told apart and put together."""

    def __init__(self) -> None:
        """Start before the first call."""
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}

    @property
    def fields(self) -> dict[str, dict[str, Any]]:
        """Fields of a server's own, by the id of their call."""
        return {call.id or "": call.fields for call in self._calls if call.fields}

    def pieces(self, calls: Any) -> list[ToolCallChunk]:
        """Return the pieces of a delta, each under the index of its call."""
        found = map(self._piece, wire_calls(calls))
        return [piece for piece in found if piece is not None]

    def ended(self, *, by_length: bool) -> Iterator[ToolCallChunk]:
        """Yield the last pieces: ids that were not given, and ends of arguments.

        A call gets an id of ours only here, for some servers name it in a later piece.

        langchain-core completes the JSON of a streamed call, so half a path would be a
        path (langchain-ai/langchain#39275). A closing bracket that fits nothing makes
        it an invalid call, as it is in an answer that is not streamed.

        Args:
            by_length: Whether the answer ended at its token limit.
        """
        for call in self._calls:
            cut = by_length and call is self._calls[-1]
            whole = call.is_custom and not cut
            mark = _CUSTOM_END if whole else cut_mark(call.text, by_length=cut)
            given, call.id = call.id, call.id or new_call_id()
            if mark is not None or given is None:
                missing = None if given else call.id
                yield tool_call_chunk(args=mark, id=missing, index=call.index)

    def _piece(self, wire: Mapping[str, Any]) -> ToolCallChunk | None:
        """Return the piece of a call; `None` if it adds nothing to it."""
        name, args = _said(wire)
        given_id = str(wire["id"]) if wire.get("id") else None
        call = self._call(wire.get("index"), given_id, name)
        is_new = call is None
        if call is None:
            call = self._open(wire.get("index"), given_id)
        call.fields.update(own_fields(wire))
        if is_new and isinstance(wire.get("custom"), Mapping):
            call.is_custom, args = True, _CUSTOM_START + (args or "")
        call.parts.append(args or "")
        shown = (name or "").removeprefix(call.name or "") or None
        call.name = (call.name or "") + (shown or "") or None
        call_id = given_id if is_new or call.id is None else None
        call.id = call.id or given_id
        if args is None and not (is_new or shown or call_id):
            return None
        return tool_call_chunk(name=shown, args=args, id=call_id, index=call.index)

    def _call(self, index: Any, call_id: str | None, name: str | None) -> _Call | None:
        """Return the call that a piece continues; `None` if it begins one."""
        if isinstance(index, int):
            last = self._by_index.get(index)
        else:
            last = self._calls[-1] if self._calls else None
        if last is None or name is None:
            return last
        if call_id is not None and call_id == last.id:
            return last
        if isinstance(index, int) and last.id and not (call_id or last.text):
            return last  # the rest of a name
        begins = name != last.name or _is_json(last.text)
        return None if begins and last.name is not None else last

    def _open(self, index: Any, call_id: str | None) -> _Call:
        used = {call.index for call in self._calls}
        free = isinstance(index, int) and index not in used
        place = index if free else max(used, default=-1) + 1
        call = _Call(place, call_id)
        self._calls.append(call)
        self._by_index[index if isinstance(index, int) else place] = call
        return call


class _Call:
    """One call as far as it has come."""

    __slots__ = ("fields", "id", "index", "is_custom", "name", "parts")

    def __init__(self, index: int, call_id: str | None) -> None:
        self.index, self.id = index, call_id
        self.fields: dict[str, Any] = {}
        self.name: str | None = None
        self.is_custom = False
        self.parts: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self.parts)


def _said(wire: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return name and arguments of a piece; free text as it stands in a JSON string."""
    custom, function = wire.get("custom"), wire.get("function")
    if isinstance(custom, Mapping):
        text = json.dumps(custom.get("input") or "")[1:-1]
        return custom.get("name") or None, text or None
    if not isinstance(function, Mapping):
        return None, None
    return function.get("name") or None, arguments_text(function.get("arguments"))


def _is_json(text: str) -> bool:
    try:
        json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return False
    return True


def cut_mark(text: str, *, by_length: bool) -> str | None:
    """Return what makes cut-off arguments invalid; `None` if they are whole.

    An object that is closed is whole, even where the answer ended at its limit.

    Args:
        text: Arguments as far as they came.
        by_length: Whether the answer ended at its token limit.
    """
    if not text:
        return "]" if by_length else None
    if _is_json(text) or not _is_completed(text):
        return None
    quote, stack = _open_at_end(text)
    if not (quote or stack or by_length):
        return None
    return quote + ("}" if stack and stack[-1] == "]" else "]")


def _is_completed(text: str) -> bool:
    """Tell whether langchain-core would complete the JSON of a call."""
    try:
        parse_partial_json(text)
    except (ValueError, RecursionError):
        return False
    return True


def _open_at_end(text: str) -> tuple[str, list[str]]:
    """Return what closes the string that is open at the end, and open brackets."""
    stack: list[str] = []
    inside = escaped = False
    for char in text:
        if inside:
            inside = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char == '"':
            inside = True
        elif char in _CLOSERS:
            stack.append(_CLOSERS[char])
        elif stack and char == stack[-1]:
            stack.pop()
    quote = ('""' if escaped else '"') if inside else ""
    return quote, stack


def parse_chat_calls(
    calls: list[dict[str, Any]],
) -> tuple[list[ToolCall], list[InvalidToolCall]]:
    """Parse the `tool_calls` of a chat message.

    Args:
        calls: The wire objects.

    Returns:
        The calls, and those whose arguments are no JSON.
    """
    parsed: list[ToolCall] = []
    invalid: list[InvalidToolCall] = []
    for call in calls:
        _add_chat(call, parsed, invalid)
    return parsed, invalid


def parse_response_calls(
    items: list[dict[str, Any]],
) -> tuple[list[ToolCall], list[InvalidToolCall]]:
    """Parse the tool calls among the output items of a Responses answer."""
    parsed: list[ToolCall] = []
    invalid: list[InvalidToolCall] = []
    for item in items:
        if item.get("type") == "custom_tool_call":
            _add_custom(item, item.get("call_id"), parsed, invalid)
        elif item.get("type") == "function_call":
            _add_function(item, parsed, invalid)
    return parsed, invalid


def _add_chat(
    call: dict[str, Any], parsed: list[ToolCall], invalid: list[InvalidToolCall]
) -> None:
    try:
        found: Any = parse_tool_call(call)
    except Exception as error:  # noqa: BLE001
        invalid.append(make_invalid_tool_call(call, str(error)))
        return
    if isinstance(found["args"], dict):
        parsed.append(found)
    else:
        invalid.append(make_invalid_tool_call(call, _NO_OBJECT))


def is_cut(item: dict[str, Any]) -> bool:
    """Tell whether an output item of Responses ended before it was whole."""
    return item.get("status") == "incomplete"


def custom_arguments(item: dict[str, Any]) -> str:
    """Return the free text of a custom tool call as JSON arguments.

    A bracket that fits nothing ends those of a call that was cut off: free text does
    not show that some of it is missing.
    """
    told = json.dumps({CUSTOM_INPUT: item.get("input")})
    return f"{told[:-1]}]" if is_cut(item) else told


def _add_custom(
    call: dict[str, Any],
    call_id: str | None,
    parsed: list[ToolCall],
    invalid: list[InvalidToolCall],
) -> None:
    name, text = call.get("name") or "", call.get("input")
    if is_cut(call):
        error = "The tool call was truncated."
        invalid.append(invalid_tool_call(name=name, args=text, id=call_id, error=error))
        return
    parsed.append(tool_call(name=name, args={CUSTOM_INPUT: text}, id=call_id))


def _add_function(
    item: dict[str, Any], parsed: list[ToolCall], invalid: list[InvalidToolCall]
) -> None:
    name, text = item.get("name") or "", arguments_text(item.get("arguments"))
    nothing = "" if is_cut(item) else "{}"
    try:
        args = json.loads(text or nothing, strict=False)
        problem = None if isinstance(args, dict) else _NO_OBJECT
    except (JSONDecodeError, RecursionError) as error:
        args, problem = {}, str(error)
    call_id = item.get("call_id")
    if problem is None:
        parsed.append(tool_call(name=name, args=args, id=call_id))
    else:
        invalid.append(
            invalid_tool_call(name=name, args=text, id=call_id, error=problem)
        )


_NO_OBJECT = "The arguments are JSON, but not an object."
