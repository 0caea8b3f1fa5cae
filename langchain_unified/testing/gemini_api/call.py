"""One Gemini request on its way through the checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_unified.testing.recording import RecordedRequest
    from langchain_unified.testing.rules import ModelRules
    from langchain_unified.testing.settings import Settings

_LEVEL_TOKENS = {"minimal": 0, "low": 64, "medium": 128, "high": 256}
_BUDGET_TOKENS = 128
"""About what short questions are given (recorded up to 2026-08)."""


def is_vertex(path: str) -> bool:
    """Tell whether a path is one of Vertex."""
    return "/publishers/" in path or path.startswith("/v1beta1/")


@dataclass
class GeminiCall:
    """A parsed request with the rules of the model that serves it.

    Attributes:
        body: The request with camelCase keys.
        rules: Rules of the model.
        settings: Doors of the emulator.
        recorded: The record of the request.
        version: API version in the path.
        streaming: Whether the answer is streamed.
    """

    body: dict[str, Any]
    rules: ModelRules
    settings: Settings
    recorded: RecordedRequest
    version: str
    streaming: bool

    @property
    def config(self) -> dict[str, Any]:
        """The generation config."""
        return self.body.get("generationConfig") or {}

    @property
    def thinking(self) -> dict[str, Any]:
        """The thinking config."""
        return self.config.get("thinkingConfig") or {}

    @property
    def contents(self) -> list[dict[str, Any]]:
        """The conversation."""
        return self.body.get("contents") or []

    @property
    def declarations(self) -> list[dict[str, Any]]:
        """All function declarations."""
        return [
            declaration
            for tool in self.body.get("tools") or []
            for declaration in tool.get("functionDeclarations") or []
        ]

    @property
    def on_vertex(self) -> bool:
        """Whether the request took a path of Vertex."""
        return is_vertex(self.recorded.path)

    @property
    def wants_json(self) -> bool:
        """Whether the answer shall be JSON."""
        return self.config.get("responseMimeType") == "application/json"

    @property
    def this_model(self) -> str:
        """The model as errors name it."""
        if self.rules.names_model_in_errors:
            return f"models/{self.rules.id}"
        return "this model"

    @property
    def thought_tokens(self) -> int:
        """Tokens the model thinks before it answers."""
        if not self.rules.reasoning:
            return 0
        level = self.thinking.get("thinkingLevel")
        if level is not None:
            return _LEVEL_TOKENS.get(level.lower(), _BUDGET_TOKENS)
        budget = self.thinking.get("thinkingBudget")
        if budget is not None and self.rules.thinking_budget == "any":
            return _BUDGET_TOKENS if budget < 0 else min(budget, _BUDGET_TOKENS)
        default = self.rules.default_thinking
        if isinstance(default, str):
            return _LEVEL_TOKENS[default]
        return 0 if default == 0 else _BUDGET_TOKENS
