"""The questions of a probe: one parameter each, the smallest call that asks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from langchain_unified.history import traits_of
from langchain_unified.types import EMPTY, Traits

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""Reasoning efforts, weakest first."""

LEVELS = ("minimal", "low", "medium", "high")
"""Thinking levels where the wire has a fixed set of words for them, weakest first."""

SAMPLING: Mapping[str, Any] = {
    "temperature": 0.3,
    "top_p": 0.5,
    "presence_penalty": 0.5,
    "frequency_penalty": 0.5,
    "logprobs": True,
}
"""Settings that some models take only while they do not reason, and a value."""

ROLES = "system_roles"
"""What a trial is about that has system text."""

_PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42m"
    "NkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
_TOOL = {
    "type": "function",
    "function": {
        "name": "look",
        "description": "Look something up.",
        "parameters": {"type": "object", "properties": {"what": {"type": "string"}}},
    },
}
_SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "Answer",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"text": {"type": "string"}},
            "required": ["text"],
            "additionalProperties": False,
        },
    },
}
_ASK = HumanMessage("Answer in json: hi")
_SEE = HumanMessage(
    [
        {"type": "text", "text": "hi"},
        {"type": "image_url", "image_url": {"url": _PIXEL}},
    ]
)

_PDF = (
    "JVBERi0xLjEKMSAwIG9iajw8L1R5cGUvQ2F0YWxvZy9QYWdlcyAyIDAgUj4+ZW5kb2JqCjIgMCBvYmo8PC9"
    "UeXBlL1BhZ2VzL0tpZHNbMyAwIFJdL0NvdW50IDE+PmVuZG9iagozIDAgb2JqPDwvVHlwZS9QYWdlL1Bhcm"
    "VudCAyIDAgUi9NZWRpYUJveFswIDAgOSA5XT4+ZW5kb2JqCnRyYWlsZXI8PC9Sb290IDEgMCBSPj4KJSVFT0YK"
)
_SOUND = "UklGRiwAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQgAAAAAAAAAAAAAAA=="


def _with_file(kind: str, data: str, mime: str, **named: str) -> HumanMessage:
    """Return a message with one file beside its text."""
    block = {"type": kind, "base64": data, "mime_type": mime, **named}
    return HumanMessage([{"type": "text", "text": "hi"}, block])


@dataclass(frozen=True, slots=True)
class Trial:
    """One question.

    Attributes:
        parameter: The setting, or what else it is about.
        value: The value tried; `None` for a question about no setting.
        beside: Further settings it needs.
        messages: The messages of the call.
        stream: Whether the answer is streamed.
        feature: The capability it is about, if the setting stands for more than one.
    """

    parameter: str
    value: Any = None
    beside: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    messages: tuple[BaseMessage, ...] = (_ASK,)
    stream: bool = False
    feature: str = ""

    @property
    def params(self) -> dict[str, Any]:
        """The settings of the call."""
        own = {} if self.value is None else {self.parameter: self.value}
        return {**self.beside, **own}

    @property
    def fact(self) -> str:
        """What is found out: a capability, a setting or a kind of message."""
        return self.feature or self.parameter

    @property
    def traits(self) -> Traits:
        """What the messages hold."""
        found = traits_of(self.messages)
        return Traits(
            inputs=found.inputs,
            system=found.system,
            media=found.media,
            mentions_json=True,
        )


def trials() -> Iterator[Trial]:
    """Yield every question but those about effort, in the order they are asked."""
    yield Trial("stream", stream=True, feature="streaming")
    yield Trial(ROLES, messages=(SystemMessage("Be kind."), _ASK))
    yield Trial("messages", messages=(_SEE,), feature="image_inputs")
    yield Trial("reasoning_effort", "none")
    for parameter, value in SAMPLING.items():
        yield Trial(parameter, value)
    yield Trial("reasoning", {"summary": "auto"})
    yield Trial("top_logprobs", 2, {"logprobs": True})
    yield Trial("top_k", 3)
    yield Trial("seed", 1)
    yield Trial("logit_bias", {"50256": -1})
    yield Trial("verbosity", "low")
    yield Trial("n", 2)
    yield Trial("stop", ["x"])
    yield Trial("tools", [_TOOL], feature="tool_calling")
    yield Trial("tool_choice", "any", {"tools": [_TOOL]}, feature="tool_choice")
    yield Trial("parallel_tool_calls", value=False, beside={"tools": [_TOOL]})
    yield Trial("response_format", {"type": "json_object"}, feature="json_mode")
    yield Trial("response_format", _SCHEMA, feature="structured_output")
    yield Trial("user", "probe")
    yield Trial("metadata", {"probe": "1"})
    yield Trial("store", value=False)
    yield Trial("service_tier", "auto")
    yield Trial("thinking_budget", 512)
    yield Trial("thinking_budget", 0)
    yield Trial("include_thoughts", value=True)


def row_trials() -> Iterator[Trial]:
    """Yield the questions that only rows are verified with: each is asked once."""
    read = _with_file("file", _PDF, "application/pdf", filename="probe.pdf")
    yield Trial("messages", messages=(read,), feature="pdf_inputs")
    heard = _with_file("audio", _SOUND, "audio/wav")
    yield Trial("messages", messages=(heard,), feature="audio_inputs")
    answer = {"type": "json_object"}
    tools = {"tools": [_TOOL]}
    yield Trial("response_format", answer, tools, feature="tools_with_json")


def asked_value(parameter: str) -> Any:
    """Return the value that a setting is asked about with; `None` if it is not."""
    found = (trial.value for trial in trials() if trial.parameter == parameter)
    return next((value for value in found if value is not None), None)
