"""A probe states what it saw accepted, whatever a server says, and what it rests on."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import (
    ProviderError,
    ProviderRateLimitError,
    UnsupportedError,
)
from langchain_unified.registry import Registry
from langchain_unified.testing import ModelRules, ProviderEmulator
from langchain_unified.testing.wire import HttpReply
from tests.conftest import connections
from tests.unit_tests.servers.loopback import CompatibleServer, refusal, say
from tests.unit_tests.test_property import PIXEL

Row = dict[str, Any]
Ask = Callable[[Row], Any]


def _probed(*, provider: str = "openai", **rules: Any) -> Row:
    """Return the row that a probe of an invented model comes to."""
    return _row_of(ModelRules(id="invented", provider=provider, **rules))


@cache
def _row_of(invented: ModelRules) -> Row:
    """Probe a model; the same rules, however they were written, are probed once."""
    with ProviderEmulator(rules=[invented]) as emulator:
        registry = Registry()
        llm = UnifiedChatModel(
            model="gpt-4o",
            providers=connections(emulator),
            registry=registry,
            on_unsupported="ignore",
            max_retries=0,
        )
        return registry.probe(f"{invented.provider}:invented", llm, dry_run=False).row


def _rule(parameter: str, endpoint: str = "chat") -> Ask:
    return lambda row: row["parameters_on"][endpoint][parameter]["accepts"]


def _feature(name: str) -> Ask:
    return lambda row: row["features"][name]


LEVELS = ("low", "high")
THINKS: dict[str, Any] = {
    "reasoning": True,
    "effort_levels": LEVELS,
    "chat_effort_levels": LEVELS,
    "default_effort": "low",
}
BOTH_WAYS: list[tuple[str, dict[str, Any], dict[str, Any], Ask, Any, Any]] = [
    *(
        (name, {name: "any"}, {name: "rejected"}, _rule(name), "any", "never")
        for name in (
            "temperature",
            "top_p",
            "presence_penalty",
            "frequency_penalty",
            "logprobs",
            "logit_bias",
            "stop",
            "n",
        )
    ),
    (
        "top_logprobs",
        {},
        {"logprobs": "rejected"},
        _rule("top_logprobs"),
        "any",
        "never",
    ),
    (
        "only the default",
        {},
        {"temperature": "only_default"},
        _rule("temperature"),
        "any",
        "default",
    ),
    (
        "verbosity",
        {"verbosity": ("low", "medium")},
        {"verbosity": ()},
        _rule("verbosity"),
        "any",
        "never",
    ),
    (
        "tools",
        {"tools": True},
        {"tools": False},
        _feature("tool_calling"),
        True,
        False,
    ),
    (
        "tools on chat",
        {"tools_chat": "yes"},
        {"tools_chat": "no"},
        lambda row: row["tools"]["chat"],
        "any",
        "never",
    ),
    (
        "parallel tool calls",
        {"parallel_tool_calls": True},
        {"parallel_tool_calls": False},
        _rule("parallel_tool_calls"),
        "any",
        "never",
    ),
    (
        "JSON mode",
        {"json_mode": True},
        {"json_mode": False},
        _feature("json_mode"),
        True,
        False,
    ),
    (
        "structured output",
        {"structured_output": True},
        {"structured_output": False},
        _feature("structured_output"),
        True,
        False,
    ),
    (
        "streaming",
        {"streaming": True},
        {"streaming": False},
        _feature("streaming"),
        True,
        False,
    ),
    (
        "images",
        {"inputs": ("text", "image")},
        {"inputs": ("text",)},
        lambda row: row["inputs"],
        ["text", "image"],
        ["text"],
    ),
    (
        "system text",
        {"system_roles": ("system", "developer")},
        {"system_roles": ()},
        lambda row: row["system_roles"],
        ["system"],
        [],
    ),
    (
        "developer text",
        {"system_roles": ("developer",)},
        {"system_roles": ("system",)},
        lambda row: row["system_roles"],
        ["developer"],
        ["system"],
    ),
    (
        "efforts",
        THINKS,
        {},
        lambda row: row["thinking"]["levels_on"]["chat"],
        list(LEVELS),
        [],
    ),
    ("effort", THINKS, {}, _rule("reasoning_effort"), "any", "never"),
    (
        "chat",
        {"endpoints": ("chat", "responses")},
        {"endpoints": ("responses",)},
        lambda row: "chat" in row["endpoints"],
        True,
        False,
    ),
    (
        "Responses",
        {"endpoints": ("chat", "responses")},
        {"endpoints": ("chat",)},
        lambda row: "responses" in row["endpoints"],
        True,
        False,
    ),
    (
        "the older name of the cap",
        {"chat_token_params": ("max_tokens",)},
        {"chat_token_params": ("max_completion_tokens",)},
        lambda row: row["parameters_on"]["chat"]["max_tokens"]["name"],
        "max_tokens",
        "max_completion_tokens",
    ),
]


@pytest.mark.parametrize(
    ("taken", "refused", "ask", "if_taken", "if_refused"),
    [case[1:] for case in BOTH_WAYS],
    ids=[case[0] for case in BOTH_WAYS],
)
@pytest.mark.filterwarnings("ignore:This model does not support")
def test_each_fact_is_found_both_ways(
    taken: dict[str, Any],
    refused: dict[str, Any],
    ask: Ask,
    if_taken: Any,
    if_refused: Any,
) -> None:
    """A model that takes a thing and one that refuses it get rows that say so."""
    assert [if_taken, if_refused] == [
        ask(_probed(**taken)),
        ask(_probed(**refused)),
    ]


GEMINI: list[tuple[str, dict[str, Any], dict[str, Any], Ask, Any, Any]] = [
    *(
        (
            name,
            {name: "any"},
            {name: "rejected"},
            _rule(name, "generate_content"),
            "any",
            "never",
        )
        for name in ("top_k", "presence_penalty", "logprobs")
    ),
    ("tools", {}, {"tools": False}, _feature("tool_calling"), True, False),
    ("JSON", {}, {"json_mode": False}, _feature("json_mode"), True, False),
    (
        "levels",
        {"thinking": "level", "thinking_levels": LEVELS},
        {},
        lambda row: row["thinking"]["levels_on"]["generate_content"],
        list(LEVELS),
        [],
    ),
]


@pytest.mark.parametrize(
    ("taken", "refused", "ask", "if_taken", "if_refused"),
    [case[1:] for case in GEMINI],
    ids=[case[0] for case in GEMINI],
)
def test_the_same_holds_for_gemini(
    taken: dict[str, Any],
    refused: dict[str, Any],
    ask: Ask,
    if_taken: Any,
    if_refused: Any,
) -> None:
    """Models on Google's wire are told apart in the same way."""
    google = {"provider": "google_genai", "endpoints": ("generateContent",)}

    assert [if_taken, if_refused] == [
        ask(_probed(**google, **taken)),
        ask(_probed(**google, **refused)),
    ]


