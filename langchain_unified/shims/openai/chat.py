"""Chat Completions: from wire dictionaries to LangChain messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult

from langchain_unified.content import CONTENT_PARTS
from langchain_unified.errors import MalformedResponseError
from langchain_unified.shims.openai.calls import (
    arguments_text,
    custom_arguments,
    new_call_id,
    parse_chat_calls,
    wire_calls,
)
from langchain_unified.shims.openai.parts import (
    PROVIDER,
    body_fields,
    choice_fields,
    content_text,
    kept_fields,
    logprobs_of,
    says_more,
    thinking_text,
)
from langchain_unified.shims.openai.usage import (
    complete_token_usage,
    parse_chat_usage,
)


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
    if not isinstance(choices, list):
        message = f"No choices in the answer, which has {sorted(body)}."
        raise MalformedResponseError(message)
    generations: list[ChatGeneration] = [
        ChatGeneration(
            message=_parse_message(_complete_message(choice), body, position),
            generation_info=_generation_info(choice, headers),
        )
        for position, choice in enumerate(choices)
    ]
    return ChatResult(generations=generations, llm_output=_llm_output(body))


def complete_body(body: dict[str, Any]) -> dict[str, Any]:
    """Fill what a chat answer leaves out with `None`, as the SDK's models do."""
    choices = body.get("choices")
    if not choices or not isinstance(choices, list):
        message = f"No choices in the answer, which has {sorted(body)}."
        raise MalformedResponseError(message)
    completed = [
        {
            **choice,
            "message": _complete_message(choice),
            "logprobs": logprobs_of(choice),
        }
        for choice in choices
    ]
    usage = complete_token_usage(body.get("usage"))
    empty = {"system_fingerprint": None, "model": None}
    return {**empty, **body, "choices": completed, "usage": usage}


def without_calls(completed: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer without its tool calls, which `with_own_fields` puts in.

    langchain-openai 1.7.4 fails on arguments that are JSON and no object.
    """
    choices = [
        {**choice, "message": {**choice["message"], "tool_calls": None}}
        for choice in completed["choices"]
    ]
    return {**completed, "choices": choices}


def with_own_fields(result: ChatResult, completed: Mapping[str, Any]) -> ChatResult:
    """Put in the tool calls, and what an answer carries beside OpenAI's fields.

    Args:
        result: What was made of the answer so far; it is changed.
        completed: The answer, as `complete_body` returns it.
    """
    for generation, choice in zip(
        result.generations, completed["choices"], strict=True
    ):
        message = generation.message
        message.additional_kwargs |= kept_fields(choice["message"])
        if isinstance(message, AIMessage):
            calls = parse_chat_calls(choice["message"].get("tool_calls") or [])
            message.tool_calls, message.invalid_tool_calls = calls
        info = {**choice_fields(choice), **(generation.generation_info or {})}
        generation.generation_info = info
    result.llm_output = {**body_fields(completed), **(result.llm_output or {})}
    return result


def _complete_message(choice: Mapping[str, Any]) -> dict[str, Any]:
    """Return the message of a choice with what servers leave out filled in."""
    message = choice.get("message") or choice.get("delta") or {}
    # Whatever the role is called, the message is the model's.
    found = {"refusal": None, **message, "role": "assistant"}
    content = message.get("content")
    if content is not None:
        found["content"] = content_text(content)
    if isinstance(content, list):
        if says_more(content):
            found[CONTENT_PARTS] = content
        found.setdefault("reasoning_content", thinking_text(content))
    if calls := wire_calls(message.get("tool_calls")):
        length = choice.get("finish_reason") == "length"
        last = len(calls) - 1
        told = (
            _complete_call(call, cut=length and place == last)
            for place, call in enumerate(calls)
        )
        found["tool_calls"] = [call for call in told if call.get("function")]
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


def _parse_message(
    message: dict[str, Any], body: dict[str, Any], position: int
) -> AIMessage:
    extra: dict[str, Any] = {}
    for name in ("function_call", "audio"):
        if value := message.get(name):
            extra[name] = value
    if position == 0 or message.get("refusal"):
        extra["refusal"] = message.get("refusal")
    extra |= kept_fields(message)
    calls, invalid = parse_chat_calls(message.get("tool_calls") or [])
    return AIMessage(
        content=message.get("content") or "",
        additional_kwargs=extra,
        name=message.get("name"),
        id=message.get("id"),
        tool_calls=calls,
        invalid_tool_calls=invalid,
        usage_metadata=_usage_metadata(body),
    )


def _generation_info(
    choice: dict[str, Any], headers: Mapping[str, str] | None
) -> dict[str, Any]:
    info: dict[str, Any] = {"headers": dict(headers)} if headers else {}
    info |= choice_fields(choice)
    info["finish_reason"] = choice.get("finish_reason")
    info["logprobs"] = logprobs_of(choice)
    return info


def _llm_output(body: dict[str, Any]) -> dict[str, Any]:
    output = {
        **body_fields(body),
        "token_usage": complete_token_usage(body.get("usage")),
        "model_provider": PROVIDER,
        "model_name": body.get("model"),
        "system_fingerprint": body.get("system_fingerprint"),
    }
    if "id" in body:
        output["id"] = body["id"]
    if tier := body.get("service_tier"):
        output["service_tier"] = tier
    return output


def _usage_metadata(chunk: dict[str, Any]) -> UsageMetadata | None:
    usage = chunk.get("usage")
    if not usage or not isinstance(usage, Mapping):
        return None
    return parse_chat_usage(usage, chunk.get("service_tier"))
