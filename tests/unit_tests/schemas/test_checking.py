"""Answers checked on the client: no good one is lost to the words of its schema."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from langchain_unified import StructuredOutputError, UnifiedChatModel
from tests.unit_tests.schemas.world import World
from tests.unit_tests.servers.loopback import CompatibleServer, say

TEXT = {"type": "string"}
LATER = {"$ref": "https://example.org/schema.json"}
GOOD: dict[str, tuple[dict[str, Any], Any]] = {
    "a tuple of until 2019": (
        {"a": {"type": "array", "items": [{"type": "integer"}, TEXT]}},
        {"a": [1, "x"]},
    ),
    "Google's names of types": (
        {"a": {"type": "ARRAY", "items": {"type": "INTEGER"}}},
        {"a": [1]},
    ),
    "OpenAPI's nullable": ({"a": {**TEXT, "nullable": True}}, {"a": None}),
    "OpenAPI's nullable enum": (
        {"a": {**TEXT, "nullable": True, "enum": ["x"]}},
        {"a": None},
    ),
    "OpenAPI's nullable constant": (
        {"a": {**TEXT, "nullable": True, "const": "x"}},
        {"a": None},
    ),
    "a pattern that is not Python's": (
        {"a": {**TEXT, "pattern": r"^\p{Lu}+$"}},
        {"a": "Ä"},
    ),
    "another document": ({"a": LATER}, {"a": "x"}),
    "an unknown type": ({"a": {"type": "any"}}, {"a": 1}),
}
# Strict mode cannot say it, so that the client checks the answer.
OPEN = {"more": {"type": "object"}}


def read(properties: dict[str, Any], value: Any) -> Any:
    """Return what becomes of an answer that the client checks."""
    schema = {"title": "Answer", "type": "object", "properties": {**properties, **OPEN}}
    with CompatibleServer(say(json.dumps(value))) as server:
        llm = UnifiedChatModel(model="gpt-4o", api_key="k", base_url=server.url)
        return llm.with_structured_output(schema, strict=True).invoke("Fill it in.")


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_answer_passes(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the check cannot read it does not refuse, and it downloads nothing."""
    looked_up: list[str] = []
    found = socket.getaddrinfo

    def look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        looked_up.append(str(host))
        return found(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    properties, value = GOOD[kind]

    assert value == read(properties, value)
    assert "example.org" not in looked_up


BAD: dict[str, tuple[dict[str, Any], Any]] = {
    "a tuple": (
        {"a": {"type": "array", "items": [{"type": "integer"}, TEXT]}},
        {"a": ["x", 1]},
    ),
    "a nullable text": ({"a": {**TEXT, "nullable": True}}, {"a": 3}),
    "a set": (
        {"a": {"type": "array", "items": TEXT, "uniqueItems": True}},
        {"a": ["x", "x"]},
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_answer_does_not(kind: str) -> None:
    """The check is still one."""
    with pytest.raises(StructuredOutputError):
        read(*BAD[kind])


def test_keys_that_a_condition_requires_are_not_forbidden() -> None:
    """An object that strict mode would close goes without it, on record."""
    when = {"a": {"required": ["b"], "properties": {"b": {"type": "integer"}}}}
    schema = {
        "title": "Answer",
        "type": "object",
        "properties": {"a": TEXT},
        "dependentSchemas": when,
    }
    with World() as world:
        world.value, world.schema = {"a": "x", "b": 2}, schema
        llm = world.model().bind(model="gpt-4o")
        found = llm.with_structured_output(schema, strict=True).invoke("Fill it in.")

        assert [] == world.problems
    assert {"a": "x", "b": 2} == found
