"""Judging the emulator by recorded exchanges."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.judging.compare import compare_shapes
from langchain_unified.testing.judging.sending import (
    Bench,
    Pair,
    family_of,
    message_of,
)
from langchain_unified.testing.judging.verdict import Difference, Verdict, review

if TYPE_CHECKING:
    from collections.abc import Iterable

    from langchain_unified.testing.judging.exchanges import Exchange

SHORTENED = "requests refused for what the recording cut out of them"
_OK = 200
_SHOWN = 160
_ERROR_KEYS = ("type", "code", "param", "status", "message")
_MODEL_KEYS = ("model", "modelVersion")


def judge(exchanges: Iterable[Exchange], bench: Bench | None = None) -> Verdict:
    """Send every recorded request to the emulator and compare the answers.

    Args:
        exchanges: The recordings.
        bench: The emulator to judge; one with the shipped rules by default.

    Returns:
        The differences, with a reason where they were reviewed.

    Example:
        ```python
        from langchain_unified.testing.judging import Exchange, judge

        recorded = Exchange(
            id="first",
            host="api.openai.com",
            path="/v1/chat/completions",
            status=200,
            request={
                "model": "chat-latest",
                "messages": [{"role": "user", "content": "hi"}],
            },
        )
        print(judge([recorded]).table())
        ```
    """
    pairs: list[Pair] = []
    skipped: Counter[str] = Counter()
    with bench or Bench() as ready:
        for exchange in exchanges:
            family = family_of(exchange)
            if family is None or exchange.lacks_what_was_refused:
                skipped[exchange.host if family is None else SHORTENED] += 1
                continue
            pairs.append(Pair(exchange, ready.send(exchange), family))
    judged = Counter(pair.family for pair in pairs)
    found = [*_errors(pairs, judged), *_values(pairs, judged), *compare_shapes(pairs)]
    return Verdict(dict(judged), dict(skipped), review(found))


def _errors(pairs: list[Pair], judged: Counter[str]) -> list[Difference]:
    counted: dict[tuple[str, str, str], list[str]] = {}
    for pair in pairs:
        for kind, where in _error_differences(pair):
            counted.setdefault((kind, pair.family, where), []).append(pair.exchange.id)
    return [
        Difference(kind, family, where, len(ids), judged[family], ids[0])
        for (kind, family, where), ids in counted.items()
    ]


def _shown(answer: Any) -> str:
    return (message_of(answer) or str(answer))[:_SHOWN]


def _error_differences(pair: Pair) -> list[tuple[str, str]]:
    real, ours = pair.exchange.status, pair.reply.status
    if real == _OK and ours == _OK:
        return []
    if real == _OK:
        return [("refused", f"{pair.exchange.model}: {_shown(pair.reply.answer)}")]
    recorded = _shown(pair.exchange.answer)
    if ours == _OK:
        return [("accepted", f"{pair.exchange.model}: {recorded}")]
    if not isinstance(_error_in(pair.exchange.answer), dict):
        return [("error", f"no `error` in the body: {recorded}")]
    if real != ours:
        return [("status", f"{real}, here {ours}: {recorded}")]
    return [
        ("error", f"{key}: {_of(pair.exchange.answer, key)!r}, here {mine!r}")
        for key in _ERROR_KEYS
        if (mine := _of(pair.reply.answer, key)) != _of(pair.exchange.answer, key)
    ]


def _of(answer: Any, key: str) -> Any:
    error = _error_in(answer)
    return error.get(key) if isinstance(error, dict) else None


def _error_in(answer: Any) -> Any:
    return answer.get("error") if isinstance(answer, dict) else None


def _values(pairs: list[Pair], judged: Counter[str]) -> list[Difference]:
    """Compare the names of the models that answered."""
    counted: dict[tuple[str, str], list[str]] = {}
    for pair in pairs:
        if pair.exchange.status != _OK or pair.reply.status != _OK:
            continue
        real = _model_in(pair.exchange.answer, pair.exchange.events)
        ours = _model_in(pair.reply.answer, pair.reply.events)
        if real and real != ours:
            where = f"{pair.exchange.model} answers as {real}, here {ours}"
            counted.setdefault((pair.family, where), []).append(pair.exchange.id)
    return [
        Difference("value", family, where, len(ids), judged[family], ids[0])
        for (family, where), ids in counted.items()
    ]


def _model_in(answer: Any, events: Any) -> str | None:
    for body in [answer, *(event for _, event in events or ())]:
        if not isinstance(body, dict):
            continue
        holder = body.get("response") or body
        for key in _MODEL_KEYS:
            if isinstance(holder, dict) and holder.get(key):
                return str(holder[key])
    return None
