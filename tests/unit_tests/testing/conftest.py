from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from langchain_unified.testing import ProviderEmulator


@dataclass
class Answered:
    """A status and a JSON body."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def error(self) -> dict[str, Any]:
        """The error object in the body."""
        return self.body["error"]


Post = Callable[..., Answered]


@pytest.fixture(scope="package")
def running_emulator() -> Iterator[ProviderEmulator]:
    """One emulator for the whole folder."""
    with ProviderEmulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(running_emulator: ProviderEmulator) -> ProviderEmulator:
    """The shared emulator with a clean memory."""
    running_emulator.reset()
    return running_emulator


@pytest.fixture
def post(emulator: ProviderEmulator) -> Post:
    """Send a request with nothing but the standard library."""

    def send(path: str, body: Any = None, **options: Any) -> Answered:
        return request(options.pop("to", emulator), path, body, **options)

    return send


def request(
    emulator: ProviderEmulator,
    path: str,
    body: Any = None,
    *,
    method: str = "POST",
    headers: dict[str, str] | None = None,
) -> Answered:
    """Send one request on a connection of its own."""
    if headers is None:
        headers = {"authorization": "Bearer sk-test-1234", "x-goog-api-key": "g-5678"}
    port = int(emulator.google_base_url.rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        raw = body if isinstance(body, (bytes, str)) else json.dumps(body)
        connection.request(method, path, None if body is None else raw, headers)
        reply = connection.getresponse()
        text = reply.read()
        kind = reply.headers.get("content-type", "")
        parsed = json.loads(text) if text and "json" in kind else text
        return Answered(reply.status, parsed, dict(reply.headers))
    finally:
        connection.close()


def openai_error(
    message: str | None, param: str | None, code: str | None
) -> dict[str, Any]:
    """The error object of an OpenAI body."""
    kind = "invalid_request_error"
    return {"message": message, "type": kind, "param": param, "code": code}
