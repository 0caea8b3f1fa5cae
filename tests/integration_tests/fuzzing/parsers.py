"""Feeds bytes that atheris makes to the parsers of OpenAI's wire.

```bash
pip install atheris
python -m tests.integration_tests.fuzzing.parsers \
    tests/integration_tests/fuzzing/seeds -max_total_time=60
```

What libFuzzer finds it writes to the folder; a crash becomes a seed with its fix.
"""

from __future__ import annotations

import contextlib
import sys

import atheris
import httpcore
import httpx
import openai

with atheris.instrument_imports(include=["langchain_unified"]):
    from langchain_unified.errors import UnifiedError
    from langchain_unified.reliability.exchange import Exchange
    from langchain_unified.shims.openai.chat import parse_chat_body
    from langchain_unified.shims.openai.chat_stream import ChatStreamParser
    from langchain_unified.shims.openai.errors import to_unified
    from langchain_unified.shims.openai.reading import SSEDecoder
    from langchain_unified.shims.openai.responses import parse_response_body
    from langchain_unified.shims.openai.responses_stream import (
        response_stream_parser,
    )
    from langchain_unified.transport.shared import shared_transport

from jiter import from_json


def read_all(data: bytes) -> None:
    """Read bytes in every way a server's bytes are read; only our errors may pass."""
    exchange = Exchange()
    exchange.answered = True
    for kind in ({}, {"content-encoding": "gzip"}):
        with contextlib.suppress(UnifiedError, httpx.DecodingError):
            _through_the_transport(data, kind)
    bodies = [event for _, event in _events(data)] or [data]
    chat, responses = ChatStreamParser(), response_stream_parser()
    for raw in bodies:
        try:
            body = from_json(raw)
        except ValueError:
            continue
        to_unified(openai.APIError("x", None, body=body))  # type: ignore[arg-type]
        if not isinstance(body, dict):
            continue
        readers = (parse_chat_body, parse_response_body, chat.parse, responses.parse)
        for read in readers:
            with contextlib.suppress(UnifiedError, openai.OpenAIError), exchange:
                read(body)


class _Pool:
    """Answers with the same bytes, whatever is asked."""

    def __init__(self, data: bytes, headers: dict[str, str]) -> None:
        self._data, self._headers = data, headers

    def handle_request(self, _: httpcore.Request) -> httpcore.Response:
        return httpcore.Response(200, headers=self._headers, content=self._data)


def _through_the_transport(data: bytes, headers: dict[str, str]) -> None:
    transport = shared_transport(httpx, lambda **_: _Pool(data, headers))
    response = transport.handle_request(httpx.Request("GET", "http://one.example"))
    list(response.stream)


def _events(data: bytes) -> list[tuple[bytes, bytes]]:
    half = len(data) // 2
    cut, whole = SSEDecoder(), SSEDecoder()
    found = [*cut.feed(data[:half]), *cut.feed(data[half:]), *cut.finish()]
    if found != [*whole.feed(data), *whole.finish()]:
        raise AssertionError(data)
    return found


if __name__ == "__main__":
    atheris.Setup(sys.argv, read_all)
    atheris.Fuzz()
