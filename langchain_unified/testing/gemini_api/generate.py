"""generateContent, streamed or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_unified.testing.answers import compose
from langchain_unified.testing.answers.media import RATE, pcm, png
from langchain_unified.testing.gemini_api.checks.signatures import sign
from langchain_unified.testing.gemini_api.prompt import task_of
from langchain_unified.testing.gemini_api.usage import partial_usage_of, usage_of
from langchain_unified.testing.openai_api.chat import MOST_CHOICES
from langchain_unified.testing.openai_api.usage import answer_tokens, logprobs_of
from langchain_unified.testing.signing import digest_of
from langchain_unified.testing.sse import data_event
from langchain_unified.testing.text import split_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_unified.testing.answers import Answer
    from langchain_unified.testing.gemini_api.call import GeminiCall

_PIECE = 4
CREATED = "2026-11-18T10:40:00.000000Z"


def content_body(call: GeminiCall, number: int) -> dict[str, Any]:
    """Answer a request in one body."""
    answers = _answers(call)
    candidates = [
        {
            "content": {**_parts_of(call, answer, number), "role": "model"},
            **_ending(call, answer),
            **_place(call, index),
            **_logprobs(call, answer),
        }
        for index, answer in enumerate(answers)
    ]
    usage = usage_of(call, answers, sum(answer_tokens(answer) for answer in answers))
    return {"candidates": candidates, "usageMetadata": usage, **_tail(call, number)}


def content_chunks(call: GeminiCall, number: int) -> list[bytes]:
    """Answer a request as server-sent events."""
    answers = _answers(call)
    chunks: list[dict[str, Any]] = []
    shown = 0
    for index, answer in enumerate(answers):
        groups = list(_part_groups(_parts(call, answer, number)))
        for position, parts in enumerate(groups):
            shown += sum(_shown_tokens(part) for part in parts)
            last = position == len(groups) - 1
            candidate: dict[str, Any] = {
                "content": {"parts": parts, "role": "model"},
                **(_ending(call, answer) if last else {}),
                **_place(call, index, streamed=True),
            }
            usage = partial_usage_of(call, answers, shown)
            chunks.append(
                {
                    "candidates": [candidate],
                    "usageMetadata": usage,
                    **_tail(call, number),
                }
            )
    total = sum(answer_tokens(answer) for answer in answers)
    chunks[-1]["usageMetadata"] = usage_of(call, answers, total)
    return [data_event(chunk, "\r\n\r\n") for chunk in chunks]


def _answers(call: GeminiCall) -> list[Answer]:
    count = min(call.config.get("candidateCount") or 1, MOST_CHOICES)
    return [compose(task_of(call)) for _ in range(count)]


def _parts(call: GeminiCall, answer: Answer, number: int) -> list[dict[str, Any]]:
    signature = _signature(call, answer, number)
    parts: list[dict[str, Any]] = []
    if call.thinking.get("includeThoughts") and answer.reasoning_tokens:
        parts.append({"text": "Thinking about the question.", "thought": True})
    if answer.calls:
        return [*parts, *_call_parts(call, answer, number, signature)]
    if _wants(call, "AUDIO"):
        mime = f"audio/L16;codec=pcm;rate={RATE}"
        return [*parts, {"inlineData": {"mimeType": mime, "data": pcm()}}]
    text_signature = signature if _signs_text(call) else {}
    if answer.text or not answer.truncated:
        parts.append({"text": answer.text, **text_signature})
    if _wants(call, "IMAGE"):
        image = {"mimeType": "image/png", "data": png()}
        parts.append({"inlineData": image, **signature})
    return parts


def _parts_of(call: GeminiCall, answer: Answer, number: int) -> dict[str, Any]:
    """Return the parts under their key; an answer without any has no such key."""
    parts = _parts(call, answer, number)
    return {"parts": parts} if parts else {}


def _signature(call: GeminiCall, answer: Answer, number: int) -> dict[str, str]:
    """Sign an answer: always from version 3 on, before that where it was thought.

    Recorded 2026-08: version 2.5 signs the first function call of an answer, and an
    image model its images.
    """
    kind = call.rules.thought_signatures
    thinks = answer.reasoning_tokens > 0 or call.rules.thinking == "none"
    if kind == "required" or (kind == "given" and thinks):
        return {"thoughtSignature": sign(f"{number}")}
    return {}


def _signs_text(call: GeminiCall) -> bool:
    """Tell whether text is signed: before version 3 only beside functions."""
    always = call.rules.thought_signatures != "given" or call.rules.thinking == "none"
    return always or bool(call.declarations)


def _call_parts(
    call: GeminiCall, answer: Answer, number: int, signature: dict[str, str]
) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for index, made in enumerate(answer.calls):
        held: dict[str, Any] = {"name": made.name, "args": made.arguments}
        if call.rules.function_call_ids:
            held["id"] = digest_of("gemini call", number, index)[:8]
        parts.append({"functionCall": held, **({} if index else signature)})
    return parts


def _wants(call: GeminiCall, modality: str) -> bool:
    wanted = [str(one).upper() for one in call.config.get("responseModalities") or []]
    only = [one.upper() for one in call.rules.outputs] == [modality]
    return modality in wanted or only


def _ending(call: GeminiCall, answer: Answer) -> dict[str, Any]:
    """Return why the answer ends; AI Studio remarks on function calls."""
    remarks = answer.calls and not call.on_vertex and not call.rules.averages_logprobs
    message = {"finishMessage": "Model generated function call(s)."} if remarks else {}
    reason = "MAX_TOKENS" if answer.truncated else "STOP"
    return {"finishReason": reason, **message}


def _place(call: GeminiCall, index: int, *, streamed: bool = False) -> dict[str, Any]:
    """Return the index of a candidate, or the average that stands in its place."""
    if call.on_vertex or call.rules.averages_logprobs:
        return {} if streamed else {"avgLogprobs": -0.05}
    return {"index": index}


def _logprobs(call: GeminiCall, answer: Answer) -> dict[str, Any]:
    if not call.config.get("responseLogprobs"):
        return {}
    top = call.config.get("logprobs") or 0
    entries = logprobs_of(answer.text, top)
    result = {"chosenCandidates": [_chosen(entry) for entry in entries]}
    if top:
        tops = [
            {"candidates": [_chosen(e) for e in one["top_logprobs"]]} for one in entries
        ]
        result["topCandidates"] = tops
    return {"avgLogprobs": -0.05, "logprobsResult": result}


def _chosen(entry: dict[str, Any]) -> dict[str, Any]:
    number = int(digest_of(entry["token"])[:4], 16)
    return {
        "token": entry["token"],
        "tokenId": number,
        "logProbability": entry["logprob"],
    }


def _part_groups(parts: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Split the parts of an answer into those of each chunk."""
    if not parts:
        yield [{"text": ""}]
    for part in parts:
        if "text" not in part:
            yield [part]
            continue
        pieces = split_tokens(part["text"]) or [""]
        extra = {key: part[key] for key in ("thought",) if key in part}
        for start in range(0, len(pieces), _PIECE):
            text = "".join(pieces[start : start + _PIECE])
            last = start + _PIECE >= len(pieces)
            signature = part.get("thoughtSignature") if last else None
            signed = {"thoughtSignature": signature} if signature else {}
            yield [{"text": text, **extra, **signed}]


def _shown_tokens(part: dict[str, Any]) -> int:
    return 0 if part.get("thought") else len(split_tokens(part.get("text") or ""))


def _tail(call: GeminiCall, number: int) -> dict[str, Any]:
    created = {"createTime": CREATED} if call.on_vertex else {}
    return {
        "modelVersion": call.rules.answers_as or call.rules.id,
        **created,
        "responseId": digest_of("gemini", number),
    }