class Stubborn:
    """A server that refuses whatever holds a word, and explains it as it likes.

    Args:
        refuses: Tells whether a body is refused.
        says: What it says, by the number of the refusal.
        status: The status of a refusal.
    """

    def __init__(
        self,
        refuses: Callable[[dict[str, Any]], bool],
        says: Callable[[int], str] = lambda _: "No.",
        status: int = 400,
    ) -> None:
        self._refuses, self._says, self._status = refuses, says, status
        self.refusals = 0

    def __call__(self, body: dict[str, Any]) -> HttpReply:
        if self._refuses(body):
            self.refusals += 1
            return refusal(self._status, self._says(self.refusals))
        return say("hi")(body)


def _asked(server: CompatibleServer, tmp_path: Path) -> tuple[Row, UnifiedChatModel]:
    """Probe a model of a named server; return the row, and a model that goes by it."""
    head = f'[servers.lab]\nbase_url = "{server.url}"\n\n'
    path = tmp_path / "models.toml"
    path.write_text(head, encoding="utf-8")
    found = Registry(overrides=path).probe(
        "lab:Some/Model",
        UnifiedChatModel(model="lab:Some/Model", registry=Registry(overrides=path)),
        dry_run=False,
    )
    path.write_text(head + found.toml, encoding="utf-8")
    registry = Registry(overrides=path)
    assert "exact" == registry.resolve("lab:Some/Model").match
    server.forget()
    llm = UnifiedChatModel(
        model="lab:Some/Model", registry=registry, on_unsupported="ignore"
    )
    return found.row, llm


