"""One surface for all makes: chat completions, any model name, their own ways."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.answers.compose import compose
from langchain_unified.testing.answers.task import Answer, Task, ToolCall, ToolSpec
from langchain_unified.testing.errors import RefusalError
from langchain_unified.testing.openai_api.prompt import text_of
from langchain_unified.testing.signing import digest_of
from langchain_unified.testing.sse import data_event
from langchain_unified.testing.text import count_tokens
from langchain_unified.testing.wire import HttpReply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_unified.testing.makes.facts import Make
    from langchain_unified.testing.recording import RecordedRequest
    from langchain_unified.testing.settings import Settings
    from langchain_unified.testing.wire import HttpRequest

PATH = "/v1/chat/completions"
THOUGHT = "Let me think about that."


class MakeSurface:
    """Answers the requests below `/v1` as a server of another make does."""

    provider = "openai"

    def __init__(self, make: Make) -> None:
        """Play a make."""
        self._make = make

    def claims(self, request: HttpRequest) -> bool:
        """Tell whether a request is for this server."""
        return request.path.startswith("/v1/")

    def describe(self, recorded: RecordedRequest) -> None:
        """Fill in endpoint, model and streaming of a record."""
        body = recorded.body if isinstance(recorded.body, dict) else {}
        recorded.endpoint = "chat" if recorded.path == PATH else None
        recorded.model = body.get("model")
        recorded.streaming = bool(body.get("stream"))

    def answer(
        self,
        request: HttpRequest,
        recorded: RecordedRequest,
        settings: Settings,
        number: int,
    ) -> HttpReply:
        """Answer a request.

        Raises:
            RefusalError: With the error the server would send.
        """
        if request.path != PATH or request.method != "POST":
            raise RefusalError(404, {"error": {"message": "Not Found", "code": 404}})
        body = dict(recorded.body)
        self._check(body)
        told = settings.answer(recorded) if settings.answer else None
        answer = compose(_task(body, told))
        message = self._message(answer, number)
        envelope = {"id": f"c{number}", "model": body["model"], "created": 1}
        finish = _finish(answer)
        usage = _usage(body, answer)
        if body.get("stream"):
            chunks = [
                *self._chunks(envelope, message, finish, usage),
                b"data: [DONE]\n\n",
            ]
            return HttpReply(200, {"content-type": "text/event-stream"}, chunks=chunks)
        choice = {"index": 0, "message": message, "finish_reason": finish}
        return _json({**envelope, "choices": [choice], "usage": usage})

    def headers(self, number: int) -> dict[str, str]:
        """Return the headers every reply carries."""
        return {"x-request-id": f"req-{number}"}

    def reset(self) -> None:
        """Forget nothing: nothing is kept."""

    def _check(self, body: dict[str, Any]) -> None:
        make = self._make
        for name in make.refused:
            if name in body:
                raise self._refusal(name, "Extra inputs are not permitted", body[name])
        kind = (body.get("response_format") or {}).get("type")
        if kind in make.refused_formats:
            said = "'response_format.type' must be 'json_schema' or 'text'"
            raise self._refusal("response_format", said, kind)
        for message in body["messages"]:
            calls = message.get("role") == "assistant" and message.get("tool_calls")
            missing = [key for key in make.reasoning if not message.get(key)]
            if make.thinks_in_content and _thought(THOUGHT) not in _parts(message):
                missing.append("content.thinking")
            if calls and make.wants_reasoning_back and missing:
                said = f"Missing `{missing[0]}` field in the assistant message."
                raise self._refusal("messages", said, None)

    def _refusal(self, name: str, said: str, given: Any) -> RefusalError:
        """Return a refusal in the shape of this make."""
        detail = [{"type": "extra", "loc": ["body", name], "msg": said, "input": given}]
        error = {"message": f"{said}: {name}", "type": "invalid_request_error"}
        shapes: dict[str, tuple[int, Any]] = {
            "mistral": (422, {"object": "error", "message": {"detail": detail}}),
            "fastapi": (422, {"detail": detail}),
            "list": (400, [{"error": {**error, "code": 400}}]),
            "openai": (400, {"error": {**error, "param": name}}),
        }
        return RefusalError(*shapes[self._make.error])

    def _message(self, answer: Answer, number: int) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": answer.text}
        if self._make.thinks_in_content:
            said = [{"type": "text", "text": answer.text}] if answer.text else []
            message["content"] = [_thought(THOUGHT), *said]
        for key in self._make.reasoning:
            detail = {"type": "reasoning.text", "text": THOUGHT, "index": 0}
            message[key] = [detail] if key.endswith("details") else THOUGHT
        calls = [
            self._tool_call(call, _call_id(number, place))
            for place, call in enumerate(answer.calls)
        ]
        return {**message, "tool_calls": calls} if calls else message

    def _tool_call(self, call: ToolCall, name: str) -> dict[str, Any]:
        called = {"name": call.name, "arguments": json.dumps(call.arguments)}
        head = {} if self._make.no_call_id else {"id": name}
        return {**head, "type": "function", "function": called}

    def _chunks(
        self,
        envelope: dict[str, Any],
        message: dict[str, Any],
        finish: str,
        usage: dict[str, Any],
    ) -> Iterator[bytes]:
        where, told = self._make.usage, {"usage": usage}
        for delta in self._deltas(message):
            yield _chunk(envelope, delta, None, **(told if where == "running" else {}))
            if self._make.bare_choices:
                yield _chunk(envelope, None, None)
        own = {"x_groq": {"id": "r", "usage": usage}}
        last = {"finish": told, "running": told, "x_groq": own}.get(where, {})
        yield _chunk(envelope, {}, finish, **last)
        if where == "last":
            yield data_event({**envelope, "choices": [], "usage": usage})

    def _deltas(self, message: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for key in self._make.reasoning:
            yield {key: message[key]}
        if self._make.thinks_in_content:
            yield from ({"content": [_thought(part)]} for part in _halves(THOUGHT))
        content = text_of(message["content"])
        for word in content.split(" ") if content else ():
            yield {"content": word if word == content else f"{word} "}
        for place, call in enumerate(message.get("tool_calls", ())):
            index = {} if self._make.no_index else {"index": place}
            yield {"tool_calls": [{**index, **call}]}


def _thought(text: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


def _parts(message: dict[str, Any]) -> list[Any]:
    content = message.get("content")
    return content if isinstance(content, list) else []


def _halves(text: str) -> tuple[str, str]:
    return text[: len(text) // 2], text[len(text) // 2 :]


def _task(body: dict[str, Any], told: str | None) -> Task:
    messages = body["messages"]
    asked = [n for n, m in enumerate(messages) if m["role"] == "user"]
    after = messages[asked[-1] :] if asked else messages
    tools = [one["function"] for one in body.get("tools") or () if "function" in one]
    form = body.get("response_format") or {}
    choice = body.get("tool_choice")
    named = choice["function"]["name"] if isinstance(choice, dict) else None
    names = [tool["name"] for tool in tools]
    return Task(
        text=text_of(messages[asked[-1]]["content"]) if asked else "",
        tools=[
            ToolSpec(t["name"], t.get("description") or "", t.get("parameters") or {})
            for t in ([] if choice == "none" else tools)
        ],
        forced=[named] if named else names if choice in {"required", "any"} else [],
        results=[text_of(m["content"]) for m in after if m["role"] == "tool"],
        calls_made=sum(len(m.get("tool_calls") or ()) for m in after),
        schema=(form.get("json_schema") or {}).get("schema"),
        wants_json=form.get("type") == "json_object",
        max_tokens=body.get("max_tokens") or body.get("max_completion_tokens"),
        text_override=told,
    )


def _finish(answer: Answer) -> str:
    if answer.truncated:
        return "length"
    return "tool_calls" if answer.calls else "stop"


def _usage(body: dict[str, Any], answer: Answer) -> dict[str, Any]:
    said = answer.text or json.dumps([call.arguments for call in answer.calls])
    given, made = count_tokens(json.dumps(body["messages"])), count_tokens(said)
    return {
        "prompt_tokens": given,
        "completion_tokens": made,
        "total_tokens": given + made,
    }


def _call_id(number: int, place: int) -> str:
    return f"call_{digest_of('call', number, place)}"


def _chunk(
    envelope: dict[str, Any], delta: Any, finish: str | None, **keys: Any
) -> bytes:
    choice = {"index": 0, "finish_reason": finish}
    if delta is not None:
        choice["delta"] = delta
    return data_event({**envelope, "choices": [choice], **keys})


def _json(value: Any) -> HttpReply:
    body = json.dumps(value, ensure_ascii=False).encode()
    return HttpReply(200, {"content-type": "application/json"}, body)
