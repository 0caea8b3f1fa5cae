"""A server of every wire: it judges the schema it is sent and answers with a value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator
from typing_extensions import Self

from langchain_unified import UnifiedChatModel
from langchain_unified.testing.server import LoopbackServer
from langchain_unified.testing.wire import HttpReply, HttpRequest
from tests.unit_tests.schemas import referee

_JSON = {"content-type": "application/json"}


class Asked(NamedTuple):
    """A schema on the wire.

    Attributes:
        wire: `chat`, `responses`, `gemini`, `anthropic` or `ollama`.
        where: `answer` or `tool`.
        name: Its name there.
        schema: The schema; `None` for none.
        strict: Whether it is said to be strict.
    """

    wire: str
    where: str
    name: str | None
    schema: Any
    strict: bool


class World:
    """Answers every request with one value, in the form the request asks for.

    Attributes:
        value: What to answer with: an instance of the schema the user gave.
        schema: The schema the user gave, by which a wrapped answer is told from others.
        problems: What the requests had that their API refuses.
        asked: The schema of the last request; `None` if it was asked for in words.
        body: The last request.
        answer: What a test got for it.
    """

    def __init__(self) -> None:
        self.value: Any = None
        self.schema: Any = None
        self.problems: list[str] = []
        self.asked: Asked | None = None
        self.answer: Any = None
        self.body: dict[str, Any] = {}
        self._server = LoopbackServer(self._respond)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    def model(self) -> UnifiedChatModel:
        """Return a model that reaches the server on every wire."""
        return UnifiedChatModel(
            model="gpt-4o",
            max_retries=0,
            enable=["anthropic", "ollama"],
            providers={
                "openai": {"api_key": "test", "base_url": f"{self.url}/v1"},
                "google_genai": {"api_key": "test", "base_url": self.url},
                "anthropic": {"api_key": "test", "base_url": self.url},
                "ollama": {"base_url": self.url},
            },
        )

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.stop()

    def _respond(self, request: HttpRequest) -> HttpReply:
        self.body = json.loads(request.raw)
        wire = _wire(request.path)
        schemas = asked_of(wire, self.body)
        self.asked = next(iter(schemas), None)
        for one in schemas:
            self.problems += [f"{one.where}: {told}" for told in problems_of(one)]
        try:
            _judge(wire, self.body)
        except ValueError as error:
            self.problems.append(str(error))
        value = self.value if self.asked is None else self._held(self.asked)
        return HttpReply(
            200, _JSON, json.dumps(_ANSWERS[wire](value, self.asked)).encode()
        )

    def _held(self, asked: Asked) -> Any:
        """Return the value as the schema that was sent can hold it."""
        schema = asked.schema if asked.schema is not None else {}
        for told in _forms(self.value, schema, self.schema):
            if Draft202012Validator(schema).is_valid(told):
                return told
        self.problems.append(f"{schema} forbids {self.value!r}")
        return self.value


def _wire(path: str) -> str:
    for end, wire in (
        ("/chat/completions", "chat"),
        ("/responses", "responses"),
        ("/v1/messages", "anthropic"),
        ("/api/chat", "ollama"),
    ):
        if path.partition("?")[0].endswith(end):
            return wire
    return "gemini"


def _forms(value: Any, schema: Mapping[str, Any], given: Any) -> list[Any]:
    """Return the ways a value may be held: as it is or with nulls, under a key or not.

    A key that the user's schema does not have is one the answer is wrapped in.
    """
    keys = list(schema.get("properties") or {})
    own = {
        name for _, node in referee.nodes(given) for name in node.get("properties", ())
    }
    if len(keys) == 1 and keys[0] not in own and given is not None:
        inner = schema["properties"][keys[0]]
        return [{keys[0]: value}, {keys[0]: _nulled(value, inner, schema)}]
    return [value, _nulled(value, schema, schema)]


def _nulled(value: Any, schema: Any, root: Mapping[str, Any]) -> Any:
    """Give a null for each required key that the value does not have."""
    for one in _alternatives(schema, root):
        told = value
        if isinstance(value, dict) and "properties" in one:
            properties = one["properties"]
            told = {
                key: _nulled(value[key], part, root) if key in value else None
                for key, part in properties.items()
                if key in value or key in (one.get("required") or ())
            }
            told |= {
                key: _nulled(item, one.get("additionalProperties"), root)
                for key, item in value.items()
                if key not in properties
            }
        elif isinstance(value, dict):
            rest = one.get("additionalProperties")
            told = {key: _nulled(item, rest, root) for key, item in value.items()}
        elif isinstance(value, list):
            first = one.get("prefixItems") or ()
            told = [
                _nulled(item, first[n] if n < len(first) else one.get("items"), root)
                for n, item in enumerate(value)
            ]
        held = {**one, "$defs": root.get("$defs", {})}
        if Draft202012Validator(held).is_valid(told):
            return told
    return value


def _alternatives(schema: Any, root: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if not isinstance(schema, Mapping):
        return []
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        return _alternatives(root.get("$defs", {}).get(name), root)
    branches = [
        one
        for word in ("anyOf", "oneOf")
        for part in schema.get(word, ())
        for one in _alternatives(part, root)
    ]
    return branches or [schema]


def asked_of(wire: str, body: Mapping[str, Any]) -> list[Asked]:
    """Return every schema of a request, that of the answer first."""
    found: list[Asked] = []
    if wire == "chat":
        form = (body.get("response_format") or {}).get("json_schema")
        tools = [one["function"] for one in body.get("tools") or ()]
    elif wire == "responses":
        form = (body.get("text") or {}).get("format")
        tools = list(body.get("tools") or ())
    elif wire == "gemini":
        schema = (body.get("generationConfig") or {}).get("responseJsonSchema")
        form = {"schema": schema} if schema is not None else None
        tools = [
            {"name": one["name"], "parameters": _parameters(one)}
            for tool in body.get("tools") or ()
            for one in tool.get("functionDeclarations", ())
        ]
    elif wire == "anthropic":
        form = (body.get("output_config") or {}).get("format")
        tools = [
            {**one, "parameters": one["input_schema"]}
            for one in body.get("tools") or ()
        ]
    else:
        told = body.get("format")
        form = {"schema": told} if isinstance(told, dict) else None
        tools = [one["function"] for one in body.get("tools") or ()]
    if form and form.get("schema") is not None:
        strict = bool(form.get("strict"))
        found.append(Asked(wire, "answer", form.get("name"), form["schema"], strict))
    for one in tools:
        strict = bool(one.get("strict"))
        found.append(Asked(wire, "tool", one["name"], one.get("parameters"), strict))
    return found


def _parameters(declaration: Mapping[str, Any]) -> Any:
    """Return a declaration's schema; google-genai 3.6 writes its key as Python does."""
    camel = declaration.get("parametersJsonSchema")
    return declaration.get("parameters_json_schema") if camel is None else camel