def _plain(body: dict[str, Any]) -> bool:
    """Tell whether a body asks for nothing but an answer of some length."""
    known = {"model", "messages", "stream", "max_tokens", "max_completion_tokens"}
    one = body["messages"][0]
    return (
        not body.get("stream")
        and not set(body) - known
        and len(body["messages"]) == 1
        and isinstance(one["content"], str)
    )


CALLS: list[dict[str, Any]] = [
    {"temperature": 0.4, "top_p": 0.3, "seed": 3, "stop": ["x"]},
    {"n": 2, "logit_bias": {"1": 1}, "user": "me"},
    {"reasoning_effort": "high", "verbosity": "low", "service_tier": "flex"},
    {"presence_penalty": 1, "frequency_penalty": 1, "top_k": 3, "store": True},
]
MESSAGES = [("system", "Be kind."), ("user", "Answer in JSON.")]

EXCUSES: dict[str, Callable[[int], str]] = {
    "no reason": lambda _: "No.",
    "an empty reason": lambda _: "",
    "another each time": lambda n: f"Unsupported parameter: '{'abcdefgh'[n % 8]}'",
    "always the cap": lambda _: (
        "Unsupported parameter: 'max_tokens' is not supported with this model. "
        "Use 'max_completion_tokens' instead."
    ),
    "always the model": lambda _: "'messages' is not supported with this model.",
    "levels it refuses": lambda _: (
        "Unsupported value: 'reasoning_effort' does not support 'none' with this "
        "model. Supported values are: 'low', 'medium', and 'high'."
    ),
    "a large minimum": lambda _: (
        "Invalid 'max_tokens': integer below minimum value. Expected a value >= "
        "100000, but got 16 instead."
    ),
}


@pytest.mark.parametrize(
    ("excuse", "status"),
    [*((excuse, 400) for excuse in EXCUSES), ("no reason", 422), ("no reason", 500)],
)
def test_a_server_that_refuses_everything_else(
    excuse: str, status: int, tmp_path: Path
) -> None:
    """Whatever reason it gives, the row claims nothing but the plain call."""
    answer = Stubborn(lambda body: not _plain(body), EXCUSES[excuse], status)
    with CompatibleServer(answer) as server:
        row, llm = _asked(server, tmp_path)
        answer.refusals = 0
        for call in CALLS:
            llm.invoke(MESSAGES, **call)
        list(llm.stream(MESSAGES))

        assert 0 == answer.refusals
    rules = row["parameters_on"]["chat"]
    taken = {name for name, rule in rules.items() if rule["accepts"] == "any"}
    assert {"max_tokens"} == taken
    assert {False} == set(row["features"].values())
    assert (["text"], []) == (row["inputs"], row["system_roles"])


SINGLE = [
    "temperature",
    "top_p",
    "seed",
    "stop",
    "n",
    "logit_bias",
    "user",
    "metadata",
    "presence_penalty",
    "frequency_penalty",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "reasoning_effort",
]


@pytest.mark.parametrize("field", SINGLE)
def test_one_field_is_refused_without_a_reason(field: str, tmp_path: Path) -> None:
    """What an odd server refuses is left alone by every later call; the rest works."""
    answer = Stubborn(lambda body: field in body)
    with CompatibleServer(answer) as server:
        row, llm = _asked(server, tmp_path)
        answer.refusals = 0
        for call in CALLS:
            llm.invoke(MESSAGES, **call)

        assert 0 == answer.refusals
        assert row["parameters_on"]["chat"][field]["accepts"] == "never"
        kept = [name for name in ("temperature", "seed") if name != field]
        assert all(any(name in body for body in server.bodies) for name in kept)


