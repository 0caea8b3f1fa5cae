"""One Ollama request, checked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from langchain_unified.testing.errors import RefusalError
from langchain_unified.testing.rules import DATA
from langchain_unified.testing.text import IMAGE_TOKENS, count_tokens

if TYPE_CHECKING:
    from langchain_unified.testing.recording import RecordedRequest
    from langchain_unified.testing.settings import Settings

_TYPES: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "list": (list,),
}
_LEVELS = ("low", "medium", "high")


@dataclass
class OllamaCall:
    """A request body with what its model can do."""

    body: dict[str, Any]
    model: dict[str, Any]
    settings: Settings
    recorded: RecordedRequest

    @property
    def options(self) -> dict[str, Any]:
        """The runtime options."""
        return self.body.get("options") or {}

    @property
    def thinks(self) -> bool:
        """Whether the model thinks: models that can, do unless told not to."""
        return self.can("thinking") and self.body.get("think") is not False

    @property
    def prompt_tokens(self) -> int:
        """An estimate of the tokens of all messages."""
        return sum(
            count_tokens(message.get("content") or "")
            + IMAGE_TOKENS * len(message.get("images") or [])
            for message in self.body.get("messages") or []
        )

    def can(self, capability: str) -> bool:
        """Tell whether the model has a capability."""
        return capability in self.model["capabilities"]


def refuse(message: str, status: int = 400) -> NoReturn:
    """Refuse a request.

    Raises:
        RefusalError: Always.
    """
    raise RefusalError(status, {"error": message})


@cache
def load_data() -> dict[str, Any]:
    """Return the models of the server and the fields of its requests."""
    loaded: dict[str, Any] = json.loads(
        (DATA / "ollama.json").read_text(encoding="utf-8")
    )
    return loaded


def admit(recorded: RecordedRequest, settings: Settings) -> OllamaCall:
    """Check a request from top to bottom.

    Raises:
        RefusalError: With the status and body the server would send.
    """
    body = recorded.body
    if not isinstance(body, dict):
        refuse("invalid character in request body")
    if not body.get("model"):
        refuse("model is required")
    call = OllamaCall(body, _find(body["model"]), settings, recorded)
    recorded.ignored = [key for key in body if key not in load_data()["fields"]]
    _check_options(call)
    _check_capabilities(call)
    _check_messages(call)
    _check_length(call)
    return call


def _find(name: str) -> dict[str, Any]:
    full = name if ":" in name else f"{name}:latest"
    for model in load_data()["models"]:
        if model["name"] == full:
            return dict(model)
    refuse(f"model '{name}' not found", 404)


def _check_options(call: OllamaCall) -> None:
    known = load_data()["options"]
    for name, value in call.options.items():
        if name not in known:
            call.recorded.ignored.append(f"options.{name}")
        elif not isinstance(value, _TYPES[known[name]]):
            refuse(f'option "{name}" must be of type {known[name]}')


def _check_capabilities(call: OllamaCall) -> None:
    name = call.body["model"]
    think = call.body.get("think")
    if call.body.get("tools") and not call.can("tools"):
        refuse(f"registry.ollama.ai/library/{name} does not support tools")
    if think and not call.can("thinking"):
        refuse(f'"{name}" does not support thinking')
    if isinstance(think, str) and think not in _LEVELS:
        refuse(
            f'invalid think value: "{think}" (must be "high", "medium", "low", true, '
            "or false)"
        )


def _check_messages(call: OllamaCall) -> None:
    for message in call.body.get("messages") or []:
        if not isinstance(message.get("content", ""), str):
            refuse(
                "json: cannot unmarshal array into Go struct field "
                "ChatRequest.messages.content of type string"
            )
        if message.get("images") and not call.can("vision"):
            refuse("this model is missing data required for image input", 500)
        for made in message.get("tool_calls") or []:
            if not isinstance(made["function"]["arguments"], dict):
                refuse(
                    "json: cannot unmarshal string into Go struct field "
                    "ChatRequest.messages.tool_calls.function.arguments of type object"
                )


def _check_length(call: OllamaCall) -> None:
    """Refuse a prompt beyond the context, if the request says not to cut it."""
    room = call.options.get("num_ctx", load_data()["default_context"])
    room = min(room, call.model["context"])
    tokens = call.prompt_tokens
    if tokens > room and call.body.get("truncate") is False:
        refuse(
            f"request ({tokens} tokens) exceeds the available context size ({room} "
            "tokens), try increasing it"
        )