def problems_of(asked: Asked) -> list[str]:
    """Return what the API of a wire refuses of a schema and of its name."""
    wire, schema, name = asked.wire, asked.schema, asked.name
    rules = {"gemini": referee.GEMINI_NAME, "anthropic": referee.CLAUDE_NAME}
    rule = rules.get(wire, referee.OPENAI_NAME)
    problems = []
    if wire != "ollama" and name is not None and not rule.fullmatch(name):
        problems.append(f"the name {name!r}")
    if wire in {"chat", "responses"}:
        problems += referee.openai_problems(schema, strict=asked.strict)
    elif wire == "gemini":
        problems += referee.gemini_problems(schema, is_tool=asked.where == "tool")
    elif wire == "anthropic":
        problems += referee.claude_problems(schema, is_tool=asked.where == "tool")
    return problems


def _judge(wire: str, body: Mapping[str, Any]) -> None:
    if wire in {"chat", "responses"}:
        referee.openai_request(body, responses=wire == "responses")
    elif wire == "gemini":
        referee.gemini_request(body)


# Answers


def _chat(value: Any, asked: Asked | None) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": json.dumps(value)}
    reason = "stop"
    if asked is not None and asked.where == "tool":
        function = {"name": asked.name, "arguments": json.dumps(value)}
        call = {"id": "call_1", "type": "function", "function": function}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        reason = "tool_calls"
    choice = {"index": 0, "message": message, "finish_reason": reason}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    said = {"id": "c", "object": "chat.completion", "created": 1, "model": "m"}
    return {**said, "choices": [choice], "usage": usage}


def _responses(value: Any, asked: Asked | None) -> dict[str, Any]:
    part = {"type": "output_text", "text": json.dumps(value), "annotations": []}
    item: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }
    if asked is not None and asked.where == "tool":
        item = {
            "id": "fc_1",
            "type": "function_call",
            "call_id": "call_1",
            "name": asked.name,
            "arguments": json.dumps(value),
            "status": "completed",
        }
    said = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m"}
    return {**said, "status": "completed", "output": [item]}


def _gemini(value: Any, asked: Asked | None) -> dict[str, Any]:
    part: dict[str, Any] = {"text": json.dumps(value)}
    if asked is not None and asked.where == "tool":
        part = {"functionCall": {"name": asked.name, "args": value}}
    content = {"role": "model", "parts": [part]}
    candidate = {"index": 0, "content": content, "finishReason": "STOP"}
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "m"}


def _anthropic(value: Any, asked: Asked | None) -> dict[str, Any]:
    block: dict[str, Any] = {"type": "text", "text": json.dumps(value)}
    reason = "end_turn"
    if asked is not None and asked.where == "tool":
        block = {"type": "tool_use", "id": "t_1", "name": asked.name, "input": value}
        reason = "tool_use"
    said = {"id": "m_1", "type": "message", "role": "assistant", "model": "m"}
    usage = {"input_tokens": 1, "output_tokens": 1}
    return {
        **said,
        "content": [block],
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": usage,
    }


def _ollama(value: Any, asked: Asked | None) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": json.dumps(value)}
    if asked is not None and asked.where == "tool":
        call = {"function": {"name": asked.name, "arguments": value}}
        message = {"role": "assistant", "content": "", "tool_calls": [call]}
    counts = {"prompt_eval_count": 1, "eval_count": 1}
    return {
        "model": "m",
        "message": message,
        "done": True,
        "done_reason": "stop",
        **counts,
    }


_ANSWERS = {
    "anthropic": _anthropic,
    "chat": _chat,
    "gemini": _gemini,
    "ollama": _ollama,
    "responses": _responses,
}
