"""What Gemini's API answered, read by `ChatGoogleGenerativeAI` and by us.

Both classes are given the same conversation and the same recorded answer; what they
send of the conversation and what they read from the answer are compared field by field.
Text is `str` here and a list of blocks there, so content is compared by its text and by
the kinds of its other blocks. The recordings are in the folder that RECORDINGS names.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_google_genai import ChatGoogleGenerativeAI

from langchain_unified import UnifiedChatModel
from langchain_unified.testing.judging import Exchange, load_exchanges
from tests.integration_tests.replay.playing import Player
from tests.integration_tests.replay.test_replay import Difference, is_reviewed
from tests.integration_tests.replay.test_replay import differences as unequal

FOLDER = os.environ.get("RECORDINGS")
OK = 200
FEWEST = 300


@pytest.fixture(scope="module")
def recordings() -> list[Exchange]:
    """Return the recorded answers of Gemini, each once."""
    if not FOLDER:
        pytest.skip("RECORDINGS names no folder")
    found = [one for one in load_exchanges(FOLDER) if is_of_gemini(one)]
    return list(
        {f"{one.request}{one.answer}{one.events}": one for one in found}.values()
    )


def is_of_gemini(exchange: Exchange) -> bool:
    """Tell whether an exchange is an answer of Gemini, and whole."""
    answered = exchange.answer is not None or exchange.events is not None
    asked = "enerateContent" in exchange.path and "contents" in exchange.request
    return asked and answered and exchange.status == OK


def turns_of(exchange: Exchange) -> list[BaseMessage]:
    """Return a recorded conversation of text as LangChain's messages, else a word."""
    turns: list[BaseMessage] = []
    for content in exchange.request["contents"]:
        parts = content.get("parts") or ()
        if not parts or any(part.keys() != {"text"} for part in parts):
            return [HumanMessage("hi")]
        text = parts[0]["text"]
        role = content.get("role", "user")
        turns.append(HumanMessage(text) if role == "user" else AIMessage(text))
    alternating = all(turn.type != turns[i].type for i, turn in enumerate(turns[1:]))
    plain = alternating and all(turn.text.strip() for turn in turns)
    whole = plain and turns[0].type == turns[-1].type == "human"
    return turns if whole else [HumanMessage("hi")]


def read(model: Any, exchange: Exchange) -> dict[str, Any]:
    """Return what users see of an answer: its text, calls, blocks, counts and end."""
    found: Any = None
    try:
        if exchange.streaming:
            for piece in model.stream(turns_of(exchange)):
                found = piece if found is None else found + piece
        else:
            found = model.invoke(turns_of(exchange))
    except Exception as error:  # noqa: BLE001 - errors are compared as well
        return {"error": type(error).__mro__[-3].__name__}
    told = found.response_metadata
    kinds = [block["type"] for block in found.content_blocks]
    return {
        "text": str(found.text),
        "tool_calls": [(call["name"], call["args"]) for call in found.tool_calls],
        "invalid": [call["name"] for call in found.invalid_tool_calls],
        "blocks": sorted(kind for kind in kinds if kind != "text"),
        "usage": found.usage_metadata,
        "ended": told.get("raw_finish_reason", told.get("finish_reason")),
        "model": told.get("model_name"),
    }


def compared(player: Player, exchange: Exchange, port: int) -> list[Difference]:
    """Return where the two classes differ on an exchange."""
    player.exchange = exchange
    address = f"http://127.0.0.1:{port}"
    models = [
        ChatGoogleGenerativeAI(
            model=exchange.model, api_key="k", base_url=address, max_retries=1
        ),
        UnifiedChatModel(
            model=f"google_genai:{exchange.model}",
            providers={"google_genai": {"api_key": "k", "base_url": address}},
            max_retries=0,
        ),
    ]
    seen = []
    for model in models:
        player.sent = []
        answer = read(model, exchange)
        sent = [body.get("contents") for _, body in player.sent]
        seen.append({**answer, "contents": sent, "requests": len(sent)})
    return list(unequal(*seen, "gemini"))


@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore")
def test_answers_of_gemini_are_read_alike(
    recordings: list[Exchange], caplog: pytest.LogCaptureFixture
) -> None:
    """A recorded answer says the same to users of either class."""
    caplog.set_level(logging.CRITICAL)
    counts: Counter[str] = Counter()
    new = []
    player = Player()
    with player.serving() as port:
        for exchange in recordings:
            found = compared(player, exchange, port)
            counts["equal" if not found else "differs"] += 1
            new += [
                (exchange.id, one) for one in found if not is_reviewed(exchange, one)
            ]
    print(f"{len(recordings)} exchanges: {counts}")  # noqa: T201

    assert [] == new
    assert FEWEST <= len(recordings)
    assert counts["equal"] > counts["differs"]
