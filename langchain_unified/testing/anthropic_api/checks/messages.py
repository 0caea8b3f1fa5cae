"""The conversation: roles, content blocks, tool results and signatures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.anthropic_api.call import refuse
from langchain_unified.testing.anthropic_api.checks.fields import refuse_extra
from langchain_unified.testing.anthropic_api.rules import blocks_for
from langchain_unified.testing.signing import subject_of

if TYPE_CHECKING:
    from langchain_unified.testing.anthropic_api.call import AnthropicCall

_ID = re.compile(r"^[a-zA-Z0-9_-]+$")
_ROLES = ("user", "assistant")


def check_messages(call: AnthropicCall) -> None:
    """Refuse missing, empty or malformed messages."""
    messages = call.body["messages"]
    if not messages:
        refuse("messages: at least one message is required")
    for index, message in enumerate(messages):
        path = f"messages.{index}"
        refuse_extra(message, "message", f"{path}.")
        if message.get("role") not in _ROLES:
            refuse(f"{path}.role: Input should be 'user' or 'assistant'")
        _check_content(call, message, path, last=index == len(messages) - 1)
    if messages[0]["role"] != "user":
        refuse('messages: first message must use the "user" role')


def _check_content(
    call: AnthropicCall, message: dict[str, Any], path: str, *, last: bool
) -> None:
    content = message.get("content")
    if not content and not (last and message["role"] == "assistant"):
        refuse(
            f"{path}: all messages must have non-empty content except for the optional "
            "final assistant message"
        )
    for index, block in enumerate(content if isinstance(content, list) else []):
        _check_block(call, message["role"], block, f"{path}.content.{index}")


def _check_block(
    call: AnthropicCall, role: str, block: dict[str, Any], path: str
) -> None:
    kind = block.get("type", "")
    if kind not in blocks_for(role):
        listed = ", ".join(f"'{name}'" for name in blocks_for(role))
        refuse(
            f"{path}: Input tag '{kind}' found using 'type' does not match any of the "
            f"expected tags: {listed}"
        )
    refuse_extra(block, kind, f"{path}.{kind}.")
    if kind == "text" and not block.get("text"):
        refuse(f"{path}: text content blocks must be non-empty")
    if kind == "thinking":
        _check_signature(call, block, path)
    if kind in ("tool_use", "tool_result"):
        _check_id(block, kind, path)


def _check_signature(call: AnthropicCall, block: dict[str, Any], path: str) -> None:
    if "signature" not in block:
        refuse(f"{path}.thinking.signature: Field required")
    if subject_of(block["signature"]) != call.rules.id:
        refuse(f"{path}: Invalid `signature` in `thinking` block")


def _check_id(block: dict[str, Any], kind: str, path: str) -> None:
    name = "id" if kind == "tool_use" else "tool_use_id"
    if not _ID.match(str(block.get(name) or "")):
        refuse(f"{path}.{kind}.{name}: String should match pattern '^[a-zA-Z0-9_-]+$'")


_NO_RESULT = (
    "messages.{}: `tool_use` ids were found without `tool_result` blocks immediately "
    "after: {}. Each `tool_use` block must have a corresponding `tool_result` block in "
    "the next message."
)
_NO_CALL = (
    "messages.{}.content.0: unexpected `tool_use_id` found in `tool_result` blocks: "
    "{}. Each `tool_result` block must have a corresponding `tool_use` block in the "
    "previous message."
)


def check_tool_turns(call: AnthropicCall) -> None:
    """Refuse tool calls without results in the next turn, and results without calls."""
    open_ids: list[str] = []
    for index, message in enumerate(call.body["messages"]):
        results = [b["tool_use_id"] for b in _blocks(message, "tool_result")]
        missing = [one for one in open_ids if one not in results]
        if missing:
            refuse(_NO_RESULT.format(index - 1, ", ".join(missing)))
        for stray in [one for one in results if one not in open_ids]:
            refuse(_NO_CALL.format(index, stray))
        open_ids = [block["id"] for block in _blocks(message, "tool_use")]


def check_last_turn(call: AnthropicCall) -> None:
    """Refuse prefill, and a tool turn without its thinking."""
    last = call.body["messages"][-1]
    if last["role"] == "assistant":
        if not call.rules.prefill:
            refuse(
                "This model does not support assistant message prefill. The "
                "conversation must end with a user message."
            )
        if str(last["content"]).endswith((" ", "\n")):
            refuse("messages: final assistant content cannot end with whitespace")
    _check_thinking_kept(call)


def _check_thinking_kept(call: AnthropicCall) -> None:
    messages = call.body["messages"]
    if call.thinking.get("type") != "enabled" or not _blocks(
        messages[-1], "tool_result"
    ):
        return
    content = messages[-2]["content"]
    kind = content[0]["type"] if isinstance(content, list) else "text"
    if kind not in ("thinking", "redacted_thinking"):
        refuse(
            f"messages.{len(messages) - 2}.content.0.type: Expected `thinking` or "
            f"`redacted_thinking`, but found `{kind}`. When `thinking` is enabled, a "
            "final `assistant` message must start with a thinking block (preceeding "
            "the lastmost set of `tool_use` and `tool_result` blocks)."
        )


def _blocks(message: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    content = message.get("content")
    found = content if isinstance(content, list) else []
    return [block for block in found if block.get("type") == kind]
