"""Message chunks of plain text, which are most of every stream."""

from __future__ import annotations

from copy import copy
from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk

PROVIDER = "openai"
"""`model_provider` of the messages, by which langchain-core finds their translator."""

_MESSAGE = AIMessageChunk(content="", response_metadata={"model_provider": PROVIDER})
_CHUNK = ChatGenerationChunk(message=_MESSAGE, generation_info=None)
_CONTAINERS = tuple(
    (name, type(value))
    for name, value in vars(_MESSAGE).items()
    if isinstance(value, (dict, list))
)


def text_chunk(
    text: str,
    metadata: dict[str, Any],
    info: dict[str, Any] | None = None,
) -> ChatGenerationChunk:
    """Return a chunk that holds a piece of text and nothing else.

    Equal to one built by the constructors, at half their cost: it copies a validated
    chunk instead of validating fields that are all empty.

    Args:
        text: The piece of text.
        metadata: The `response_metadata`; taken over, not copied.
        info: The `generation_info`, if any; taken over, not copied.

    Returns:
        The generation chunk.
    """
    message, chunk = copy(_MESSAGE), copy(_CHUNK)
    fields = message.__dict__
    for name, container in _CONTAINERS:
        fields[name] = container()
    fields["content"] = text
    fields["response_metadata"] = metadata
    fields = chunk.__dict__
    fields["message"] = message
    fields["text"] = text
    fields["generation_info"] = info
    return chunk
