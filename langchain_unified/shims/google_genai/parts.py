"""What goes back to Gemini that the integration cannot write.

Parts of the server's own tools go back as they came: a changed one is refused
(langchain-ai/langchainjs#11611, read 2026-11-27). langchain-google-genai 4.4.3 drops
`toolCall` and makes a code execution's result of `toolResponse`, so their place is
held by a text while it renders messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from google.genai.types import Content, Part
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from langchain_unified.history.finite import is_finite

PART = "part"
"""Key of a block's `extras` under which the part it was read from is kept."""

_PLACE = "\x00unified part {}\x00"


class Places:
    """Parts that are left out while messages are rendered, and put in afterwards."""

    def __init__(self) -> None:
        """Hold no place yet."""
        self._parts: dict[str, Mapping[str, Any]] = {}

    def held(self, messages: Sequence[BaseMessage]) -> list[BaseMessage]:
        """Return messages with a text in the place of each part that is kept."""
        return [self._without_parts(message) for message in messages]

    def fill(self, contents: Iterable[Content]) -> None:
        """Put the parts in their places; the contents are changed."""
        if not self._parts:
            return
        for content in contents:
            content.parts = [
                _as_it_came(self._parts[part.text])
                if part.text in self._parts
                else part
                for part in content.parts or ()
            ]

    def _without_parts(self, message: BaseMessage) -> BaseMessage:
        if not isinstance(message, AIMessage) or isinstance(message.content, str):
            return message
        if not any(map(_kept_part, message.content)):
            return message
        content = [self._place(block) for block in message.content]
        return message.model_copy(update={"content": content})

    def _place(self, block: Any) -> Any:
        part = _kept_part(block)
        if part is None:
            return block
        place = _PLACE.format(len(self._parts))
        self._parts[place] = part
        return {"type": "text", "text": place}


def _as_it_came(kept: Mapping[str, Any]) -> Part:
    """Return a part with the field names of the wire.

    google-genai 3.6.1 writes the fields inside `toolCall` in snake case; it passes
    dictionaries on, and does not check what is assigned.
    """
    part = Part.model_validate(kept)
    for name, field in (("tool_call", "toolCall"), ("tool_response", "toolResponse")):
        if field in kept:
            setattr(part, name, kept[field])
    return part


def _kept_part(block: Any) -> Mapping[str, Any] | None:
    extras = block.get("extras") if isinstance(block, Mapping) else None
    part = extras.get(PART) if isinstance(extras, Mapping) else None
    return part if isinstance(part, Mapping) else None


def put_results(contents: Iterable[Content], messages: Sequence[BaseMessage]) -> None:
    """Say in each function response what its tool gave.

    Args:
        contents: The SDK's `Content` objects; they are changed.
        messages: What they were made of, each result after its call.
    """
    results = [m for m in messages if isinstance(m, ToolMessage)]
    answers = [
        part.function_response
        for content in contents
        for part in content.parts or ()
        if part.function_response
    ]
    if len(answers) != len(results):
        return
    for answer, result in zip(answers, results, strict=True):
        answer.response = _response(result, answer.response)


def _response(result: ToolMessage, rendered: Any) -> dict[str, Any]:
    """Return `{"output": ...}`, `{"error": ...}` or the object that the tool gave.

    `error` is the key for what went wrong (google-genai 3.6.1, `FunctionResponse`).
    """
    found = rendered if isinstance(rendered, Mapping) else {"output": rendered}
    if not is_finite(found):
        # JSON has no NaN; json.loads reads it nevertheless.
        found = {"output": result.text}
    if result.status == "error" and "error" not in found:
        found = {"error": found["output"] if found.keys() == {"output"} else found}
    return dict(found)
