"""Tools and tool choice."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.anthropic_api.call import refuse
from langchain_unified.testing.anthropic_api.checks.fields import refuse_extra

if TYPE_CHECKING:
    from langchain_unified.testing.anthropic_api.call import AnthropicCall

_NAME = re.compile(r"^[a-zA-Z0-9_-]{1,128}$")
_CHOICES = ("auto", "any", "tool", "none")


def check_tools(call: AnthropicCall) -> None:
    """Refuse malformed tools."""
    for index, tool in enumerate(call.body.get("tools") or []):
        if tool.get("type", "custom") == "custom":
            _check_tool(tool, f"tools.{index}.custom.")
        elif "name" not in tool and "mcp_server_name" not in tool:
            refuse(
                f"tools.{index}: Input tag '{tool['type']}' found using 'type' does "
                "not match any of the expected tags"
            )


def _check_tool(tool: dict[str, Any], path: str) -> None:
    refuse_extra(tool, "tool", path)
    for name in ("name", "input_schema"):
        if name not in tool:
            refuse(f"{path}{name}: Field required")
    if not _NAME.match(tool["name"]):
        refuse(f"{path}name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'")
    if tool["input_schema"].get("type") != "object":
        refuse(f"{path}input_schema.type: Input should be 'object'")


def check_tool_choice(call: AnthropicCall) -> None:
    """Refuse a choice without tools, of an unknown tool, or forced in vain."""
    choice = call.body.get("tool_choice")
    if choice is None:
        return
    kind = choice.get("type")
    if kind not in _CHOICES:
        refuse(f"tool_choice: Input tag '{kind}' found using 'type' does not match any")
    if not call.body.get("tools"):
        refuse("tool_choice may only be specified while providing tools.")
    if kind == "tool" and choice.get("name") not in [t["name"] for t in call.tools]:
        refuse(f"Tool '{choice.get('name')}' not found in provided tools")
    if kind in ("any", "tool"):
        _check_forced(call, kind)


def _check_forced(call: AnthropicCall, kind: str) -> None:
    if call.rules.forced_tools == "never":
        text = f'tool_choice.type: "{kind}" is not supported for this model.'
        refuse(f'{text} Use "auto" or "none".')
    if call.rules.forced_tools == "idle" and call.asks_to_think:
        refuse("Thinking may not be enabled when tool_choice forces tool use.")
