"""Plans sent to Acme over HTTP, and its answers as LangChain's messages."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Generator, Mapping
from typing import Any

import httpx
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ToolMessage,
)
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from langchain_unified.providers import (
    CallPlan,
    MalformedResponseError,
    MissingCredentialsError,
    ProviderError,
    ProviderShim,
    aprepared,
    error_from_response,
    prepared,
)

URL = "https://api.acme.example"
REASONS = {"done": "stop", "length": "length", "calls": "tool_calls"}


class AcmeShim(ProviderShim):
    """Calls Acme."""

    provider = "acme"

    def generate(self, plan: CallPlan, messages: list[BaseMessage]) -> ChatResult:
        """Send the plan and return the whole answer."""
        with httpx.Client(**self._client(plan)) as client:
            response = client.post("/say", json=_body(plan, prepared(plan, messages)))
        return _result(_checked(response))

    async def agenerate(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> ChatResult:
        """Send the plan and return the whole answer."""
        body = _body(plan, await aprepared(plan, messages))
        async with httpx.AsyncClient(**self._client(plan)) as client:
            response = await client.post("/say", json=body)
        return _result(_checked(response))

    def stream(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> Generator[ChatGenerationChunk, None, None]:
        """Send the plan and yield the answer in pieces."""
        body = {**_body(plan, prepared(plan, messages)), "stream": True}
        with (
            httpx.Client(**self._client(plan)) as client,
            client.stream("POST", "/say", json=body) as response,
        ):
            if response.is_error:
                response.read()
            _check(response)
            line: dict[str, Any] = {}
            for text in filter(None, response.iter_lines()):
                line = json.loads(text)
                yield _piece(line)
            _check_end(line)

    async def astream(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> AsyncGenerator[ChatGenerationChunk, None]:
        """Send the plan and yield the answer in pieces."""
        body = {**_body(plan, await aprepared(plan, messages)), "stream": True}
        async with (
            httpx.AsyncClient(**self._client(plan)) as client,
            client.stream("POST", "/say", json=body) as response,
        ):
            if response.is_error:
                await response.aread()
            _check(response)
            line: dict[str, Any] = {}
            async for text in response.aiter_lines():
                if text:
                    line = json.loads(text)
                    yield _piece(line)
            _check_end(line)

    def _client(self, plan: CallPlan) -> dict[str, Any]:
        """Return the arguments of an HTTP client for a call."""
        key = self.connection.key("ACME_API_KEY")
        if key is None:
            raise MissingCredentialsError("acme", "Acme", ("ACME_API_KEY",))
        region = self.connection.get("region", "eu")
        headers = {"x-acme-key": key, "x-acme-region": region, **plan.headers}
        url = self.connection.get("base_url", URL)
        timeout = 60.0 if plan.timeout is None else plan.timeout
        return {"base_url": url, "headers": headers, "timeout": timeout}


def _body(plan: CallPlan, messages: list[BaseMessage]) -> dict[str, Any]:
    turns = [_turn(message) for message in messages]
    return {"model": plan.model, "turns": turns, **plan.body}


def _turn(message: BaseMessage) -> dict[str, Any]:
    """Return a message as Acme's turn."""
    said = message.content
    blocks = [{"type": "text", "text": said}] if isinstance(said, str) else said
    turn: dict[str, Any] = {"who": message.type, "parts": blocks}
    if isinstance(message, AIMessage) and message.tool_calls:
        turn["calls"] = [
            {"call": call["name"], "with": call["args"], "id": call["id"]}
            for call in message.tool_calls
        ]
    if isinstance(message, ToolMessage):
        turn["id"] = message.tool_call_id
    return turn


def _check(response: httpx.Response) -> None:
    if response.is_error:
        raise _error(response.status_code, response.text, response.headers)


def _check_end(line: Mapping[str, Any]) -> None:
    """Refuse a stream whose last line does not say why it ended."""
    if "ended" not in line:
        message = "The stream ended before the response did."
        raise MalformedResponseError(message)


def _error(
    status: int, body: str, headers: Mapping[str, str] | None = None
) -> ProviderError:
    """Return the error for a body in which Acme says what is wrong."""
    try:
        problem = json.loads(body)["problem"]
    except (ValueError, KeyError, TypeError):
        problem = {"what": body}
    return error_from_response(
        status,
        body,
        headers=headers,
        message=problem.get("what"),
        code=problem.get("code"),
        parameter=problem.get("field"),
    )


def _checked(response: httpx.Response) -> dict[str, Any]:
    _check(response)
    answer = response.json()
    if not isinstance(answer, dict) or not {"text", "ended", "tokens"} <= set(answer):
        message = "The answer has no text, end or tokens."
        raise MalformedResponseError(message)
    return answer


def _result(answer: Mapping[str, Any]) -> ChatResult:
    """Return a whole answer."""
    calls = [
        {"name": call["call"], "args": call["with"], "id": call["id"]}
        for call in answer.get("calls", ())
    ]
    message = AIMessage(
        content=answer["text"],
        tool_calls=calls,
        usage_metadata=_usage(answer["tokens"]),
        response_metadata={"model_provider": "acme"},
    )
    info = {"finish_reason": REASONS.get(answer["ended"], answer["ended"])}
    return ChatResult(
        generations=[ChatGeneration(message=message, generation_info=info)]
    )


def _piece(line: Mapping[str, Any]) -> ChatGenerationChunk:
    """Return one line of a stream; the last one says why it ended."""
    if "problem" in line:
        raise _error(500, json.dumps(line))
    calls = [
        tool_call_chunk(
            name=call["call"], args=json.dumps(call["with"]), id=call["id"], index=at
        )
        for at, call in enumerate(line.get("calls", ()))
    ]
    message = AIMessageChunk(content=line.get("text", ""), tool_call_chunks=calls)
    message.response_metadata = {"model_provider": "acme"}
    info = {}
    if "ended" in line:
        message.chunk_position = "last"
        message.usage_metadata = _usage(line.get("tokens"))
        info = {"finish_reason": REASONS.get(line["ended"], line["ended"])}
    return ChatGenerationChunk(message=message, generation_info=info)


def _usage(tokens: Mapping[str, int] | None) -> Any:
    if not tokens:
        return None
    read, made = tokens["in"], tokens["out"]
    return {"input_tokens": read, "output_tokens": made, "total_tokens": read + made}
