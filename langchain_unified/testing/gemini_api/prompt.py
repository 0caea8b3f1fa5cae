"""The question inside a Gemini request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.answers import Task, ToolSpec
from langchain_unified.testing.gemini_api.checks.contents import modality_of
from langchain_unified.testing.gemini_api.checks.signatures import turn_start
from langchain_unified.testing.text import IMAGE_TOKENS, MEDIA_TOKENS, count_tokens

if TYPE_CHECKING:
    from langchain_unified.testing.gemini_api.call import GeminiCall


def task_of(call: GeminiCall) -> Task:
    """Read the task out of a checked request."""
    start = turn_start(call.contents)
    turn = call.contents[start:]
    forced = _forced(call)
    override = call.settings.answer and call.settings.answer(call.recorded)
    return Task(
        text=text_of(turn[0]) if turn else "",
        tools=[] if forced is None else _tools(call),
        forced=forced or [],
        results=_results(turn),
        calls_made=sum("functionCall" in part for part in _parts(turn)),
        schema=_schema(call),
        wants_json=call.wants_json,
        stop=call.config.get("stopSequences") or [],
        max_tokens=_cap(call),
        reasoning_tokens=call.thought_tokens,
        text_override=override or None,
    )


def prompt_tokens(call: GeminiCall) -> int:
    """Estimate the tokens of the whole input."""
    total = contents_tokens(call.contents)
    total += contents_tokens([call.body.get("systemInstruction") or {}])
    if call.declarations:
        total += count_tokens(json.dumps(call.declarations))
    return total


def contents_tokens(contents: list[dict[str, Any]]) -> int:
    """Estimate the tokens of some contents."""
    return sum(_part_tokens(part) for part in _parts(contents))


def text_of(content: dict[str, Any]) -> str:
    """Return the text parts of a content, joined."""
    texts = [part.get("text") for part in content.get("parts") or []]
    return "\n".join(text for text in texts if text)


def _parts(contents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [part for content in contents for part in content.get("parts") or []]


def _part_tokens(part: dict[str, Any]) -> int:
    total = count_tokens(part.get("text") or "")
    blob = part.get("inlineData") or part.get("fileData")
    if blob:
        image = modality_of(blob.get("mimeType") or "") == "image"
        total += IMAGE_TOKENS if image else MEDIA_TOKENS
    for name in ("functionCall", "functionResponse"):
        if name in part:
            total += count_tokens(json.dumps(part[name]))
    return total


def _results(turn: list[dict[str, Any]]) -> list[str]:
    return [
        _result_text(part["functionResponse"].get("response"))
        for part in _parts(turn)
        if "functionResponse" in part
    ]


def _result_text(response: Any) -> str:
    if isinstance(response, dict):
        for key in ("output", "result", "content", "error"):
            if key in response:
                return _result_text(response[key])
    if isinstance(response, str):
        return response
    return json.dumps(response, ensure_ascii=False)


def _tools(call: GeminiCall) -> list[ToolSpec]:
    return [
        ToolSpec(
            declared["name"],
            declared.get("description") or "",
            declared.get("parameters") or declared.get("parametersJsonSchema") or {},
        )
        for declared in call.declarations
    ]


def _forced(call: GeminiCall) -> list[str] | None:
    """Return the functions one of which must be called; None when none may be."""
    config = (call.body.get("toolConfig") or {}).get("functionCallingConfig") or {}
    if config.get("mode") == "NONE":
        return None
    if config.get("mode") != "ANY":
        return []
    names = [declared["name"] for declared in call.declarations]
    return list(config.get("allowedFunctionNames") or names)


def _schema(call: GeminiCall) -> dict[str, Any] | None:
    schema = call.config.get("responseJsonSchema") or call.config.get("responseSchema")
    return schema if isinstance(schema, dict) and call.wants_json else None


def _cap(call: GeminiCall) -> int | None:
    cap: int | None = call.config.get("maxOutputTokens")
    most = None if call.streaming else call.rules.max_unstreamed_output_tokens
    caps = [value for value in (cap, most) if value is not None]
    return min(caps) if caps else None
