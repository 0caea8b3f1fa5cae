"""The Responses API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.answers import compose
from langchain_unified.testing.openai_api.chat import CREATED
from langchain_unified.testing.openai_api.checks.item_history import conversation_of
from langchain_unified.testing.openai_api.moderation import moderation_of
from langchain_unified.testing.openai_api.prompt import prompt_tokens, task_of
from langchain_unified.testing.openai_api.usage import logprobs_of, responses_usage
from langchain_unified.testing.signing import digest_of, issue

if TYPE_CHECKING:
    from langchain_unified.testing.answers import Answer, ToolCall
    from langchain_unified.testing.openai_api.call import OpenAICall

_ECHOED: dict[str, Any] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "safety_identifier": None,
    "prompt_cache_key": None,
    "store": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
    "background": False,
    "frequency_penalty": 0.0,
    "presence_penalty": 0.0,
}
_NO_TOKENS = {"image_tokens": 0, "text_tokens": 0}
_TOOL_USAGE: dict[str, Any] = {
    "image_gen": {
        "input_tokens": 0,
        "input_tokens_details": _NO_TOKENS,
        "output_tokens": 0,
        "output_tokens_details": _NO_TOKENS,
        "total_tokens": 0,
    },
    "web_search": {"num_requests": 0},
}


def response_body(call: OpenAICall, number: int) -> dict[str, Any]:
    """Answer a Responses request in one body.

    A response in the background is queued; asked for by its id, it is done.
    """
    body = {**finished_body(call, number), "billing": {"payer": "developer"}}
    if not body["background"]:
        return body
    call.store.keep_body(body)
    return {**opening(body, "queued"), "service_tier": "auto"}


def finished_body(call: OpenAICall, number: int) -> dict[str, Any]:
    """Answer a Responses request, keeping the items when they are stored."""
    answer = compose(task_of(call))
    body = {
        **_head(call, number),
        "status": "incomplete" if answer.truncated else "completed",
        "completed_at": None if answer.truncated else CREATED + 1,
        "incomplete_details": (
            {"reason": "max_output_tokens"} if answer.truncated else None
        ),
        "output": _output(call, answer, number),
        "usage": responses_usage(prompt_tokens(call), answer),
    }
    if body["store"]:
        call.store.keep_body(body)
        _keep(call, body)
    return body


def _head(call: OpenAICall, number: int) -> dict[str, Any]:
    echoed = {name: call.body.get(name, value) for name, value in _ECHOED.items()}
    rules = call.rules
    text = call.body.get("text") or {}
    echoed["top_p"] = call.body.get("top_p", rules.default_top_p)
    return {
        "id": f"resp_{digest_of('response', number)}",
        "object": "response",
        "created_at": CREATED,
        "status": "in_progress",
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "model": call.rules.answers_as or call.rules.id,
        "output": [],
        "moderation": moderation_of(call),
        "prompt_cache_retention": call.body.get(
            "prompt_cache_retention", rules.default_cache_retention
        ),
        "reasoning": _reasoning(call),
        "service_tier": "default",
        "text": {
            "format": text.get("format") or {"type": "text"},
            "verbosity": text.get("verbosity") or "medium",
        },
        "tool_usage": _TOOL_USAGE,
        "usage": None,
        **echoed,
        **_only_where_asked(call),
    }


def _reasoning(call: OpenAICall) -> dict[str, Any]:
    sent = call.body.get("reasoning") or {}
    reasons = call.rules.reasoning
    return {
        "context": sent.get("context", call.rules.default_context),
        "effort": call.effort if reasons else None,
        **({"mode": sent.get("mode", "standard")} if reasons else {}),
        "summary": sent.get("summary"),
        **({"generate_summary": None} if "generate_summary" in sent else {}),
    }


def _only_where_asked(call: OpenAICall) -> dict[str, Any]:
    """Return the keys that an answer has only where the request has them."""
    found: dict[str, Any] = dict.fromkeys(call.rules.null_keys)
    if "prompt_cache_options" in call.body:
        found["prompt_cache_options"] = call.body["prompt_cache_options"]
    conversation = call.body.get("conversation")
    if conversation is not None:
        known = isinstance(conversation, dict)
        found["conversation"] = conversation if known else {"id": conversation}
    return found


def opening(body: dict[str, Any], status: str = "in_progress") -> dict[str, Any]:
    """Return a response as it looks before any output."""
    return {
        **body,
        "status": status,
        "completed_at": None,
        "incomplete_details": None,
        "output": [],
        "usage": None,
    }


def _output(call: OpenAICall, answer: Answer, number: int) -> list[dict[str, Any]]:
    items = []
    if call.reasons and answer.reasoning_tokens:
        items.append(_reasoning_item(call, number))
    if answer.text or not (answer.calls or answer.truncated):
        items.append(_message_item(call, answer, number))
    items += [
        _call_item(made, digest_of("call", number, index))
        for index, made in enumerate(answer.calls)
    ]
    return items


def _call_item(made: ToolCall, name: str) -> dict[str, Any]:
    said: dict[str, Any] = {
        "type": "function_call",
        "id": f"fc_{name}",
        "arguments": json.dumps(made.arguments, ensure_ascii=False),
    }
    if made.text is not None:
        said = {"type": "custom_tool_call", "id": f"ctc_{name}", "input": made.text}
    return {
        **said,
        "call_id": f"call_{name}",
        "name": made.name,
        "status": "completed",
    }


def _reasoning_item(call: OpenAICall, number: int) -> dict[str, Any]:
    name = f"rs_{digest_of('reasoning', number)}"
    wanted = (call.body.get("reasoning") or {}).get("summary")
    summary = [{"type": "summary_text", "text": "Thinking about the question."}]
    item: dict[str, Any] = {
        "type": "reasoning",
        "id": name,
        "content": [],
        "summary": summary if wanted else [],
    }
    if "reasoning.encrypted_content" in (call.body.get("include") or []):
        item["encrypted_content"] = issue(f"openai {call.rules.id}", name)
    return item


def _message_item(call: OpenAICall, answer: Answer, number: int) -> dict[str, Any]:
    phase = "commentary" if answer.calls else "final_answer"
    return {
        "type": "message",
        "id": f"msg_{digest_of('message', number)}",
        "status": "incomplete" if answer.truncated else "completed",
        "role": "assistant",
        **({"phase": phase} if call.rules.phase else {}),
        "content": [
            {
                "type": "output_text",
                "text": answer.text,
                "annotations": [],
                "logprobs": _logprobs(call, answer.text),
            }
        ],
    }


def _logprobs(call: OpenAICall, text: str) -> list[dict[str, Any]]:
    if "message.output_text.logprobs" not in (call.body.get("include") or []):
        return []
    return logprobs_of(text, call.body.get("top_logprobs") or 0)


def _keep(call: OpenAICall, body: dict[str, Any]) -> None:
    reasoning_id = next(
        (item["id"] for item in body["output"] if item["type"] == "reasoning"), None
    )
    kept = [
        {**item, "reasoning_id": reasoning_id}
        if reasoning_id and item["type"] != "reasoning"
        else item
        for item in body["output"]
    ]
    call.store.keep(body["id"], [*conversation_of(call), *kept])
