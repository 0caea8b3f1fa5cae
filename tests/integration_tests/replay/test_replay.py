"""What the real API was asked and answered, for `ChatOpenAI` and for us.

Both classes are given the same messages and settings and the same recorded answer; what
goes over the wire and the message they give are compared field by field. The recordings
are the cassettes in langchain-openai's source distribution, and those in the folder
that RECORDINGS names.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from langchain_openai import ChatOpenAI

from langchain_unified import UnifiedChatModel
from langchain_unified.testing.judging import Exchange, load_exchanges
from tests.integration_tests.replay.playing import (
    MAIN,
    Player,
    client_to,
    described,
    played,
)
from tests.integration_tests.test_recordings import cassettes

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
FOLDER = os.environ.get("RECORDINGS")
CLASSES = (ChatOpenAI, UnifiedChatModel)
VERSIONS = ("v0", "responses/v1", "v1")
OPENAIS = {"", "(redacted)", "api.openai.com"}
PATHS = ("/responses", "/chat/completions")
FEWEST, FEWEST_EQUAL = 150, 100
"""Exchanges, and plays without any difference: most cassettes store nothing."""

NONE = "<none>"

Difference = tuple[str, str, str]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Exchange]:
    """Return the recorded exchanges of OpenAI's wire, each once."""
    found = load_exchanges(FOLDER) if FOLDER else []
    found += load_exchanges(cassettes(tmp_path_factory.mktemp("cassettes")))
    unlike = {f"{one.request}{one.answer}{one.events}": one for one in found}
    return [one for one in unlike.values() if is_of_openais_wire(one)]


def is_of_openais_wire(exchange: Exchange) -> bool:
    """Tell whether an exchange is of a chat model on OpenAI's wire, and whole."""
    asks = "messages" in exchange.request or "input" in exchange.request
    answered = exchange.answer is not None or exchange.events is not None
    known = exchange.path.endswith(PATHS) or "openai" in exchange.host
    return asks and answered and (known or exchange.host in OPENAIS)


def differences(theirs: Any, ours: Any, field: str) -> Iterator[Difference]:
    """Yield the fields that differ, each with both values as text."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in sorted({*theirs, *ours}, key=str):
            pair = (theirs.get(key, NONE), ours.get(key, NONE))
            yield from differences(*pair, f"{field}.{key}")
    elif isinstance(theirs, list) and isinstance(ours, list):
        if len(theirs) != len(ours):
            yield f"{field}[len]", str(theirs), str(ours)
            return
        for one, other in zip(theirs, ours, strict=True):
            yield from differences(one, other, f"{field}[]")
    elif theirs != ours:
        yield field, str(theirs), str(ours)


def compared(
    player: Player, exchange: Exchange, port: int, client: Any, version: str | None
) -> list[Difference]:
    """Return where the two classes differ on an exchange."""
    player.exchange = exchange
    given = exchange.request
    settings = {name: value for name, value in given.items() if name not in MAIN}
    if "metadata" in settings:  # LangChain's own word at a call of ChatOpenAI
        extra = settings.get("extra_body") or {}
        settings["extra_body"] = {**extra, "metadata": settings.pop("metadata")}
    usage = bool((given.get("stream_options") or {}).get("include_usage"))
    official = exchange.host in OPENAIS
    where = {"http_client": client} if official else {"base_url": address(port)}
    results = []
    for cls in CLASSES:
        player.sent = []
        model: Any = cls
        llm = model(
            model=exchange.model,
            api_key="k",
            max_retries=0,
            use_responses_api="input" in given,
            output_version=version,
            stream_usage=usage,
            **where,
        )
        results.append((played(llm, exchange, settings), player.sent))
    return list(differing(*results))


def differing(theirs: Any, ours: Any) -> Iterator[Difference]:
    """Yield where outcomes and requests differ."""
    (their, their_sent), (our, our_sent) = theirs, ours
    failed = [isinstance(found, BaseException) for found in (their, our)]
    if failed[0] != failed[1] or (their is None) != (our is None):
        yield "outcome", _told(their), _told(our)
    elif their is not None:
        kind = "error" if all(failed) else "message"
        yield from differences(described(their), described(our), kind)
    if len(their_sent) != len(our_sent):
        yield "requests", str(len(their_sent)), str(len(our_sent))
    else:
        sent = [[list(one) for one in some] for some in (their_sent, our_sent)]
        yield from differences(sent[0], sent[1], "wire")


def _told(found: Any) -> str:
    return f"{type(found).__name__}: {found}"


def address(port: int) -> str:
    """Return the base URL of a server of the user's own."""
    return f"http://127.0.0.1:{port}/v1"


@cache
def reviewed() -> list[dict[str, Any]]:
    """Return the reviewed differences."""
    listed = tomllib.loads((HERE / "accepted.toml").read_text(encoding="utf-8"))
    return list(listed["differs"])


def is_reviewed(exchange: Exchange, difference: Difference) -> bool:
    """Tell whether a row of the list speaks of a difference."""
    field, theirs, ours = difference
    return any(
        re.fullmatch(row["field"], field)
        and re.search(row.get("theirs", ""), theirs)
        and re.search(row.get("ours", ""), ours)
        and re.search(row.get("exchange", ""), exchange.id)
        for row in reviewed()
    )


@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore")
def test_every_difference_was_reviewed(
    recordings: list[Exchange], caplog: pytest.LogCaptureFixture
) -> None:
    """A recorded exchange differs from ChatOpenAI's only where the list says why."""
    caplog.set_level(logging.CRITICAL)
    new: list[tuple[str, Difference]] = []
    counts: Counter[str] = Counter()
    player = Player()
    with player.serving() as port:
        client = client_to(port)
        for at, exchange in enumerate(recordings):
            more = [VERSIONS[at % len(VERSIONS)]] if "input" in exchange.request else []
            for version in (None, *more):
                found = compared(player, exchange, port, client, version)
                counts["equal" if not found else "differs"] += 1
                new += [
                    (f"{exchange.id} {version}", one)
                    for one in found
                    if not is_reviewed(exchange, one)
                ]
        client.close()
    print(f"{len(recordings)} exchanges, played {counts.total()} times: {counts}")  # noqa: T201

    assert [] == new
    assert FEWEST <= len(recordings)
    assert FEWEST_EQUAL <= counts["equal"]


def test_the_list_is_complete() -> None:
    """Each reviewed difference says why, and which promise demands it."""
    assert all(row["why"] and row["promise"] for row in reviewed())
