"""Plans sent to Borealis over HTTP, and its answers as LangChain's messages."""

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
from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk
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

PATH = "/v2/converse"
NDJSON = {"accept": "application/x-ndjson"}
SPEAKERS = {
    "system": "warden",
    "human": "visitor",
    "ai": "aurora",
    "tool": "instrument",
}
REASONS = {
    "dawn": "stop",
    "span": "length",
    "instrument": "tool_calls",
    "veiled": "content_filter",
}


class BorealisShim(ProviderShim):
    """Calls Borealis."""

    provider = "borealis"

    def generate(self, plan: CallPlan, messages: list[BaseMessage]) -> ChatResult:
        """Send the plan and return the whole answer."""
        body = _body(plan, prepared(plan, messages))
        with httpx.Client(**self._client(plan)) as client:
            response = client.post(PATH, json=body)
        return _result(_checked(response))

    async def agenerate(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> ChatResult:
        """Send the plan and return the whole answer."""
        body = _body(plan, await aprepared(plan, messages))
        async with httpx.AsyncClient(**self._client(plan)) as client:
            response = await client.post(PATH, json=body)
        return _result(_checked(response))

    def stream(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> Generator[ChatGenerationChunk, None, None]:
        """Send the plan and yield the answer in pieces."""
        body = _body(plan, prepared(plan, messages))
        with (
            httpx.Client(**self._client(plan)) as client,
            client.stream("POST", PATH, json=body, headers=NDJSON) as response,
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
        body = _body(plan, await aprepared(plan, messages))
        async with (
            httpx.AsyncClient(**self._client(plan)) as client,
            client.stream("POST", PATH, json=body, headers=NDJSON) as response,
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
        token = self.connection.key("BOREALIS_TOKEN")
        if token is None:
            raise MissingCredentialsError("borealis", "Borealis", ("BOREALIS_TOKEN",))
        headers = {
            "borealis-token": token,
            "borealis-observatory": self.connection.get("observatory", "tromso"),
            **plan.headers,
        }
        timeout = 60.0 if plan.timeout is None else plan.timeout
        return {
            "base_url": self.connection.address,
            "headers": headers,
            "timeout": timeout,
        }


def _body(plan: CallPlan, messages: list[BaseMessage]) -> dict[str, Any]:
    dialogue = [_utterance(message) for message in messages]
    return {"sky": plan.model, "dialogue": dialogue, **plan.body}


def _utterance(message: BaseMessage) -> dict[str, Any]:
    """Return a message as Borealis's utterance."""
    content = message.content
    blocks = [content] if isinstance(content, str) else content
    utterance: dict[str, Any] = {
        "speaker": SPEAKERS[message.type],
        "said": [_said(block) for block in blocks],
    }
    if isinstance(message, AIMessage) and message.tool_calls:
        utterance["played"] = [
            {"ref": call["id"], "instrument": call["name"], "notes": call["args"]}
            for call in message.tool_calls
        ]
    if isinstance(message, ToolMessage):
        utterance["echoes"] = message.tool_call_id
    return utterance


def _said(block: str | dict[str, Any]) -> dict[str, Any]:
    """Return a block of content: words, or a glimpse that is already rendered."""
    if isinstance(block, str):
        return {"words": block}
    return {"words": block["text"]} if block.get("type") == "text" else block


def _check(response: httpx.Response) -> None:
    if response.is_error:
        raise _error(response.status_code, response.text, response.headers)


def _check_end(line: Mapping[str, Any]) -> None:
    """Refuse a stream whose last line does not say why it ended."""
    if "halt" not in line:
        message = "The stream ended before the response did."
        raise MalformedResponseError(message)


def _error(
    status: int, body: str, headers: Mapping[str, str] | None = None
) -> ProviderError:
    """Return the error for a body that is Borealis's list of storms."""
    try:
        storm = json.loads(body)["storms"][0]
    except (ValueError, LookupError, TypeError):
        storm = {"says": body}
    return error_from_response(
        status,
        body,
        headers=headers,
        message=storm.get("says"),
        code=storm.get("sort"),
        parameter=storm.get("dial"),
    )


def _checked(response: httpx.Response) -> dict[str, Any]:
    _check(response)
    answer = response.json()
    if not isinstance(answer, dict) or not {"said", "halt", "meter"} <= set(answer):
        message = "The answer has nothing said, no halt or no meter."
        raise MalformedResponseError(message)
    return answer


def _result(answer: Mapping[str, Any]) -> ChatResult:
    """Return a whole answer."""
    calls = [
        {"name": call["instrument"], "args": call["notes"], "id": call["ref"]}
        for call in answer.get("played", ())
    ]
    message = AIMessage(
        content="".join(said["words"] for said in answer["said"]),
        tool_calls=calls,
        usage_metadata=_usage(answer["meter"]),
        response_metadata={"model_provider": "borealis"},
    )
    info = {"finish_reason": REASONS.get(answer["halt"], answer["halt"])}
    return ChatResult(
        generations=[ChatGeneration(message=message, generation_info=info)]
    )


def _piece(line: Mapping[str, Any]) -> ChatGenerationChunk:
    """Return one line of a stream: words, a piece of a play, or the end."""
    if "storms" in line:
        raise _error(500, json.dumps(line))
    played = [_play(line["play"])] if "play" in line else []
    message = AIMessageChunk(content=line.get("words", ""), tool_call_chunks=played)
    message.response_metadata = {"model_provider": "borealis"}
    info = {}
    if "halt" in line:
        message.chunk_position = "last"
        message.usage_metadata = _usage(line.get("meter"))
        info = {"finish_reason": REASONS.get(line["halt"], line["halt"])}
    return ChatGenerationChunk(message=message, generation_info=info)


def _play(play: Mapping[str, Any]) -> ToolCallChunk:
    """Return a piece of a call: the name at first, then its notes bit by bit."""
    return tool_call_chunk(
        name=play.get("instrument"),
        args=play.get("notes"),
        id=play.get("ref"),
        index=play["nth"],
    )


def _usage(meter: Mapping[str, int] | None) -> Any:
    if not meter:
        return None
    heard, spoken = meter["heard"], meter["spoken"]
    return {
        "input_tokens": heard,
        "output_tokens": spoken,
        "total_tokens": heard + spoken,
        "input_token_details": {"cache_read": meter.get("recalled", 0)},
    }
