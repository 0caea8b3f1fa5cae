"""Acme's API on loopback: whatever its reference does not allow is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from typing_extensions import Self

from langchain_unified.testing.server import LoopbackServer
from langchain_unified.testing.wire import HttpReply, HttpRequest

JSON = {"content-type": "application/json"}
LINES = {"content-type": "application/x-ndjson"}
TAKEN: dict[str, Callable[[Any], bool]] = {
    "model": lambda value: isinstance(value, str),
    "turns": lambda value: isinstance(value, list) and bool(value),
    "stream": lambda value: value is True,
    "length": lambda value: isinstance(value, int) and 1 <= value <= 4_000,
    "heat": lambda value: isinstance(value, (int, float)) and 0 <= value <= 1,
    "mode": lambda value: value in {"fast", "careful"},
    "abilities": lambda value: isinstance(value, list) and bool(value),
    "must_call": lambda value: isinstance(value, (bool, str)),
}


class StrictAcme:
    """Answers what its reference allows, and keeps what it refused.

    Args:
        models: Whether each model sees pictures, by the name that it is called by.

    Attributes:
        bodies: The requests it answered.
        refused: The requests it refused, each with the reason.
    """

    def __init__(self, models: Mapping[str, bool]) -> None:
        self._models = models
        self.bodies: list[dict[str, Any]] = []
        self.refused: list[tuple[dict[str, Any], str]] = []
        self._server = LoopbackServer(self._respond)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    def reset(self) -> None:
        self.bodies.clear()
        self.refused.clear()

    def _respond(self, request: HttpRequest) -> HttpReply:
        body = json.loads(request.raw)
        wrong = next(self._wrong(body), None)
        if wrong is not None:
            self.refused.append((body, wrong))
            problem = {"problem": {"what": wrong, "code": "bad"}}
            return HttpReply(400, JSON, json.dumps(problem).encode())
        self.bodies.append(body)
        end = {"text": "yes", "ended": "done", "tokens": {"in": 1, "out": 1}}
        said = json.dumps(end).encode() + b"\n"
        if body.get("stream"):
            return HttpReply(200, LINES, b"", [said])
        return HttpReply(200, JSON, said)

    def _wrong(self, body: dict[str, Any]) -> Iterator[str]:
        """Yield what the reference does not allow."""
        if body.get("model") not in self._models:
            yield f"no model {body.get('model')!r}"
        for name, value in body.items():
            if name not in TAKEN or not TAKEN[name](value):
                yield f"{name} is not taken: {value!r}"
        if body.get("mode") == "careful" and "heat" in body:
            yield "heat is not taken in careful mode"
        names = {ability["call"] for ability in body.get("abilities", ())}
        if "must_call" in body and body["must_call"] not in {True, False, *names}:
            yield "must_call names no ability"
        for turn in body["turns"]:
            yield from self._wrong_turn(turn, sees=self._models[body["model"]])

    def _wrong_turn(self, turn: dict[str, Any], *, sees: bool) -> Iterator[str]:
        if turn["who"] not in {"system", "human", "ai", "tool"}:
            yield f"nobody is called {turn['who']!r}"
        for part in turn["parts"]:
            if part["type"] == "picture" and not sees:
                yield "this model sees no pictures"
            if part["type"] not in {"text", "picture"}:
                yield f"there are no parts of type {part['type']!r}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.stop()
