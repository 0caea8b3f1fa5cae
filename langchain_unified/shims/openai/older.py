"""ChatOpenAI's older shape of a Responses answer, `output_version="v0"`.

Text blocks without ids stay in `content`; reasoning, the items of built-in tools, the
refusal and the ids of function calls are in `additional_kwargs` (langchain-openai
1.7.3, `_compat`).
"""

from __future__ import annotations

from typing import Any, TypeVar

from langchain_core.messages import AIMessage

CALL_IDS = "__openai_function_call_ids__"
"""Key of `additional_kwargs` with the item id of each function call, by call id."""

_IN_CONTENT = frozenset({"text", "compaction", "custom_tool_call"})
MessageT = TypeVar("MessageT", bound=AIMessage)


def older_message(message: MessageT, *, reasoned: bool = False) -> MessageT:
    """Bring a message, or a piece of one, into the older shape.

    Args:
        message: A message with native blocks in `content`; it is changed.
        reasoned: Whether an earlier piece has told the id of the reasoning.

    Returns:
        The message.
    """
    extra = message.additional_kwargs
    content: list[Any] = []
    blocks: Any = message.content
    for block in blocks:
        kind = block["type"]
        if kind == "reasoning":
            extra["reasoning"] = _reasoning(block, reasoned=reasoned)
        elif kind == "function_call":
            _keep_id(extra.setdefault(CALL_IDS, {}), block)
        elif kind == "refusal":
            extra["refusal"] = block["refusal"]
        elif kind == "text":
            message.id = block.get("id") or message.id
            content.append({k: v for k, v in block.items() if k != "id"})
        elif kind in _IN_CONTENT:
            content.append(block)
        else:
            extra.setdefault("tool_outputs", []).append(block)
    message.content = content
    if str(message.id).startswith("resp_"):
        message.id = None
    return message


def _reasoning(block: dict[str, Any], *, reasoned: bool) -> dict[str, Any]:
    told = {"index", "id", "type"} if reasoned else {"index"}
    return {key: value for key, value in block.items() if key not in told}


def _keep_id(ids: dict[str, Any], block: dict[str, Any]) -> None:
    if block.get("call_id") and block.get("id"):
        ids[block["call_id"]] = block["id"]
