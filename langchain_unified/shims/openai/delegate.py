"""A `ChatOpenAI` whose last step before the wire is the plan.

The seam to langchain-openai. `ChatOpenAI` renders messages, keeps the clients and
builds LangChain objects; it no longer chooses endpoint or parameters. Its subclasses
in langchain-openai override the same methods, and no public method does their work:

`_get_request_payload`: messages to request body. The only way to have them rendered,
    and the step where the plan takes the place of the parameters.
`_use_responses_api`: which of the two wires to render for.
`_default_params`: the parameters `ChatOpenAI` would add; none are wanted.
`_create_chat_result`: body to `ChatResult`; our parser's is wanted.
`_convert_chunk_to_generation_chunk`: event of a stream to a chunk; the same.
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
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import openai
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.prompt_values import ChatPromptValue
from langchain_openai import ChatOpenAI
from pydantic import SecretStr, model_validator
from typing_extensions import Self

from langchain_unified.connection import Connection
from langchain_unified.content import CALL_FIELDS, ECHOED
from langchain_unified.errors import ProviderError, refusal_within
from langchain_unified.history import aprepared, prepared
from langchain_unified.registry.makes import shown_make
from langchain_unified.reliability.exchange import current
from langchain_unified.shims.openai import background, transport
from langchain_unified.shims.openai.chat import parse_chat_body
from langchain_unified.shims.openai.chat_stream import PIECE, ChatStreamParser
from langchain_unified.shims.openai.errors import to_unified
from langchain_unified.shims.openai.http import http_package
from langchain_unified.shims.openai.items import render_input
from langchain_unified.shims.openai.reading import (
    Parser,
    apieces,
    awithin,
    pieces,
    within,
)
from langchain_unified.shims.openai.responses import parse_response_body
from langchain_unified.shims.openai.responses_stream import response_stream_parser
from langchain_unified.types import CallPlan

_ENDPOINT = "unified_endpoint"


_CLIENTS = frozenset({"client", "async_client", "root_client", "root_async_client"})
_PLACE = object()
"""Keeps `ChatOpenAI` from making clients, where it has read keys and addresses."""


class PlannedChatOpenAI(ChatOpenAI):
    """Sends plans; its own model, endpoint and parameters play no part.

    Attributes:
        connection: The settings that its clients were made from.
    """

    connection: Any = None

    def send(self, plan: CallPlan, messages: list[BaseMessage]) -> ChatResult:
        """Send a plan and return the whole answer."""
        with self._reported(plan):
            messages = prepared(plan, messages)
            if plan.route == "patched":
                return _formed(plan, self._generate(messages, unified_plan=plan))
            asked = self._request(plan, messages)
            body, headers = transport.post_json(self.root_client, *asked)
            if plan.endpoint == "responses" and body.get("status") != "completed":
                body = background.whole(self.root_client, body, options(plan))
            return self._parsed(plan, body, headers)

    async def asend(self, plan: CallPlan, messages: list[BaseMessage]) -> ChatResult:
        """Send a plan and return the whole answer."""
        with self._reported(plan):
            messages = await aprepared(plan, messages)
            if plan.route == "patched":
                return _formed(plan, await self._agenerate(messages, unified_plan=plan))
            asked = self._request(plan, messages)
            body, headers = await transport.apost_json(self.root_async_client, *asked)
            if plan.endpoint == "responses" and body.get("status") != "completed":
                client = self.root_async_client
                body = await background.awhole(client, body, options(plan))
            return self._parsed(plan, body, headers)

    def pieces(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> Generator[ChatGenerationChunk]:
        """Send a plan and yield the answer in pieces."""
        return within(self._reported(plan), partial(self._opened, plan, messages))

    def apieces(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> AsyncGenerator[ChatGenerationChunk]:
        """Send a plan and yield the answer in pieces."""
        return awithin(self._reported(plan), partial(self._aopened, plan, messages))

    def _opened(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> Iterator[ChatGenerationChunk]:
        """Return the pieces of an answer that has begun, or is about to."""
        messages = prepared(plan, messages)
        if plan.route == "patched":
            return self._stream(messages, unified_plan=plan)
        asked = self._request(plan, messages)
        events = transport.post_stream(self.root_client, *asked)
        return pieces(events, self._parser(plan, events.headers))

    async def _aopened(self, plan: CallPlan, messages: list[BaseMessage]) -> Any:
        """Return the pieces of an answer; see `_opened`."""
        messages = await aprepared(plan, messages)
        if plan.route == "patched":
            return self._astream(messages, unified_plan=plan)
        asked = self._request(plan, messages)
        events = await transport.apost_stream(self.root_async_client, *asked)
        return apieces(events, self._parser(plan, events.headers))

    @contextmanager
    def _reported(self, plan: CallPlan) -> Iterator[None]:
        """Raise the SDK's errors as ours, which are the SDK's as well.

        The first answer of a user's own server also tells of what make it is.
        """
        here: Connection = self.connection
        is_known = here.looked or here.server.is_own
        exchange = None if is_known else current()
        try:
            yield
        except (openai.OpenAIError, ProviderError, http_package().RequestError) as e:
            if (refusal := refusal_within(e)) is not None:
                raise refusal from None
            unified = to_unified(
                e, provider=plan.provider, model=plan.model, endpoint=plan.endpoint
            )
            if unified is e:
                raise
            raise unified from e
        finally:
            if exchange is not None and exchange.received:
                headers = exchange.received[0].headers
                here.seen = shown_make(headers, exchange.shown)
                here.looked = bool(exchange.shown)

    def _request(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Return path, body and options of a request."""
        return (
            transport.PATHS[plan.endpoint],
            self.render(plan, messages),
            options(plan),
        )

    def _parsed(
        self, plan: CallPlan, body: dict[str, Any], headers: Mapping[str, str]
    ) -> ChatResult:
        """Return what an answer says."""
        told = headers if self.include_response_headers else None
        if plan.endpoint == "responses":
            version = plan.output_version
            return parse_response_body(body, output_version=version, headers=told)
        return _formed(plan, parse_chat_body(body, headers=told))

    def _parser(self, plan: CallPlan, headers: Mapping[str, str]) -> Parser:
        """Return what reads the events of a stream."""
        responses = plan.endpoint == "responses"
        make = response_stream_parser if responses else ChatStreamParser
        told = headers if self.include_response_headers else None
        return make(output_version=plan.output_version, headers=told)

    @model_validator(mode="after")
    def validate_environment(self) -> Self:
        """Make the clients; theirs would import all of the SDK's `create` methods."""
        build: Any = super().validate_environment
        named = _CLIENTS & self.model_fields_set
        if named or not isinstance(self.openai_api_key, SecretStr):
            return cast("Self", build())
        self.client = self.async_client = _PLACE
        build()
        settings: dict[str, Any] = {
            "api_key": self.openai_api_key.get_secret_value(),
            "organization": self.openai_organization,
            "base_url": self.openai_api_base,
            "timeout": self.request_timeout,
            "default_headers": self.default_headers,
            "default_query": self.default_query,
        }
        self.root_client = openai.OpenAI(http_client=self.http_client, **settings)
        self.root_async_client = openai.AsyncOpenAI(
            http_client=self.http_async_client, **settings
        )
        return self

    @model_validator(mode="after")
    def _read_dictionaries(self) -> Self:
        """Read and write the wire as dictionaries."""
        if self.root_client is not None:
            self.client = transport.Completions(self.root_client)
        self.async_client = transport.AsyncCompletions(self.root_async_client)
        return self

    def stand_in(self, resource: Any, async_resource: Any) -> None:
        """Call resources of another make in place of the clients' `chat.completions`.

        Args:
            resource: Has `create`; `None` for the client's own.
            async_resource: The same for asynchronous calls.
        """
        if resource is not None:
            self.root_client = GivenResource(self.root_client, resource)
            self.client = transport.Completions(self.root_client)
        if async_resource is not None:
            root: Any = GivenResource(self.root_async_client, async_resource)
            self.root_async_client = root
            self.async_client = transport.AsyncCompletions(root)

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
        self.async_client = transport.AsyncCompletions(self.root_async_client)

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
        plan: CallPlan = kwargs["unified_plan"]
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
        piece: ChatGenerationChunk | None = chunk.get(PIECE)
        if piece is not None and base_generation_info:
            info = {**base_generation_info, **(piece.generation_info or {})}
            piece.generation_info = info
        return piece

    def render(self, plan: CallPlan, messages: list[BaseMessage]) -> dict[str, Any]:
        """Return the request body of a plan with its messages."""
        key = "input" if plan.endpoint == "responses" else "messages"
        if plan.sends_as_given:
            turns = self._turns(plan, key, messages)
        elif plan.endpoint == "responses":
            turns = render_input(partial(self._turns, plan, key), messages)
        else:
            turns = self._turns(plan, key, messages)
            _put_back(turns, messages)
        for turn in turns:
            if turn.get("role") == "system" and plan.system_role is not None:
                turn["role"] = plan.system_role
        return {"model": plan.model, key: turns, **plan.body, "stream": plan.stream}

    def _turns(
        self, plan: CallPlan, key: str, messages: Sequence[BaseMessage]
    ) -> list[dict[str, Any]]:
        """Return messages as `ChatOpenAI` writes them."""
        marks: dict[str, Any] = {_ENDPOINT: plan.endpoint}
        said = ChatPromptValue.model_construct(messages=messages)  # valid already
        rendered: list[dict[str, Any]] = super()._get_request_payload(
            said, store=plan.body.get("store"), **marks
        )[key]
        return rendered


def _put_back(
    rendered: Sequence[dict[str, Any]], messages: Sequence[BaseMessage]
) -> None:
    """Write the fields that go back to their server into rendered messages.

    Args:
        rendered: Chat messages as they go on the wire; they are changed.
        messages: What they were rendered from, one for one.
    """
    for wire, message in zip(rendered, messages, strict=True):
        echoed = dict(message.additional_kwargs.get(ECHOED) or {})
        calls = echoed.pop(CALL_FIELDS, {})
        wire.update(echoed)
        for call in wire.get("tool_calls") or ():
            call.update(calls.get(call.get("id"), {}))


def _formed(plan: CallPlan, result: ChatResult) -> ChatResult:
    """Add the place of the object that an answer in a form holds, as ChatOpenAI has it.

    The object itself is put there by whoever knows its class.
    """
    if "response_format" in plan.body:
        result.generations[0].message.additional_kwargs.setdefault("parsed", None)
    return result


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
