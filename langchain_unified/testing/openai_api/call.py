"""One OpenAI request on its way through the checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_unified.testing.openai_api.store import ResponseStore
    from langchain_unified.testing.recording import RecordedRequest
    from langchain_unified.testing.rules import ModelRules
    from langchain_unified.testing.settings import Settings


def _list(value: Any) -> list[Any]:
    """Return a list as it is, and nothing of what should be one."""
    return value if isinstance(value, list) else []


@dataclass
class OpenAICall:
    """A request body with the rules of its model.

    Attributes:
        endpoint: `chat` or `responses`.
        body: The JSON body without its nulls, except where null is refused.
        rules: Rules of the model.
        settings: Doors of the emulator.
        store: Responses kept for `previous_response_id`.
        recorded: The record of the request.
        history: Items of the previous response, in front of the input.
        history_is_unknown: Whether items in front of the input are not known here.
    """

    endpoint: str
    body: dict[str, Any]
    rules: ModelRules
    settings: Settings
    store: ResponseStore
    recorded: RecordedRequest
    history: list[Any]
    history_is_unknown: bool = False

    @property
    def on_chat(self) -> bool:
        """Whether this is Chat Completions."""
        return self.endpoint == "chat"

    @property
    def effort_sent(self) -> Any:
        """The effort in the request, or None."""
        if self.on_chat:
            return self.body.get("reasoning_effort")
        return (self.body.get("reasoning") or {}).get("effort")

    @property
    def effort(self) -> str | None:
        """The effort that applies: the one sent, or the model's default."""
        sent = self.effort_sent
        return sent if isinstance(sent, str) else self.rules.default_effort

    @property
    def reasons(self) -> bool:
        """Whether the model reasons in this request."""
        return self.rules.reasoning and self.effort != "none"

    @property
    def code_unsupported(self) -> str | None:
        """The code of an unsupported parameter: Responses leaves it null."""
        return "unsupported_parameter" if self.on_chat else None

    @property
    def format_path(self) -> str:
        """The parameter that holds the response format."""
        return "response_format" if self.on_chat else "text.format"

    @property
    def response_format(self) -> dict[str, Any]:
        """The response format asked for, `{}` without one."""
        if self.on_chat:
            return self.body.get("response_format") or {}
        return (self.body.get("text") or {}).get("format") or {}

    @property
    def input_path(self) -> str:
        """The parameter that holds the conversation."""
        return "messages" if self.on_chat else "input"

    @property
    def function_tools(self) -> list[dict[str, Any]]:
        """The function tools as name, description, parameters and strict."""
        if self.asks_in_the_old_way:
            return list(self.body["functions"])
        tools = [tool for tool in self.all_tools if tool.get("type") == "function"]
        return [tool["function"] for tool in tools] if self.on_chat else tools

    @property
    def custom_tools(self) -> list[dict[str, Any]]:
        """The tools that take text, as name, description and format."""
        tools = [tool for tool in self.all_tools if tool.get("type") == "custom"]
        return [tool["custom"] for tool in tools] if self.on_chat else tools

    @property
    def all_tools(self) -> list[dict[str, Any]]:
        """The tools of the request, then those that items of the input add."""
        items = _list(self.body.get("input"))
        added = [
            tool
            for item in items
            if isinstance(item, dict) and item.get("type") == "additional_tools"
            for tool in _list(item.get("tools"))
        ]
        given = [*(self.body.get("tools") or []), *added]
        return [tool for tool in given if isinstance(tool, dict)]

    @property
    def asks_in_the_old_way(self) -> bool:
        """Whether functions are offered as `functions`, before there were tools."""
        return self.on_chat and bool(self.body.get("functions"))

    @property
    def has_tools(self) -> bool:
        """Whether any tool is offered."""
        return bool(self.all_tools)

    @property
    def keeps_items(self) -> bool:
        """Whether the response will be stored."""
        return not self.on_chat and self.body.get("store") is not False
