"""The emulator: one server, five providers."""

from __future__ import annotations

import itertools
import json
import threading
import traceback
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from langchain_unified.testing.anthropic_api.surface import AnthropicSurface
from langchain_unified.testing.azure_api.surface import AzureSurface
from langchain_unified.testing.errors import RefusalError
from langchain_unified.testing.evidence import EVIDENCE
from langchain_unified.testing.gemini_api.surface import GeminiSurface
from langchain_unified.testing.makes.facts import make_named
from langchain_unified.testing.makes.surface import MakeSurface
from langchain_unified.testing.ollama_api.surface import OllamaSurface
from langchain_unified.testing.openai_api.surface import OpenAISurface
from langchain_unified.testing.recording import RecordedRequest, record
from langchain_unified.testing.replies import DEFAULT_FAULTS, Reply, Script
from langchain_unified.testing.rules import (
    PROVIDERS,
    ModelRules,
    load_rule_book,
    load_rules,
)
from langchain_unified.testing.server import LoopbackServer
from langchain_unified.testing.settings import Settings
from langchain_unified.testing.wire import HttpReply

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from typing_extensions import Self

    from langchain_unified.testing.wire import HttpRequest

Surface = (
    AnthropicSurface
    | AzureSurface
    | OllamaSurface
    | OpenAISurface
    | MakeSurface
    | GeminiSurface
)

SHUTDOWN = ("ignore", "enforce")
_ERROR = 400


