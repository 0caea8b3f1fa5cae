"""One Anthropic request on its way through the checks, and refusing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from langchain_unified.testing.errors import RefusalError

if TYPE_CHECKING:
    from langchain_unified.testing.anthropic_api.rules import AnthropicRules
    from langchain_unified.testing.recording import RecordedRequest
    from langchain_unified.testing.settings import Settings

THINKING = ("enabled", "adaptive")


@dataclass
class AnthropicCall:
    """A request body with the rules of its model."""

    body: dict[str, Any]
    rules: AnthropicRules
    settings: Settings
    recorded: RecordedRequest

    @property
    def thinking(self) -> dict[str, Any]:
        """The thinking config of the request."""
        return self.body.get("thinking") or {}

    @property
    def asks_to_think(self) -> bool:
        """Whether the request itself switches thinking on."""
        return self.thinking.get("type") in THINKING

    @property
    def thinks(self) -> bool:
        """Whether the model thinks before it answers."""
        kind = self.thinking.get("type")
        return kind in THINKING or (kind is None and self.rules.thinks_by_default)

    @property
    def output_config(self) -> dict[str, Any]:
        """Effort and format of the answer."""
        return self.body.get("output_config") or {}

    @property
    def schema(self) -> dict[str, Any] | None:
        """The JSON schema of the answer, if any."""
        form = self.output_config.get("format") or {}
        return form.get("schema")

    @property
    def tools(self) -> list[dict[str, Any]]:
        """The client's tools."""
        return [t for t in self.body.get("tools") or [] if "input_schema" in t]

    @property
    def choice(self) -> dict[str, Any]:
        """The tool choice."""
        return self.body.get("tool_choice") or {"type": "auto"}


def refuse(
    message: str, status: int = 400, kind: str = "invalid_request_error"
) -> NoReturn:
    """Refuse a request.

    Raises:
        RefusalError: Always.
    """
    error = {"type": kind, "message": message}
    body = {"type": "error", "error": error, "request_id": "req_emulator"}
    raise RefusalError(status, body)
