"""A `ChatOpenAI` whose last step before the wire is the plan.

The seam to langchain-openai. `ChatOpenAI` renders messages, keeps the clients and
builds LangChain objects; it no longer chooses endpoint or parameters. Its subclasses
in langchain-openai override the same methods, and no public method does their work:

`_get_request_payload`: messages to request body. The only way to have them rendered,
    and the step where the plan takes the place of the parameters.
`_use_responses_api`: which of the two wires to render for.
`_default_params`: the parameters `ChatOpenAI` would add; none are wanted.
`_create_chat_result`: body to `ChatResult`.
`_convert_chunk_to_generation_chunk`: event of a stream to a chunk.
`_should_stream_usage`: whether `ChatOpenAI` asks a stream for its token counts, to tell
    what it would have sent.

Run on langchain-openai 1.7.0 to 1.7.4; pinned below the next minor version.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import (
    AsyncGenerator,
    Callable,
    Generator,
    Mapping,
    Sequence,
)
from types import SimpleNamespace
from typing import Any

import openai
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI
from pydantic import model_validator
from typing_extensions import Self

from langchain_unified.shims.openai import transport
from langchain_unified.shims.openai.chat import parse_chat_body
from langchain_unified.shims.openai.chat_stream import ChatStreamParser
from langchain_unified.shims.openai.items import render_input
from langchain_unified.shims.openai.parts import with_fields
from langchain_unified.shims.openai.reading import AsyncEvents, Events
from langchain_unified.types import CallPlan


class ParsedEvent(dict[str, Any]):
    """An event that has been read.

    Attributes:
        piece: What it adds to the answer, if anything.
    """

    __slots__ = ("piece",)

    def __init__(self, piece: ChatGenerationChunk | None) -> None:
        """Keep what was read; the event itself is no longer needed."""
        super().__init__()
        self.piece = piece


def _parsed(events: Events[dict[str, Any]]) -> Generator[ParsedEvent, None, None]:
    parser = ChatStreamParser()
    for event in events:
        yield ParsedEvent(parser.parse(event))
    if rest := parser.rest():
        yield ParsedEvent(rest)


async def _aparsed(
    events: AsyncEvents[dict[str, Any]],
) -> AsyncGenerator[ParsedEvent, None]:
    parser = ChatStreamParser()
    async for event in events:
        yield ParsedEvent(parser.parse(event))
    if rest := parser.rest():
        yield ParsedEvent(rest)


PATHS = {"chat": "/chat/completions", "responses": "/responses"}
_PLAN = "unified_plan"
_ENDPOINT = "unified_endpoint"


class PlannedChatOpenAI(ChatOpenAI):
    """Sends plans; its own model, endpoint and parameters play no part."""

    @model_validator(mode="after")
    def _read_dictionaries(self) -> Self:
        """Read and write the wire as dictionaries."""
        if self.root_client is not None:
            self.client = Completions(self.root_client)
        self.async_client = AsyncCompletions(self.root_async_client)
        return self

    def stand_in(self, resource: Any, async_resource: Any) -> None:
        """Call resources of another make in place of the clients' `chat.completions`.

        Args:
            resource: Has `create`; `None` for the client's own.
            async_resource: The same for asynchronous calls.
        """
        if resource is not None:
            self.root_client = GivenResource(self.root_client, resource)
            self.client = Completions(self.root_client)
        if async_resource is not None:
            root: Any = GivenResource(self.root_async_client, async_resource)
            self.root_async_client, self.async_client = root, AsyncCompletions(root)

    def ask_in_context(self, key: Callable[[], Any]) -> None:
        """Ask for the key of an asynchronous call in the context of that call.

        ChatOpenAI asks in a thread that knows no context variables (langchain-openai
        1.7.4), so that a key chosen by one is that of nobody, or of somebody else.
        """
        if inspect.iscoroutinefunction(key):
            return

        async def asked() -> str:
            found: str = await asyncio.to_thread(key)
            return found

        self.root_async_client = self.root_async_client.copy(api_key=asked)
        self.async_client = AsyncCompletions(self.root_async_client)

    def _use_responses_api(self, payload: dict[str, Any]) -> bool:
        return payload.get(_ENDPOINT) == "responses"

    @property
    def _default_params(self) -> dict[str, Any]:
        """Return nothing: every parameter is the plan's."""
        return {}

    def _get_request_payload(
        self, input_: Any, *, stop: list[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """Return the plan's request in place of `ChatOpenAI`'s."""
        del stop
        plan: CallPlan = kwargs[_PLAN]
        return {"body": self.render(plan, input_), "options": options(plan)}

    def _create_chat_result(
        self, response: Any, generation_info: dict[str, Any] | None = None
    ) -> ChatResult:
        """Return what our parser makes of an answer, as it does on every route."""
        result = parse_chat_body(response)
        if generation_info:
            for generation in result.generations:
                own = generation.generation_info or {}
                generation.generation_info = {**generation_info, **own}
        return result

    def _convert_chunk_to_generation_chunk(
        self,
        chunk: dict[str, Any],
        default_chunk_class: type,
        base_generation_info: dict[str, Any] | None,
    ) -> ChatGenerationChunk | None:
        """Return what the parser of the stream made of an event."""
        del default_chunk_class
        piece = chunk.piece if isinstance(chunk, ParsedEvent) else None
        if piece is not None and base_generation_info:
            info = {**base_generation_info, **(piece.generation_info or {})}
            piece.generation_info = info
        return piece

    def render(self, plan: CallPlan, messages: list[BaseMessage]) -> dict[str, Any]:
        """Return the request body of a plan with its messages."""
        key = "input" if plan.endpoint == "responses" else "messages"

        def render(some: Sequence[BaseMessage]) -> list[dict[str, Any]]:
            marks: dict[str, Any] = {_ENDPOINT: plan.endpoint}
            found = super(PlannedChatOpenAI, self)._get_request_payload(
                list(some), store=plan.body.get("store"), **marks
            )
            rendered: list[dict[str, Any]] = found[key]
            return rendered

        if plan.endpoint == "responses":
            turns = render_input(render, messages)
        else:
            turns = render(messages)
            with_fields(turns, messages)
        body = {"model": plan.model, key: turns, **plan.body}
        for message in turns:
            if message.get("role") == "system" and plan.system_role is not None:
                message["role"] = plan.system_role
        return {**body, "stream": plan.stream}

    @staticmethod
    def planned(plan: CallPlan) -> dict[str, Any]:
        """Return the keywords that carry a plan through `ChatOpenAI`'s methods."""
        return {_PLAN: plan}


def payload_of(
    model: ChatOpenAI,
    messages: list[BaseMessage],
    keywords: dict[str, Any],
    *,
    wants_stream: bool,
) -> tuple[str, dict[str, Any]]:
    """Return the endpoint and the request a plain `ChatOpenAI` would send."""
    payload = model._get_request_payload(messages, **keywords)  # noqa: SLF001
    asked = {**model._default_params, **keywords}  # noqa: SLF001
    responses = model._use_responses_api(asked)  # noqa: SLF001
    if wants_stream and not responses:
        usage = model._should_stream_usage(**keywords)  # noqa: SLF001
        payload.pop("stream_usage", None)  # Its streams take this one themselves.
        payload |= {"stream_options": {"include_usage": True}} if usage else {}
    return ("responses" if responses else "chat"), payload


def options(plan: CallPlan) -> dict[str, Any]:
    """Return the SDK's request options of a plan."""
    found: dict[str, Any] = {}
    if plan.timeout is not None:
        found["timeout"] = plan.timeout
    if plan.max_retries is not None:
        found["max_retries"] = plan.max_retries
    if plan.headers:
        found["headers"] = dict(plan.headers)
    if plan.query:
        found["params"] = dict(plan.query)
    return found


class GivenResource:
    """The SDK's client with something else in place of its `chat.completions`."""

    def __init__(self, client: Any, resource: Any) -> None:
        """Keep both."""
        self._client = client
        self.chat = SimpleNamespace(completions=resource)

    def __getattr__(self, name: str) -> Any:
        """Return what the client itself has."""
        return getattr(self._client, name)


class Raw:
    """An answer as `ChatOpenAI` reads it: parsed body, or events, and headers."""

    def __init__(self, body: Any, headers: Mapping[str, str]) -> None:
        """Keep both."""
        self._body, self.headers = body, headers

    def parse(self) -> Any:
        """Return the parsed body, or the events of a stream."""
        return self._body


class Completions:
    """Stands in for `client.chat.completions`; gives dictionaries, not models."""

    def __init__(self, client: openai.OpenAI, *, raw: bool = False) -> None:
        """Keep the SDK's client, and whether answers come with their headers."""
        self._client, self._raw = client, raw

    @property
    def with_raw_response(self) -> Completions:
        """Return the resource whose answers come with their headers."""
        return Completions(self._client, raw=True)

    def create(self, *, body: dict[str, Any], options: dict[str, Any]) -> Any:
        """Send a request and return its body or events; as `Raw` if asked for."""
        client, path = self._client, PATHS["chat"]
        if not body["stream"]:
            found = Raw(*transport.post_json(client, path, body, options))
        else:
            events = transport.post_stream(client, path, body, options)
            parsed = Events(_parsed(events), events.headers, events)
            found = Raw(parsed, events.headers)
        return found if self._raw else found.parse()


class AsyncCompletions:
    """Stands in for the asynchronous `client.chat.completions`."""

    def __init__(self, client: openai.AsyncOpenAI, *, raw: bool = False) -> None:
        """Keep the SDK's client, and whether answers come with their headers."""
        self._client, self._raw = client, raw

    @property
    def with_raw_response(self) -> AsyncCompletions:
        """Return the resource whose answers come with their headers."""
        return AsyncCompletions(self._client, raw=True)

    async def create(self, *, body: dict[str, Any], options: dict[str, Any]) -> Any:
        """Send a request and return its body or events; as `Raw` if asked for."""
        client, path = self._client, PATHS["chat"]
        if not body["stream"]:
            found = Raw(*await transport.apost_json(client, path, body, options))
        else:
            events = await transport.apost_stream(client, path, body, options)
            parsed = AsyncEvents(_aparsed(events), events.headers, events)
            found = Raw(parsed, events.headers)
        return found if self._raw else found.parse()
