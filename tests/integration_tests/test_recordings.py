"""The emulator and the planner, judged by recordings of the real APIs.

The recordings are read from the folder that RECORDINGS names, otherwise from the
cassettes in langchain-openai's source distribution.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import UnifiedError
from langchain_unified.testing import ProviderEmulator
from langchain_unified.testing.judging import Exchange, judge, load_exchanges
from langchain_unified.testing.judging.sending import family_of, message_of
from tests.integration_tests.sources import fetch_source

FOLDER = os.environ.get("RECORDINGS")
PACKAGE = "langchain-openai"
NOT_SETTINGS = {"model", "messages", "input", "stream", "instructions", "background"}
NOT_SETTINGS |= {"previous_response_id", "conversation", "n", "stream_options"}
GIVEN_OTHERWISE = {"max_tokens", "max_completion_tokens", "max_output_tokens"}
CONVERSATION = {"contents", "model", "systemInstruction"}
GOOGLE_NAMES = {
    "candidateCount": "n",
    "logprobs": "top_logprobs",
    "maxOutputTokens": "max_tokens",
    "stopSequences": "stop",
}
OK, REFUSED = 200, 400
NOBODY_KNEW = ("does not exist", "Error while downloading", "Cannot fetch content")


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Exchange]:
    """Return the exchanges of the folder or of the source distribution."""
    folder = Path(FOLDER) if FOLDER else cassettes(tmp_path_factory.mktemp("cassettes"))
    found = load_exchanges(folder)
    if not found:
        pytest.skip(f"there are no recordings in {folder}")
    return found


def cassettes(folder: Path) -> Path:
    """Fetch the cassettes in the source distribution of the package installed."""
    return fetch_source(PACKAGE, folder, "tests/cassettes/") / "tests/cassettes"


@pytest.mark.timeout(600)
def test_every_difference_was_reviewed(recordings: list[Exchange]) -> None:
    """The emulator differs from the recordings only where the list says why."""
    verdict = judge(recordings)

    assert [] == verdict.open, verdict.table()
    assert sum(verdict.judged.values()) > 0


@pytest.mark.timeout(600)
def test_recorded_settings_are_planned(recordings: list[Exchange]) -> None:
    """What the real API took with a request, the plan for that request keeps."""
    lost = []
    for exchange in recordings:
        if exchange.status == OK and _is_openai(exchange):
            lost += _lost_on_openai(exchange)
        elif exchange.status == OK and _is_gemini(exchange):
            lost += _lost_on_gemini(exchange)

    assert [] == lost


@pytest.mark.timeout(600)
def test_recorded_refusals_are_not_sent(recordings: list[Exchange]) -> None:
    """What the real API refused is mended, or refused before it is sent."""
    refused = [
        one
        for one in recordings
        if one.status == REFUSED and _is_openai(one) and not _lacks_the_cause(one)
    ]
    with ProviderEmulator() as emulator:
        connection = {"base_url": emulator.openai_base_url, "api_key": "k"}
        for exchange in refused:
            asked, settings = _turns(exchange), _settings(exchange)
            try:
                _model(exchange, api_key="k").explain(asked, **settings)
            except UnifiedError:
                continue
            _model(exchange, **connection).invoke(asked, **settings)

        assert [] == [(one.body, one.error) for one in emulator.errors]


def _is_openai(exchange: Exchange) -> bool:
    known = exchange.model.startswith(("gpt-", "o1", "o3", "o4", "chat"))
    return known and family_of(exchange) in {
        *("chat", "chat stream", "responses", "responses stream"),
    }


def _is_gemini(exchange: Exchange) -> bool:
    return (family_of(exchange) or "").startswith(("gemini", "vertex"))


def _lacks_the_cause(exchange: Exchange) -> bool:
    """Tell whether nobody could know that a request would be refused."""
    told = message_of(exchange.answer)
    return exchange.lacks_what_was_refused or any(word in told for word in NOBODY_KNEW)


def _lost_on_openai(exchange: Exchange) -> list[tuple[str, str]]:
    settings = _settings(exchange)
    sent = _model(exchange, api_key="k").explain(_messages(exchange), **settings).body
    return [
        (exchange.id, name)
        for name, value in settings.items()
        if name not in GIVEN_OTHERWISE and not _holds(sent.get(name), value)
    ]


def _settings(exchange: Exchange) -> dict[str, Any]:
    given = exchange.request.items()
    return {k: v for k, v in given if k not in NOT_SETTINGS and v not in (None, [])}


def _model(exchange: Exchange, **connection: str) -> UnifiedChatModel:
    responses = exchange.path.endswith("/responses")
    return UnifiedChatModel(
        model=f"openai:{exchange.model}",
        providers={"openai": connection},
        use_responses_api=responses or None,
    )


def _turns(exchange: Exchange) -> list[dict[str, Any]]:
    """Return what a recorded request asked as messages of chat completions."""
    turns = exchange.request.get("messages") or exchange.request["input"]
    return [_turn(one) for one in turns if one.get("type") != "reasoning"]


def _turn(item: dict[str, Any]) -> dict[str, Any]:
    if item.get("type") == "function_call":
        function = {"name": item["name"], "arguments": item["arguments"]}
        made = {"id": item["call_id"], "type": "function", "function": function}
        return {"role": "assistant", "content": "", "tool_calls": [made]}
    if item.get("type") == "function_call_output":
        called, output = item["call_id"], item["output"]
        return {"role": "tool", "tool_call_id": called, "content": output}
    return item


def _messages(exchange: Exchange) -> list[dict[str, Any]]:
    """Return messages that need what the recorded ones need of a plan."""
    content: Any = "answer in JSON"
    if "audio" in exchange.model:
        sound = {"data": "AAAA", "format": "wav"}
        content = [{"type": "input_audio", "input_audio": sound}]
    if "additional_tools" in str(exchange.request.get("input")):
        added = {"type": "additional_tools", "role": "developer", "tools": []}
        return [
            {"role": "user", "content": "hi"},
            {"role": "system", "content": [added]},
        ]
    return [{"role": "user", "content": content}]


def _lost_on_gemini(exchange: Exchange) -> list[tuple[str, str]]:
    connection: dict[str, Any] = {"api_key": "k"}
    if (family_of(exchange) or "").startswith("vertex"):
        connection["vertexai"] = True
    llm = UnifiedChatModel(
        model=f"google_genai:{exchange.model}", providers={"google_genai": connection}
    )
    body = dict(llm.explain("answer in JSON", **_google_settings(exchange)).body)
    sent = _spelled(json.loads(json.dumps(body)))
    given = _spelled(exchange.request)
    return [
        (exchange.id, name)
        for name, value in given.items()
        if name not in CONVERSATION and not _holds(sent.get(name), value)
    ]


def _google_settings(exchange: Exchange) -> dict[str, Any]:
    """Return the settings of a recorded request under the names of keywords."""
    request = {k: v for k, v in exchange.request.items() if k not in CONVERSATION}
    config = request.pop("generationConfig", None) or {}
    thinking = config.get("thinkingConfig") or {}
    flat = {**config, **thinking, **request}
    flat.pop("thinkingConfig", None)
    given = {GOOGLE_NAMES.get(k, _snake(k)): v for k, v in flat.items()}
    return {k: v for k, v in given.items() if v not in (None, [], {})}


def _spelled(value: Any, key: str = "") -> Any:
    """Spell a Gemini request one way: types, schemas and empty values have several."""
    if isinstance(value, list):
        return [_spelled(one) for one in value]
    if key == "type" and isinstance(value, str):
        return value.lower()
    if not isinstance(value, dict):
        return value
    spelled = {_camel(k): _spelled(v, k) for k, v in value.items()}
    spelled = _with_any_of(spelled)
    if spelled.get("parametersJsonSchema", spelled.get("parameters")) is not None:
        schema = spelled.pop("parametersJsonSchema", None) or spelled.pop("parameters")
        spelled["parameters"] = schema if schema.get("properties") else None
    if "responseSchema" in spelled:
        spelled["responseJsonSchema"] = spelled.pop("responseSchema")
    return {k: v for k, v in spelled.items() if v not in (None, [], {}, "")}


def _with_any_of(schema: dict[str, Any]) -> dict[str, Any]:
    """Spell a schema of OpenAPI's as JSON Schema has it: null is a type there."""
    if not schema.pop("nullable", None):
        return schema
    moved = {key: schema.pop(key) for key in ("type", "enum") if key in schema}
    return {**schema, "anyOf": [moved, {"type": "null"}]}


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _camel(name: str) -> str:
    return re.sub(r"(?<=[a-z])_([a-z])", lambda found: found[1].upper(), name)


def _holds(sent: Any, recorded: Any) -> bool:
    """Tell whether a sent value has all that a recorded one has."""
    if isinstance(recorded, dict):
        return isinstance(sent, dict) and all(
            value is None or _holds(sent.get(key), value)
            for key, value in recorded.items()
        )
    if isinstance(recorded, list):
        if not isinstance(sent, list) or len(sent) < len(recorded):
            return False
        return all(any(_holds(one, item) for one in sent) for item in recorded)
    if isinstance(recorded, str) and isinstance(sent, str):
        return sent.startswith(recorded)  # a description says what a schema cannot
    return bool(sent == recorded)
