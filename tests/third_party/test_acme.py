"""The provider passes the tests of langchain-unified, on Acme's own wire."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

from langchain_unified.testing.conformance import (
    HttpReply,
    HttpRequest,
    ProviderConformance,
)


class TestAcme(ProviderConformance):
    """Acme's API as its reference describes it."""

    provider = "acme"
    model = "acme-small"
    image_model = "acme-eyes"
    settings: ClassVar[dict[str, Any]] = {"region": "us"}

    def answer(self, request: HttpRequest) -> HttpReply:
        """Answer with the last user's text, or call the first ability."""
        body = json.loads(request.raw)
        parts = [t["parts"] for t in body["turns"] if t["who"] == "human"][-1]
        text = "".join(part.get("text", "") for part in parts)
        tokens = {"in": 3, "out": 5}
        end: dict[str, Any] = {"ended": "done", "tokens": tokens}
        if body.get("abilities") and body["turns"][-1]["who"] != "tool":
            name = body["abilities"][0]["call"]
            call = {"call": name, "with": {"city": "Paris"}, "id": "call-1"}
            text, end = "", {"calls": [call], "ended": "calls", "tokens": tokens}
        if not body.get("stream"):
            return _json(200, {"text": text, **end})
        lines = [{"text": word} for word in re.findall(r"\S+\s*", text)]
        chunks = [f"{json.dumps(line)}\n".encode() for line in [*lines, end]]
        return HttpReply(200, {"content-type": "application/x-ndjson"}, chunks=chunks)

    def refuse(self, status: int, message: str) -> HttpReply:
        """Say what is wrong."""
        return _json(status, {"problem": {"what": message, "code": "no"}})

    def break_off(self, message: str) -> bytes:
        """Say what is wrong on a line of its own."""
        return json.dumps({"problem": {"what": message}}).encode() + b"\n"


def _json(status: int, body: Any) -> HttpReply:
    kind = {"content-type": "application/json"}
    return HttpReply(status, kind, json.dumps(body).encode())
