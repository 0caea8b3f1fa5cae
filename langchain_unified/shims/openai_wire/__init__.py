"""The OpenAI wire, parsed once: from bytes to dictionaries to LangChain messages.

Used for models that are called with the `openai` SDK directly. `transport` sends and
receives, `chat` and `responses` parse answers, `responses_stream` parses event
streams, `errors` turns SDK errors into ours.
"""

from langchain_unified.shims.openai_wire.chat import parse_chat_body
from langchain_unified.shims.openai_wire.chat_stream import (
    ChatStreamParser,
    parse_chat_chunk,
)
from langchain_unified.shims.openai_wire.errors import to_unified
from langchain_unified.shims.openai_wire.responses import parse_response_body
from langchain_unified.shims.openai_wire.responses_stream import (
    ResponseStreamParser,
    response_stream_parser,
)
from langchain_unified.shims.openai_wire.transport import (
    AsyncEventStream,
    EventStream,
    apost_json,
    apost_stream,
    post_json,
    post_stream,
)

__all__ = [
    "AsyncEventStream",
    "ChatStreamParser",
    "EventStream",
    "ResponseStreamParser",
    "apost_json",
    "apost_stream",
    "parse_chat_body",
    "parse_chat_chunk",
    "parse_response_body",
    "post_json",
    "post_stream",
    "response_stream_parser",
    "to_unified",
]
