"""Sending a recorded request to the emulator, in the world it was recorded in."""

from __future__ import annotations

import http.client
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from langchain_unified.testing.emulator import ProviderEmulator
from langchain_unified.testing.judging.exchanges import parse_events

if TYPE_CHECKING:
    from typing_extensions import Self

    from langchain_unified.testing.judging.exchanges import Event, Exchange

KEY = "judge"
_WRONG_KEY = re.compile(r"provided: (\S+?)\.? You can")
_UNREACHABLE = re.compile(r"Error while downloading (\S+)\.$|provided URL")
_DEPLOYMENT = re.compile(r"/openai/deployments/([^/]+)/")
_AZURE_V1 = re.compile(r"^/openai/v1/")
_UNAUTHORIZED = 401


@dataclass(frozen=True)
class Reply:
    """What the emulator answered."""

    status: int
    answer: Any
    events: list[Event] | None


_OPENAI_PATHS = ("/v1/chat/completions", "/v1/responses")


def _target(exchange: Exchange) -> str:
    """Return the path and the query of a recorded request, without its key."""
    query = {name: value for name, value in exchange.query.items() if name != "key"}
    if "streamGenerateContent" in exchange.path:
        query["alt"] = "sse"
    if _DEPLOYMENT.search(exchange.path):
        query.setdefault("api-version", "2025-04-01-preview")
    target = quote(exchange.path, safe="/:@")
    return f"{target}?{urlencode(query)}" if query else target


def family_of(exchange: Exchange) -> str | None:
    """Return the API an exchange is with, or None for one that is not emulated."""
    host, path = exchange.host, exchange.path
    stream = " stream" if exchange.streaming else ""
    kind = "responses" if path.endswith("/responses") else "chat"
    if host.endswith(".azure.com") and path.startswith("/openai/"):
        return f"azure {kind}{stream}"
    if host == "api.openai.com" and path in _OPENAI_PATHS:
        return f"{kind}{stream}"
    if "generateContent" in path or "streamGenerateContent" in path:
        if host.endswith("aiplatform.googleapis.com"):
            return f"vertex{stream}"
        if host == "generativelanguage.googleapis.com":
            return f"gemini{stream}"
    return None


@dataclass(frozen=True)
class Pair:
    """An exchange and what the emulator answered to its request."""

    exchange: Exchange
    reply: Reply
    family: str


class Bench:
    """An emulator that recorded requests are sent to.

    What a request cannot know is taken from the recorded answer: a wrong API key, a
    deployment that is not there, a model that was shut down, an address that cannot
    be fetched.
    """

    def __init__(self, emulator: ProviderEmulator | None = None) -> None:
        """Prepare an emulator that accepts foreign signatures and ids."""
        self.emulator = emulator or ProviderEmulator(
            openai_api_keys={KEY},
            google_api_keys={KEY},
            accept_foreign_tokens=True,
        )

    def __enter__(self) -> Self:
        """Start the emulator."""
        self.emulator.start()
        port = int(self.emulator.google_base_url.rpartition(":")[2])
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        return self

    def __exit__(self, *error: object) -> None:
        """Stop the emulator."""
        self._connection.close()
        self.emulator.stop()

    def send(self, exchange: Exchange) -> Reply:
        """Send a recorded request and return the emulator's answer."""
        self._set_up(exchange)
        body = json.dumps(exchange.request).encode()
        target, headers = _target(exchange), _headers(exchange)
        self._connection.request("POST", target, body, headers)
        answered = self._connection.getresponse()
        text = answered.read().decode()
        if text.startswith(("data:", "event:")):
            return Reply(answered.status, None, parse_events(text))
        return Reply(answered.status, json.loads(text) if text else None, None)

    def _set_up(self, exchange: Exchange) -> None:
        message = message_of(exchange.answer)
        unreachable = _UNREACHABLE.search(message)
        self.emulator.unreachable_urls = ("http",) if unreachable else ()
        self.emulator.shutdown = (
            "enforce" if "has been deprecated" in message else "ignore"
        )
        deployments = self.emulator.azure_deployments
        found = _DEPLOYMENT.search(exchange.path)
        if found is not None:
            name = _answering_model(exchange) or deployments.get(found[1])
            gone = "deployment for this resource" in message
            deployments[found[1]] = "" if gone else name or exchange.model


def message_of(answer: Any) -> str:
    """Return the message of an error body, "" if there is none."""
    error = answer.get("error") if isinstance(answer, dict) else None
    return str(error.get("message") or "") if isinstance(error, dict) else ""


def _headers(exchange: Exchange) -> dict[str, str]:
    key = KEY
    if exchange.status == _UNAUTHORIZED:
        named = _WRONG_KEY.search(message_of(exchange.answer))
        key = named[1] if named else "wrong"
    return {
        "content-type": "application/json",
        "authorization": f"Bearer {key}",
        "x-goog-api-key": key,
        "api-key": key,
    }


def _answering_model(exchange: Exchange) -> str:
    bodies = [exchange.answer, *(event for _, event in exchange.events or ())]
    names = [body.get("model") for body in bodies if isinstance(body, dict)]
    return str(next((name for name in names if name), ""))
