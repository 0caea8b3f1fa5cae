"""Chat Completions: from wire dictionaries to LangChain messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult

from langchain_unified.content import CALL_FIELDS, CONTENT_PARTS
from langchain_unified.errors import MalformedResponseError
from langchain_unified.shims.openai.calls import (
    arguments_text,
    custom_arguments,
    new_call_id,
    own_fields,
    parse_chat_calls,
    wire_calls,
)
from langchain_unified.shims.openai.parts import (
    BODY_FIELDS,
    CHOICE_FIELDS,
    MESSAGE_FIELDS,
    PROVIDER,
    content_text,
    further_fields,
    logprobs_of,
    says_more,
    thinking_text,
)
from langchain_unified.shims.openai.usage import (
    CHAT,
    complete_token_usage,
    parse_usage,
)

_BESIDE_TEXT = ("function_call", "audio", "annotations")
_FIELDS = MESSAGE_FIELDS.union(_BESIDE_TEXT)


def parse_chat_body(
    body: dict[str, Any], *, headers: Mapping[str, str] | None = None
) -> ChatResult:
    """Parse a chat completion.

    Args:
        body: The decoded answer.
        headers: Response headers, to be kept in the generation info.

    Returns:
        One generation per choice.

    Raises:
        MalformedResponseError: If there are no choices.
    """
    choices = body.get("choices")
    if not choices or not isinstance(choices, list):
        told = f"The response has no choices; it has {sorted(body)}."
        raise MalformedResponseError(told)
    usage, tier = complete_token_usage(body.get("usage")), body.get("service_tier")
    generations = []
    for position, choice in enumerate(choices):
        counts = parse_usage(usage, CHAT, tier) if usage and body["usage"] else None
        message = _parse_message(choice, counts, is_first=position == 0)
        info = _generation_info(choice, headers)
        generations.append(ChatGeneration(message=message, generation_info=info))
    return ChatResult(generations=generations, llm_output=_llm_output(body, usage))


def _parse_message(
    choice: Mapping[str, Any], counts: UsageMetadata | None, *, is_first: bool
) -> AIMessage:
    # Whatever the role is called, the message is the model's.
    message = choice.get("message") or choice.get("delta") or {}
    content, refusal = message.get("content"), message.get("refusal")
    extra: dict[str, Any] = {"refusal": refusal} if is_first or refusal else {}
    for name in _BESIDE_TEXT:
        if value := message.get(name):
            extra[name] = value
    if not message.keys() <= _FIELDS:
        extra |= further_fields(message, _FIELDS)
    if content is not None and not isinstance(content, str):
        extra |= _parts(content, message)
        content = content_text(content)
    given = message.get("tool_calls")
    told = _complete_calls(given, choice, extra) if given else []
    calls, invalid = parse_chat_calls(told) if told else ([], [])
    return AIMessage(
        content=content or "",
        additional_kwargs=extra,
        name=message.get("name"),
        id=message.get("id"),
        tool_calls=calls,
        invalid_tool_calls=invalid,
        usage_metadata=counts,
    )


def _parts(content: Any, message: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of content in parts beside its text."""
    found = {CONTENT_PARTS: content} if says_more(content) else {}
    thought = thinking_text(content)
    if thought and "reasoning_content" not in message:
        found["reasoning_content"] = thought
    return found


def _complete_calls(
    given: Any, choice: Mapping[str, Any], extra: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return the calls of a message with what servers leave out filled in.

    Args:
        given: The calls as they stand in the message.
        choice: The choice that has them.
        extra: Gets the fields that calls carry beside OpenAI's.
    """
    calls = wire_calls(given)
    length = choice.get("finish_reason") == "length"
    told = [
        _complete_call(call, cut=length and place == len(calls))
        for place, call in enumerate(calls, 1)
    ]
    found = [call for call in told if call.get("function")]
    if own := {call["id"]: kept for call in found if (kept := own_fields(call))}:
        extra[CALL_FIELDS] = own
    return found


def _complete_call(call: Mapping[str, Any], *, cut: bool) -> dict[str, Any]:
    found = {**call, "id": str(call.get("id") or new_call_id())}
    function = call.get("function")
    if isinstance(custom := call.get("custom"), Mapping):
        # langchain-openai 1.7.4 fails on calls of custom tools in a whole chat answer.
        told = {**custom, "status": "incomplete" if cut else "completed"}
        function = {"name": custom.get("name"), "arguments": custom_arguments(told)}
        found = {"id": found["id"], "type": "function"}
    if isinstance(function, Mapping):
        text = arguments_text(function.get("arguments")) or ""
        # Nothing at all of the arguments of a call that the limit cut off is not a
        # call without arguments.
        found["function"] = {**function, "arguments": "{" if cut and not text else text}
    return found


def _generation_info(
    choice: Mapping[str, Any], headers: Mapping[str, str] | None
) -> dict[str, Any]:
    info: dict[str, Any] = {"headers": dict(headers)} if headers else {}
    if not choice.keys() <= CHOICE_FIELDS:
        info |= further_fields(choice, CHOICE_FIELDS)
    info["finish_reason"] = choice.get("finish_reason")
    info["logprobs"] = logprobs_of(choice) if choice.get("logprobs") else None
    return info


def _llm_output(body: dict[str, Any], usage: dict[str, Any] | None) -> dict[str, Any]:
    output = {
        "token_usage": usage,
        "model_provider": PROVIDER,
        "model_name": body.get("model"),
        "system_fingerprint": body.get("system_fingerprint"),
    }
    if not body.keys() <= BODY_FIELDS:
        output |= further_fields(body, BODY_FIELDS)
    if "id" in body:
        output["id"] = body["id"]
    if tier := body.get("service_tier"):
        output["service_tier"] = tier
    return output