class ProviderEmulator:
    """A strict local server that emulates OpenAI and Gemini.

    It enforces the parameter rules of every known model with the status codes and
    error bodies of the real APIs. Its responses are deterministic: it echoes the user,
    calls a tool that is forced or mentioned, or returns an instance of the response
    schema.

    Args:
        rules: Additional rules, which replace built-in ones; or a JSON file of rules.
        port: Port to listen on; 0 chooses a free one.
        latency: Seconds before each response.
        chunk_delay: Seconds between the chunks of a streamed response.
        answer: A function that receives the request and returns the text of the
            response; None for the default response.
        verified_organization: False rejects what only verified organizations may do.
        shutdown: `ignore` serves models after their shutdown date, `enforce`
            rejects them.
        today: The day that shutdowns and re-routing are judged by; the day the data
            was read by default.
        openai_api_keys: Keys to accept; any that is not empty by default.
        google_api_keys: Keys to accept; any that is not empty by default.
        record_to: File to which one line of JSON per request is written.
        max_recorded: How many of the latest requests to keep; all by default.
        accept_foreign_tokens: Accept signatures, encrypted items, response and item
            ids of the real APIs, so that transcripts of production can be replayed.
            What they stand for is not known here, so nothing that depends on it is
            checked. False refuses them, as the real APIs refuse ours.
        unreachable_urls: Beginnings of the URLs of media that cannot be downloaded.
        as_server: Emulates another server below `/v1`, for example `deepseek`; it
            accepts any model name.
        strict: What is refused: `recorded` only what recordings show to be refused,
            `documented` also what the providers' pages say, `inferred` all the rules.

    Raises:
        ValueError: If `shutdown` is neither `ignore` nor `enforce`, or `strict` is
            none of the three words.

    Example:
        ```python
        with ProviderEmulator() as emulator:
            client = OpenAI(base_url=emulator.openai_base_url, api_key="test")
            ...
            assert not emulator.errors
        ```
    """

    def __init__(
        self,
        *,
        rules: Iterable[ModelRules] | str | Path = (),
        port: int = 0,
        latency: float = 0.0,
        chunk_delay: float = 0.0,
        answer: Callable[[RecordedRequest], str | None] | None = None,
        verified_organization: bool = True,
        shutdown: str = "ignore",
        today: date | None = None,
        openai_api_keys: Collection[str] | None = None,
        google_api_keys: Collection[str] | None = None,
        record_to: str | Path | None = None,
        max_recorded: int | None = None,
        accept_foreign_tokens: bool = False,
        unreachable_urls: Collection[str] = (),
        strict: str = "inferred",
        as_server: str | None = None,
    ) -> None:
        """Prepare the emulator; nothing listens yet."""
        _check_word("shutdown", shutdown, SHUTDOWN)
        _check_word("strict", strict, EVIDENCE)
        extra = load_rules(rules) if isinstance(rules, (str, Path)) else list(rules)
        books = {name: load_rule_book(name).with_rules(extra) for name in PROVIDERS}
        keys = {"openai": openai_api_keys, "google_genai": google_api_keys}
        self._settings = Settings(
            books=books,
            today=today or max(book.as_of for book in books.values()),
            enforce_shutdown=shutdown == SHUTDOWN[True],
            verified_organization=verified_organization,
            keys={name: frozenset(k) for name, k in keys.items() if k is not None},
            answer=answer,
            accept_foreign_tokens=accept_foreign_tokens,
            unreachable_urls=tuple(unreachable_urls),
            strict=strict,
        )
        self.latency = latency
        self.chunk_delay = chunk_delay
        self.requests: list[RecordedRequest] = []
        self._max_recorded = max_recorded
        self._record_to = Path(record_to) if record_to else None
        self._sink: TextIO | None = None
        self._lock = threading.Lock()
        self._script = Script()
        self._numbers = itertools.count(1)
        self._azure = AzureSurface()
        self._surfaces = _surfaces(self._azure, as_server)
        self._server = LoopbackServer(self._respond, port)

    @property
    def openai_base_url(self) -> str:
        """Base URL for OpenAI clients, ending in `/v1`."""
        return f"{self.google_base_url}/v1"

    @property
    def google_base_url(self) -> str:
        """Base URL for Gemini clients."""
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def anthropic_base_url(self) -> str:
        """Base URL for Anthropic clients, which add `/v1/messages`."""
        return self.google_base_url

    @property
    def azure_endpoint(self) -> str:
        """Endpoint of the Azure OpenAI resource, without `/openai`."""
        return self.google_base_url

    @property
    def ollama_base_url(self) -> str:
        """Base URL for Ollama clients, which add `/api/chat`."""
        return self.google_base_url

    @property
    def azure_deployments(self) -> dict[str, str]:
        """OpenAI model by Azure deployment; add to it as needed."""
        return self._azure.deployments

    @property
    def errors(self) -> list[RecordedRequest]:
        """The requests answered with a status of 400 or above."""
        return [request for request in self.requests if request.status >= _ERROR]

    @property
    def connections(self) -> int:
        """TCP connections accepted since the start or the last reset."""
        return self._server.connections

    @property
    def open_connections(self) -> int:
        """TCP connections that are open now."""
        return self._server.open_connections

    @property
    def pending_steps(self) -> int:
        """Scripted replies that were not used yet."""
        return self._script.pending

    @property
    def answer(self) -> Callable[[RecordedRequest], str | None] | None:
        """The function that gives the text to answer."""
        return self._settings.answer

    @answer.setter
    def answer(self, value: Callable[[RecordedRequest], str | None] | None) -> None:
        self._settings = replace(self._settings, answer=value)

    @property
    def today(self) -> date:
        """The day that shutdowns and re-routing are judged by."""
        return self._settings.today

    @today.setter
    def today(self, value: date) -> None:
        self._settings = replace(self._settings, today=value)

    @property
    def verified_organization(self) -> bool:
        """Whether the organization counts as verified."""
        return self._settings.verified_organization

    @verified_organization.setter
    def verified_organization(self, value: bool) -> None:
        self._settings = replace(self._settings, verified_organization=value)

    @property
    def shutdown(self) -> str:
        """`enforce` if models past their shutdown date are refused, else `ignore`."""
        return SHUTDOWN[self._settings.enforce_shutdown]

    @shutdown.setter
    def shutdown(self, value: str) -> None:
        _check_word("shutdown", value, SHUTDOWN)
        enforce = value == SHUTDOWN[True]
        self._settings = replace(self._settings, enforce_shutdown=enforce)

    @property
    def unreachable_urls(self) -> tuple[str, ...]:
        """Beginnings of the URLs of media that cannot be downloaded."""
        return self._settings.unreachable_urls

    @unreachable_urls.setter
    def unreachable_urls(self, value: Collection[str]) -> None:
        self._settings = replace(self._settings, unreachable_urls=tuple(value))

    def rules_for(self, model: str, provider: str = "openai") -> ModelRules | None:
        """Return the rules enforced for a model today, or None if it is unknown."""
        return self._settings.books[provider].get(model, self._settings.today)

    def add_rules(self, *rules: ModelRules) -> None:
        """Add rules, or replace those of the same model and provider."""
        books = {
            name: book.with_rules(rules) for name, book in self._settings.books.items()
        }
        self._settings = replace(self._settings, books=books)

    def script(self, *steps: Reply) -> None:
        """Queue replies that are used before the normal handling.

        Args:
            steps: Replies; each is used once, for the first request that fits.
        """
        self._script.add(*steps)

    def fault_rate(self, probability: float, *faults: Reply, seed: int = 0) -> None:
        """Return a fault for a random share of the requests.

        Args:
            probability: Share of the requests, 0 to 1; 0 turns faults off.
            faults: Replies to choose from; 429, 500 and a reset by default.
            seed: Seed of the choice.
        """
        self._script.set_faults(probability, faults or DEFAULT_FAULTS, seed)

    def reset(self) -> None:
        """Forget requests, scripted replies, faults, connections and stored items."""
        with self._lock:
            self.requests = []
            self._script.clear()
            self._numbers = itertools.count(1)
            self._server.connections = 0
            for surface in self._surfaces:
                surface.reset()

    def start(self) -> Self:
        """Start listening; a context manager does it too.

        Returns:
            The emulator.

        Raises:
            OSError: If the port is taken.
        """
        if self._record_to is not None:
            self._sink = self._record_to.open("a", encoding="utf-8")
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop listening and close every connection."""
        self._server.stop()
        if self._sink is not None:
            self._sink.close()
            self._sink = None

    def __enter__(self) -> Self:
        """Start listening."""
        return self.start()

    def __exit__(self, *error: object) -> None:
        """Stop listening."""
        self.stop()

    async def __aenter__(self) -> Self:
        """Start listening."""
        return self.start()

    async def __aexit__(self, *error: object) -> None:
        """Stop listening."""
        self.stop()

    def _respond(self, request: HttpRequest) -> HttpReply:
        number = next(self._numbers)
        recorded = record(request)
        surface = next((one for one in self._surfaces if one.claims(request)), None)
        if surface is not None:
            recorded.provider = surface.provider
            surface.describe(recorded)
        step = self._script.take(recorded)
        recorded.scripted = step is not None
        reply = None
        if step is None or not step.replaces:
            reply = self._handled(surface, request, recorded, number)
        reply = (step.over(reply) if step else reply) or HttpReply(404)
        usual = surface.headers(number) if surface else {}
        reply.headers = {**usual, **reply.headers}
        self._remember(recorded, reply)
        return reply

    def _handled(
        self,
        surface: Surface | None,
        request: HttpRequest,
        recorded: RecordedRequest,
        number: int,
    ) -> HttpReply:
        if surface is None:
            return _json_reply(404, {"error": {"message": f"No route {request.path}"}})
        try:
            reply = surface.answer(request, recorded, self._settings, number)
        except RefusalError as error:
            recorded.evidence = error.evidence
            return _json_reply(error.status, error.body)
        except Exception as error:  # noqa: BLE001
            if recorded.let_through:  # nothing can be answered to what was let through
                return _json_reply(_ERROR, recorded.let_through[0])
            recorded.failure = traceback.format_exc()
            return _json_reply(_ERROR, _failure_body(error))
        reply.delay = self.latency
        reply.chunk_delay = self.chunk_delay
        return reply

    def _remember(self, recorded: RecordedRequest, reply: HttpReply) -> None:
        recorded.status = reply.status
        if reply.status >= _ERROR:
            recorded.error = _error_in(reply)
        with self._lock:
            self.requests.append(recorded)
            if self._max_recorded is not None:
                del self.requests[: -self._max_recorded]
            if self._sink is not None:
                self._sink.write(recorded.to_json() + "\n")
                self._sink.flush()


def _surfaces(azure: AzureSurface, as_server: str | None) -> tuple[Surface, ...]:
    """Return what is listened to, by path; a server of another make is OpenAI's."""
    openai = (
        OpenAISurface() if as_server is None else MakeSurface(make_named(as_server))
    )
    return AnthropicSurface(), azure, OllamaSurface(), openai, GeminiSurface()


def _failure_body(error: Exception) -> dict[str, object]:
    """Say that the emulator failed, in a body every SDK can read, without a retry."""
    message = (
        f"The emulator failed on this request ({type(error).__name__}: {error}), which "
        "says nothing about the real API. The traceback is in "
        "`emulator.errors[-1].failure`."
    )
    status = "INVALID_ARGUMENT"
    return {"error": {"message": message, "type": "emulator_failure", "status": status}}


def _json_reply(status: int, body: object) -> HttpReply:
    headers = {"content-type": "application/json; charset=UTF-8"}
    return HttpReply(status, headers, json.dumps(body).encode())


def _check_word(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        listed = " or ".join(repr(word) for word in allowed)
        message = f"{name} must be {listed}, not {value!r}."
        raise ValueError(message)


def _error_in(reply: HttpReply) -> object:
    try:
        return json.loads(reply.body) if reply.body else None
    except ValueError:
        return reply.body.decode(errors="replace")
