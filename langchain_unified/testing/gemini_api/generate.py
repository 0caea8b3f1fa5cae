"""generateContent, streamed or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_unified.testing.answers import compose
from langchain_unified.testing.answers.media import RATE, pcm, png
from langchain_unified.testing.gemini_api.checks.signatures import sign
from langchain_unified.testing.gemini_api.prompt import prompt_tokens, task_of
from langchain_unified.testing.openai_api.usage import answer_tokens, logprobs_of
from langchain_unified.testing.signing import digest_of
from langchain_unified.testing.sse import data_event
from langchain_unified.testing.text import split_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_unified.testing.answers import Answer
    from langchain_unified.testing.gemini_api.call import GeminiCall

_PIECE = 4


def content_body(call: GeminiCall, number: int) -> dict[str, Any]:
    """Answer a request in one body."""
    answers = _answers(call)
    candidates = [
        {
            "content": {"parts": _parts(call, answer, number), "role": "model"},
            "finishReason": _finish_reason(answer),
            "index": index,
            **_logprobs(call, answer),
        }
        for index, answer in enumerate(answers)
    ]
    usage = _usage(call, answers, sum(answer_tokens(answer) for answer in answers))
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
            candidate: dict[str, Any] = {
                "content": {"parts": parts, "role": "model"},
                "index": index,
            }
            if position == len(groups) - 1:
                candidate["finishReason"] = _finish_reason(answer)
            chunks.append(
                {
                    "candidates": [candidate],
                    "usageMetadata": _usage(call, answers, shown),
                    **_tail(call, number),
                }
            )
    total = sum(answer_tokens(answer) for answer in answers)
    chunks[-1]["usageMetadata"] = _usage(call, answers, total)
    return [data_event(chunk, "\r\n\r\n") for chunk in chunks]


def _answers(call: GeminiCall) -> list[Answer]:
    return [
        compose(task_of(call)) for _ in range(call.config.get("candidateCount") or 1)
    ]


def _parts(call: GeminiCall, answer: Answer, number: int) -> list[dict[str, Any]]:
    signed = call.rules.thought_signatures == "required"
    signature = {"thoughtSignature": sign(f"{number}")} if signed else {}
    parts: list[dict[str, Any]] = []
    if call.thinking.get("includeThoughts") and answer.reasoning_tokens:
        parts.append({"text": "Thinking about the question.", "thought": True})
    if answer.calls:
        return [*parts, *_call_parts(call, answer, number, signature)]
    if _wants(call, "AUDIO"):
        mime = f"audio/L16;codec=pcm;rate={RATE}"
        return [*parts, {"inlineData": {"mimeType": mime, "data": pcm()}}]
    if answer.text or not answer.truncated:
        parts.append({"text": answer.text, **signature})
    if _wants(call, "IMAGE"):
        parts.append({"inlineData": {"mimeType": "image/png", "data": png()}})
    return parts


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


def _finish_reason(answer: Answer) -> str:
    return "MAX_TOKENS" if answer.truncated else "STOP"


def _logprobs(call: GeminiCall, answer: Answer) -> dict[str, Any]:
    if not call.config.get("responseLogprobs"):
        return {}
    top = call.config.get("logprobs") or 0
    entries = logprobs_of(answer.text, top)
    chosen = [_chosen(entry) for entry in entries]
    tops = [
        {"candidates": [_chosen(e) for e in one["top_logprobs"]]} for one in entries
    ]
    result = {"chosenCandidates": chosen, "topCandidates": tops}
    return {"avgLogprobs": -0.05, "logprobsResult": result}


def _chosen(entry: dict[str, Any]) -> dict[str, Any]:
    return {"token": entry["token"], "logProbability": entry["logprob"]}


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


def _usage(call: GeminiCall, answers: list[Answer], tokens: int) -> dict[str, Any]:
    prompt = prompt_tokens(call)
    thoughts = sum(answer.reasoning_tokens for answer in answers)
    usage = {
        "promptTokenCount": prompt,
        "candidatesTokenCount": tokens,
        "totalTokenCount": prompt + tokens + thoughts,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt}],
    }
    return {**usage, "thoughtsTokenCount": thoughts} if thoughts else usage


def _tail(call: GeminiCall, number: int) -> dict[str, Any]:
    return {
        "modelVersion": call.rules.answers_as or call.rules.id,
        "responseId": digest_of("gemini", number),
    }