@pytest.mark.parametrize(
    "kind", ["image", "system", "stream", "json_object", "json_schema"]
)
def test_one_capability_is_refused_without_a_reason(kind: str, tmp_path: Path) -> None:
    """Capabilities are told apart where a refusal names none."""

    def refuses(body: dict[str, Any]) -> bool:
        roles = {message["role"] for message in body["messages"]}
        asked = {
            "image": "image_url" in json.dumps(body),
            "system": bool({"system", "developer"} & roles),
            "stream": bool(body.get("stream")),
        }
        wanted = (body.get("response_format") or {}).get("type")
        return asked.get(kind, False) or wanted == kind

    answer = Stubborn(refuses)
    with CompatibleServer(answer) as server:
        row, llm = _asked(server, tmp_path)
        answer.refusals = 0
        llm.invoke(MESSAGES)
        list(llm.stream(MESSAGES))
        schema = {"title": "A", "type": "object", "properties": {"a": {"type": "null"}}}
        image = {"type": "image_url", "image_url": {"url": PIXEL}}
        refused: tuple[type[Exception], ...] = (UnsupportedError, ValueError)
        with contextlib.suppress(*refused):
            llm.with_structured_output(schema).invoke(MESSAGES)
        with contextlib.suppress(UnsupportedError):
            llm.invoke([("user", [image])])
        assert 0 == answer.refusals
    found = {
        "image": "image" in row["inputs"],
        "system": bool(row["system_roles"]),
        "stream": row["features"]["streaming"],
        "json_object": row["features"]["json_mode"],
        "json_schema": row["features"]["structured_output"],
    }
    assert {name: name != kind for name in found} == found


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 500, 503])
def test_a_server_that_refuses_every_call(status: int, tmp_path: Path) -> None:
    """A plain call that is refused ends the probe with the server's error."""
    with CompatibleServer(Stubborn(lambda _: True, status=status)) as server:
        with pytest.raises(ProviderError):
            _asked(server, tmp_path)

        assert 3 >= len(server.bodies)


def test_a_path_that_answers_in_other_words_is_no_endpoint(tmp_path: Path) -> None:
    """A server that answers any path as chat serves chat alone; the probe goes on."""
    with CompatibleServer(say("hi"), path="") as server:
        row, llm = _asked(server, tmp_path)

        assert ["chat"] == row["endpoints"]
        assert "hi" == llm.invoke("hi", temperature=0.5).text


def test_a_server_that_begins_to_refuse_every_call(tmp_path: Path) -> None:
    """Refusals count for nothing if a plain call is refused in the end too."""
    number = itertools.count()
    with (
        CompatibleServer(Stubborn(lambda _: next(number) > 12)) as server,
        pytest.raises(ProviderError),
    ):
        _asked(server, tmp_path)


def test_a_probe_waits_for_its_turn_a_few_times(tmp_path: Path) -> None:
    """A 429 is waited out; a server that always answers it ends the probe."""
    number = itertools.count()

    def busy(body: dict[str, Any]) -> HttpReply:
        turn = next(number) not in {3, 9}
        return say("hi")(body) if turn else _too_many()

    with CompatibleServer(busy) as server:
        row, _ = _asked(server, tmp_path)
        assert "any" == row["parameters_on"]["chat"]["temperature"]["accepts"]
    with (
        CompatibleServer(lambda _: _too_many()) as server,
        pytest.raises(ProviderRateLimitError),
    ):
        _asked(server, tmp_path)


def _too_many() -> HttpReply:
    headers = {"content-type": "application/json", "retry-after": "0.01"}
    return replace(refusal(429, "slow down"), headers=headers)


@pytest.mark.parametrize(
    ("price", "said"),
    [
        (None, "The cost is unknown: no row states a price"),
        (
            {"input": 0, "output": 0},
            r"at most \$0.0000, by the price stated by registry",
        ),
        (
            {"input": 10, "output": 10},
            r"at most \$\d+\.\d+, by the price stated by registry",
        ),
    ],
)
def test_the_bound_says_what_it_rests_on(price: Any, said: str) -> None:
    """Before anything is sent a probe says how many calls, how much, and by whom."""
    registry = Registry()
    registry.add_server("lab", "http://127.0.0.1:9/v1")
    if price:
        registry.register("lab:m", price=price)
    found = registry.probe("lab:m", UnifiedChatModel(model="lab:m", registry=registry))

    assert 0 < found.most_calls
    assert re.search(said, str(found))


def test_an_unlisted_model_is_bounded_by_the_dearest() -> None:
    """A new model of a provider costs at most what its dearest model would."""
    pytest.importorskip("genai_prices")
    registry = Registry()
    found = registry.probe("gpt-99-new", UnifiedChatModel(registry=registry))

    assert found.most_usd is not None
    assert "the dearest of openai's models" in found.bounds
