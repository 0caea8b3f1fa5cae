"""Calls on models that do not reason: the same wire and message as ChatOpenAI's."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.messages import BaseMessage
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator
from tests.integration_tests.parity_table import CASES, Case

ABSENT = "<absent>"


@pytest.fixture(scope="module")
def emulator() -> Iterator[ProviderEmulator]:
    """One emulator for all cases: connecting anew costs more than the calls."""
    with ProviderEmulator() as started:
        yield started


async def outcome(llm: type, case: Case, face: str, emulator: ProviderEmulator) -> Any:
    """Return what a call sends and gives, as plain data."""
    emulator.reset()
    given = {
        "api_key": "sk-test",
        "base_url": emulator.openai_base_url,
        "max_retries": 0,
        "stream_usage": case.stream_usage,
        **case.init,
    }
    found: dict[str, Any] = {}
    try:
        chain = case.chain(llm(model=case.model, **given))
        found["answer"] = plain(await _asked(chain, case, face))
    except Exception as error:  # noqa: BLE001
        found["error"] = error
    found["requests"] = [_request(sent) for sent in emulator.requests]
    return found


async def _asked(chain: Any, case: Case, face: str) -> Any:
    if face == "invoke":
        return chain.invoke(case.input, **case.call)
    if face == "ainvoke":
        return await chain.ainvoke(case.input, **case.call)
    if face == "stream":
        pieces = list(chain.stream(case.input, **case.call))
    else:
        pieces = [piece async for piece in chain.astream(case.input, **case.call)]
    return {"pieces": pieces, "merged": _merged(pieces)}


def _merged(pieces: list[Any]) -> Any:
    if not pieces or not isinstance(pieces[0], BaseMessage):
        return pieces[-1] if pieces else None
    merged = pieces[0]
    for piece in pieces[1:]:
        merged += piece
    return merged


_UNINTERESTING = re.compile(r"x-stainless-.*|host|content-length|connection|accept.*")


def _request(sent: Any) -> dict[str, Any]:
    headers = {k: v for k, v in sent.headers.items() if not _UNINTERESTING.fullmatch(k)}
    return {
        "path": sent.path,
        "query": sent.query,
        "headers": {**headers, "key": sent.key_fingerprint},
        "timeout": sent.headers.get("x-stainless-read-timeout"),
        "body": sent.body,
    }


_RANDOM = re.compile(r"(run--|lc_|lc_run--|resp_|msg_|chatcmpl-|call_|ws_)[\w-]+")
_TIMES = {"created_at", "completed_at", "date", "openai-processing-ms"}


def plain(value: Any) -> Any:
    """Return a result as data, with the run's own ids and times made equal."""
    if isinstance(value, BaseMessage):
        value = value.model_dump()
        value["response_metadata"].pop("unified", None)
    if isinstance(value, BaseModel):
        return {"class": type(value).__name__, **plain(value.model_dump())}
    if isinstance(value, dict):
        return {k: "<time>" if k in _TIMES else plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, Exception):
        return {"error": type(value).__name__}
    return _RANDOM.sub(r"\1*", value) if isinstance(value, str) else value


def differences(theirs: Any, ours: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield the place and both values of everything that differs."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in {**theirs, **ours}:
            pair = theirs.get(key, ABSENT), ours.get(key, ABSENT)
            yield from differences(*pair, f"{path}.{key}".lstrip("."))
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for at, pair in enumerate(zip(theirs, ours, strict=True)):
            yield from differences(*pair, f"{path}[{at}]")
    elif isinstance(theirs, Exception) and isinstance(ours, type(theirs)):
        return
    elif type(theirs) is not type(ours) or theirs != ours:
        yield path, theirs, ours
