"""The provider passes the tests of langchain-unified, on Borealis's own wire."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

from langchain_unified.testing.conformance import (
    HttpReply,
    HttpRequest,
    ProviderConformance,
)


class TestBorealis(ProviderConformance):
    """Borealis's API as its handbook describes it."""

    provider = "borealis"
    model = "aurora-mini"
    image_model = "aurora-grand"
    settings: ClassVar[dict[str, Any]] = {"observatory": "kiruna"}

    def answer(self, request: HttpRequest) -> HttpReply:
        """Answer with the last visitor's words, or play the first instrument."""
        body = json.loads(request.raw)
        storm = _storm(request, body)
        if storm is not None:
            return storm
        said = [u["said"] for u in body["dialogue"] if u["speaker"] == "visitor"][-1]
        words = "".join(part.get("words", "") for part in said)
        meter = {"heard": 3, "spoken": 5, "recalled": 1}
        played: list[dict[str, Any]] = []
        if body.get("instruments") and body["dialogue"][-1]["speaker"] != "instrument":
            name = next(iter(body["instruments"]))
            played = [{"ref": "p1", "instrument": name, "notes": {"city": "Paris"}}]
            words = ""
        end = {"halt": "instrument" if played else "dawn", "meter": meter}
        if "ndjson" not in request.headers.get("accept", ""):
            answer = {"said": [{"words": words}], "played": played, **end}
            return _json(200, answer)
        lines = [*_spoken(words), *_played(played), end]
        chunks = [f"{json.dumps(line)}\n".encode() for line in lines]
        return HttpReply(200, {"content-type": "application/x-ndjson"}, chunks=chunks)

    def refuse(self, status: int, message: str) -> HttpReply:
        """Say what is wrong."""
        return _json(status, {"storms": [{"says": message, "sort": "no"}]})

    def break_off(self, message: str) -> bytes:
        """Say what is wrong on a line of its own."""
        return json.dumps({"storms": [{"says": message}]}).encode() + b"\n"


def _storm(request: HttpRequest, body: dict[str, Any]) -> HttpReply | None:
    """Return what Borealis refuses by its handbook, if the request has it."""
    if "borealis-token" not in request.headers:
        return _json(401, {"storms": [{"says": "No token.", "sort": "stranger"}]})
    if body.get("instruments") and "warmth" in body.get("dials", {}):
        storm = {"says": "No warmth beside instruments.", "dial": "warmth"}
        return _json(422, {"storms": [storm]})
    return None


def _spoken(words: str) -> list[dict[str, Any]]:
    return [{"words": word} for word in re.findall(r"\S+\s*", words)]


def _played(played: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines of a stream for calls: the name first, then its notes."""
    lines: list[dict[str, Any]] = []
    for nth, play in enumerate(played):
        notes = json.dumps(play["notes"])
        start = {"nth": nth, "ref": play["ref"], "instrument": play["instrument"]}
        parts = [{"nth": nth, "notes": part} for part in (notes[:6], notes[6:])]
        lines += [{"play": piece} for piece in (start, *parts)]
    return lines


def _json(status: int, body: Any) -> HttpReply:
    kind = {"content-type": "application/json"}
    return HttpReply(status, kind, json.dumps(body).encode())
