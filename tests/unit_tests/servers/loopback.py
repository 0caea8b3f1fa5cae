"""Servers of other makes on loopback: they know names to the letter, and no rules."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from typing_extensions import Self

from langchain_unified.testing.server import LoopbackServer
from langchain_unified.testing.wire import HttpReply, HttpRequest

Answer = Callable[[dict[str, Any]], HttpReply]


class CompatibleServer:
    """Speaks chat completions and nothing else, and keeps what it was sent.

    Args:
        answer: Turns the body of a request into a reply.
        path: The only path that is served, below `/v1`.
    """

    def __init__(self, answer: Answer, path: str = "/chat/completions") -> None:
        self._answer = answer
        self._path = path
        self.paths: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self._server = LoopbackServer(self._respond)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}/v1"

    def forget(self) -> None:
        self.paths.clear()
        self.bodies.clear()

    def _respond(self, request: HttpRequest) -> HttpReply:
        self.paths.append(request.path)
        if not request.path.endswith(self._path):
            return refusal(404, f"there is nothing at {request.path}")
        self.bodies.append(json.loads(request.raw))
        return self._answer(self.bodies[-1])

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.stop()


def refusal(status: int, message: str) -> HttpReply:
    return json_reply({"error": {"message": message, "type": "invalid"}}, status)


def json_reply(body: Any, status: int = 200) -> HttpReply:
    kind = {"content-type": "application/json"}
    return HttpReply(status, kind, json.dumps(body).encode())


def events(*chunks: Mapping[str, Any]) -> HttpReply:
    lines = [f"data: {json.dumps(chunk)}\n\n".encode() for chunk in chunks]
    kind = {"content-type": "text/event-stream"}
    return HttpReply(200, kind, b"", [*lines, b"data: [DONE]\n\n"])


def chunk(delta: Any = None, finish: str | None = None, **keys: Any) -> dict[str, Any]:
    """Return one chunk of a stream; without a delta its choice has none."""
    choice: dict[str, Any] = {"index": 0, "finish_reason": finish}
    if delta is not None:
        choice["delta"] = delta
    return {"id": "c1", "model": "m", "choices": [choice], **keys}


def whole(message: Mapping[str, Any], finish: str = "stop", **keys: Any) -> HttpReply:
    told = {"role": "assistant", "content": "", **message}
    choice = {"index": 0, "message": told, "finish_reason": finish}
    return json_reply({"id": "c1", "model": "m", "choices": [choice], **keys})


def say(text: str) -> Answer:
    """Answer with a text, whole or streamed as asked for."""

    def answer(body: dict[str, Any]) -> HttpReply:
        if not body.get("stream"):
            return whole({"content": text})
        return events(chunk({"content": text}), chunk({}, "stop"))

    return answer


def knowing(names: Iterable[str], answer: Answer) -> Answer:
    """Answer only for models whose name is known to the letter."""
    known = frozenset(names)

    def checked(body: dict[str, Any]) -> HttpReply:
        if body["model"] not in known:
            return refusal(404, f"the model {body['model']!r} does not exist")
        return answer(body)

    return checked
