"""A recorded exchange, played to a class: what it sends, and the message it gives."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from typing import Any

import openai
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
    convert_to_messages,
)

from langchain_unified.testing.judging import Exchange

MAIN = {"model", "messages", "input", "stream", "stream_options"}
"""What a class is told otherwise than as a setting."""

_CALLS = {"function_call", "custom_tool_call"}
_OUTPUTS = {"function_call_output", "custom_tool_call_output", "computer_call_output"}
_SYSTEM = {"system", "developer"}


class Player:
    """A loopback server that gives one recorded answer and keeps the request."""

    def __init__(self) -> None:
        self.exchange: Exchange | None = None
        self.sent: list[tuple[str, dict[str, Any]]] = []

    @contextmanager
    def serving(self) -> Iterator[int]:
        """Serve until the end of the block; gives the port."""
        player = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else each answer waits 40 ms

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                player.sent.append((self.path, json.loads(body)))
                kind, content = answer_of(player.exchange)
                self.send_response(player.exchange.status)  # type: ignore[union-attr]
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(content)))
                self.send_header("x-should-retry", "false")
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def answer_of(exchange: Exchange | None) -> tuple[str, bytes]:
    """Return content type and bytes of a recorded answer."""
    assert exchange is not None
    if exchange.events is None:
        return "application/json", json.dumps(exchange.answer).encode()
    text = "".join(
        (f"event: {name}\n" if name else "") + f"data: {json.dumps(data)}\n\n"
        for name, data in exchange.events
    )
    says_done = not exchange.path.endswith(("/responses", "GenerateContent"))
    done = "data: [DONE]\n\n" if says_done else ""
    return "text/event-stream", (text + done).encode()


def client_to(port: int) -> Any:
    """Return an HTTP client that finds OpenAI's server on the loopback."""
    base = next(b for b in openai.DefaultHttpxClient.__mro__ if b.__name__ == "Client")
    library: Any = import_module(base.__module__.partition(".")[0])

    class ToLoopback(library.HTTPTransport):  # type: ignore[misc]
        def handle_request(self, request: Any) -> Any:
            address = {"scheme": "http", "host": "127.0.0.1", "port": port}
            request.url = request.url.copy_with(**address)
            return super().handle_request(request)

    return library.Client(transport=ToLoopback())


def messages_of(exchange: Exchange) -> list[BaseMessage]:
    """Return a recorded conversation as LangChain's messages."""
    if "messages" in exchange.request:
        given = exchange.request["messages"]
        return list(convert_to_messages([{"content": "", **turn} for turn in given]))
    given = exchange.request.get("input")
    if isinstance(given, str):
        return [HumanMessage(given)]
    return _joined(_message_of(item) for item in given or ())


def _message_of(item: Mapping[str, Any]) -> BaseMessage:
    kind, role = item.get("type", "message"), item.get("role")
    if kind == "message" and role in _SYSTEM:
        return SystemMessage(_content(item))
    if kind == "message" and role == "user":
        return HumanMessage(_content(item))
    if kind in _OUTPUTS:
        return _result(item)
    if kind in _CALLS or kind == "message":
        return _reply(item)
    if kind.endswith(("_output", "_response")) or kind == "configuration_update":
        return HumanMessage([dict(item)])
    return AIMessage([dict(item)])


def _content(item: Mapping[str, Any]) -> Any:
    content = item.get("content")
    return content if isinstance(content, str) else [dict(part) for part in content]


def _result(item: Mapping[str, Any]) -> ToolMessage:
    is_function = item["type"] == "function_call_output"
    extra = {} if is_function else {"type": item["type"]}
    output = item.get("output")
    content = [output] if isinstance(output, Mapping) else output
    return ToolMessage(content, tool_call_id=item["call_id"], additional_kwargs=extra)


def _reply(item: Mapping[str, Any]) -> AIMessage:
    kind = item.get("type", "message")
    if kind == "function_call":
        args = json.loads(item.get("arguments") or "{}")
        call = {"name": item["name"], "args": args, "id": item["call_id"]}
        return AIMessage([dict(item)], tool_calls=[{**call, "type": "tool_call"}])
    if kind != "message":
        return AIMessage([dict(item)])
    if isinstance(item.get("content"), str):
        return AIMessage(item["content"])
    parts = [
        {"type": "text", "text": part["text"], "annotations": [], "id": item.get("id")}
        if part.get("type") == "output_text"
        else dict(part)
        for part in item["content"]
    ]
    return AIMessage(parts)


def _joined(messages: Iterator[BaseMessage]) -> list[BaseMessage]:
    """Return items of one turn of the assistant as one message."""
    found: list[BaseMessage] = []
    for message in messages:
        last = found[-1] if found else None
        both = isinstance(message, AIMessage) and isinstance(last, AIMessage)
        if both and not any(isinstance(m.content, str) for m in (message, last)):
            found[-1] = AIMessage(
                [*last.content, *message.content],
                tool_calls=[*last.tool_calls, *message.tool_calls],
            )
        else:
            found.append(message)
    return found


def played(model: Any, exchange: Exchange, settings: Mapping[str, Any]) -> Any:
    """Return what a model gives for a recorded call: a message, or the error."""
    messages = messages_of(exchange)
    try:
        if not exchange.streaming:
            return model.invoke(messages, **settings)
        merged = None
        for piece in model.stream(messages, **settings):
            merged = piece if merged is None else merged + piece
    except Exception as error:  # noqa: BLE001 - errors are compared as well
        return error
    return merged


def described(found: Any) -> dict[str, Any]:
    """Return what users see of an answer or an error, field by field."""
    if isinstance(found, BaseException):
        return {
            "status": getattr(found, "status_code", None),
            "body": getattr(found, "body", None),
            "is_retryable": getattr(found, "is_retryable", None),
        }
    metadata = {k: v for k, v in found.response_metadata.items() if k != "unified"}
    return {
        **found.model_dump(exclude={"response_metadata", "id"}),
        "id": "run" if str(found.id).startswith("lc_run") else found.id,
        "response_metadata": metadata,
    }
