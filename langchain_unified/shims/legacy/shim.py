"""The untouched `ChatOpenAI`, for the rollout modes `legacy`, `canary` and `shadow`.

Not a provider: its connection holds the constructor keywords of the plain model, its
plan the keywords of the call. Nothing is decided and nothing is changed here; requests
are byte for byte those of a `ChatOpenAI` built with the same keywords.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Generator, Mapping
from functools import cached_property, lru_cache
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import RunnableSequence
from langchain_openai import ChatOpenAI
from openai import pydantic_function_tool
from openai.resources.chat.completions import Completions
from pydantic import BaseModel

from langchain_unified.connection import Connection, known_settings
from langchain_unified.reliability.closing import owned
from langchain_unified.settings import CARRIED_METADATA, canonical_names
from langchain_unified.shims import core_seam
from langchain_unified.shims.base import ProviderShim
from langchain_unified.shims.openai.delegate import payload_of
from langchain_unified.shims.openai.payloads import Payload, payload_of_client
from langchain_unified.types import CallPlan

OWN = frozenset(
    {"on_unsupported", "use_responses_api", "max_retries", "output_version"}
)
"""Keywords of a call that `ChatOpenAI` takes in its constructor only, or not at all."""

_CONNECTION = {
    "api_key": "openai_api_key",
    "base_url": "openai_api_base",
    "organization": "openai_organization",
    "proxy": "openai_proxy",
}
_UNSET = object()
_CONTROLS = {
    "model_name": "model",
    "request_timeout": "timeout",
    CARRIED_METADATA: "metadata",
}


def legacy_connection(given: Mapping[str, Any], openai: Connection) -> Connection:
    """Return what identifies a plain model: the keywords it is built with.

    Args:
        given: The fields that were set, by `ChatOpenAI`'s name.
        openai: The connection settings of OpenAI.
    """
    own = _fields()
    keywords = {name: _own_copy(value) for name, value in given.items() if name in own}
    for setting in known_settings():
        if (value := openai.get(setting)) is not None:
            keywords[_CONNECTION.get(setting, setting)] = value
    return Connection(LegacyShim.provider, keywords)


class LegacyShim(ProviderShim):
    """Answers with a plain `ChatOpenAI`."""

    provider = "legacy"

    @cached_property
    def delegate(self) -> ChatOpenAI:
        """The plain model, built when first needed."""
        given = {name: self.connection.get(name, _UNSET) for name in _fields()}
        return ChatOpenAI(**{k: v for k, v in given.items() if v is not _UNSET})

    def generate(self, plan: CallPlan, messages: list[BaseMessage]) -> ChatResult:
        """Return ChatOpenAI's answer."""
        return core_seam.generate(self.delegate, messages, **self._keywords(plan))

    async def agenerate(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> ChatResult:
        """Return ChatOpenAI's answer."""
        return await core_seam.agenerate(
            self.delegate, messages, **self._keywords(plan)
        )

    def stream(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> Generator[ChatGenerationChunk, None, None]:
        """Yield ChatOpenAI's pieces."""
        yield from core_seam.stream(self.delegate, messages, **self._keywords(plan))

    async def astream(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> AsyncGenerator[ChatGenerationChunk, None]:
        """Yield ChatOpenAI's pieces."""
        given: Any = core_seam.astream(self.delegate, messages, **self._keywords(plan))
        async with owned(given) as pieces:
            async for piece in pieces:
                yield piece

    def payload(self, plan: CallPlan, messages: list[BaseMessage]) -> Payload:
        """Return the request `ChatOpenAI` would send."""
        model, keywords = self.delegate, self._keywords(plan)
        stream = plan.wants_stream
        endpoint, asked = payload_of(model, messages, keywords, wants_stream=stream)
        body = _with_schema(asked, endpoint)
        added = body.get("extra_headers"), body.get("extra_query")
        return payload_of_client(model, endpoint, body, *added)

    def _keywords(self, plan: CallPlan) -> dict[str, Any]:
        """Return the call's keywords as code written for ChatOpenAI would give them."""
        given = {_spelled(name): v for name, v in plan.body.items() if name not in OWN}
        if given.get("tools"):
            given = self._bound(given)
        structure = given.pop("structure", None)
        return given if structure is None else self._structured(structure, given)

    def _bound(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return what ChatOpenAI's own `bind_tools` would bind."""
        names = ("tools", "tool_choice", "strict", "response_format")
        asked = {name: given.pop(name) for name in names if name in given}
        tools = [getattr(tool, "original", tool) for tool in asked.pop("tools")]
        if asked.get("response_format"):
            asked.setdefault("strict", _strictness(tools))
            read = [_unwrapped(tool) for tool in tools]
        else:
            read = tools
        model: Any = self.delegate
        runnable = model.bind_tools(read, **asked)
        formed = [
            tool if tool.get("type") == "custom" else theirs
            for tool, theirs in zip(tools, runnable.kwargs["tools"], strict=True)
        ]
        return {**runnable.kwargs, "tools": formed, **given}

    def _structured(self, structure: Any, given: dict[str, Any]) -> dict[str, Any]:
        """Return what ChatOpenAI's own `with_structured_output` would bind."""
        bound = dict(_structured_by(self.delegate, structure).first.kwargs)
        bound.pop("ls_structured_output_format", None)
        tools = [*given.get("tools", ()), *bound.get("tools", ())]
        return {**given, **bound, **({"tools": tools} if tools else {})}


SHIM = LegacyShim


def reader_of(structure: Any, model: str) -> Any:
    """Return what reads the answers to a structured call in ChatOpenAI.

    Args:
        structure: The form asked for.
        model: The model that answered.
    """
    plain = ChatOpenAI.model_construct(model_name=model)
    _, *rest = _structured_by(plain, structure).steps
    return rest[0] if len(rest) == 1 else RunnableSequence(*rest)


def _structured_by(model: ChatOpenAI, structure: Any) -> Any:
    asked = {"method": structure.method, "strict": structure.strict}
    options: Any = {name: v for name, v in asked.items() if v is not None}
    return model.with_structured_output(structure.target, **options)


def _with_schema(payload: dict[str, Any], endpoint: str) -> dict[str, Any]:
    """Return a payload with the schema that the SDK makes of a class when it sends."""
    name = "text_format" if endpoint == "responses" else "response_format"
    model = payload.get(name)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return payload
    schema = pydantic_function_tool(model)["function"].get("parameters")
    form = {"name": model.__name__, "schema": schema, "strict": True}
    rest = {key: value for key, value in payload.items() if key != name}
    if endpoint == "responses":
        text = {**rest.get("text", {}), "format": {"type": "json_schema", **form}}
        return {**rest, "text": text}
    return {**rest, name: {"type": "json_schema", "json_schema": form}}


def _own_copy(value: Any) -> Any:
    """Return a dictionary that ChatOpenAI may change: it empties `model_kwargs`."""
    return dict(value) if isinstance(value, dict) else value


def _unwrapped(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a tool in a form that can still be made strict, if that is open."""
    inner = tool.get("function", {})
    return inner if inner and "strict" not in inner else tool


def _strictness(tools: list[Any]) -> bool | None:
    """Return `False` if that was asked for when the tools were bound."""
    given = (tool.get("function", {}).get("strict") for tool in tools)
    return False if any(strict is False for strict in given) else None


def _spelled(name: str) -> str:
    """Return a keyword under a name ChatOpenAI knows."""
    if name in _known():
        return name
    return canonical_names().get(name) or _CONTROLS.get(name, name)


@lru_cache(maxsize=1)
def _fields() -> frozenset[str]:
    """Return what the plain model is built with; LangChain's own fields stay here."""
    common = frozenset(BaseChatModel.model_fields) - {"output_version"}
    return frozenset(ChatOpenAI.model_fields) - common


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    accepted = inspect.signature(Completions.create).parameters
    return frozenset({*ChatOpenAI.model_fields, *accepted}) - set(_CONTROLS)
