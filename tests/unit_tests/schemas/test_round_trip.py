"""Any schema on any wire: what is sent is legal, and the answer comes back as it was.

`SCHEMA_DRAWS=<n>` sets how many schemas are drawn, `PROPERTY_SEED=<n>` repeats a run.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import UnsupportedError
from tests.unit_tests.schemas.drawing import Drawn, drawn
from tests.unit_tests.schemas.world import World

DRAWS = int(os.environ.get("SCHEMA_DRAWS", "100"))
SEED = int(os.environ.get("PROPERTY_SEED", secrets.randbelow(10**9)))
RESPONSES = "gpt-6-sol on Responses"
ANSWERS = (
    ("gpt-4o", {"strict": True}),
    ("gpt-4o", {}),
    ("gpt-4o", {"method": "function_calling", "strict": True}),
    ("gpt-4o", {"method": "function_calling"}),
    ("gpt-6-sol", {"strict": True}),
    (RESPONSES, {"strict": True}),
    (RESPONSES, {"method": "function_calling"}),
    ("google_genai:gemini-2.5-flash", {}),
    ("google_genai:gemini-2.5-flash", {"method": "function_calling"}),
    ("claude-opus-5", {}),
    ("claude-opus-5", {"method": "function_calling"}),
    ("ollama:llama3.1", {}),
)
TOOLS = (
    ("gpt-4o", {}),
    (RESPONSES, {}),
    ("google_genai:gemini-2.5-flash", {}),
    ("claude-opus-5", {}),
    ("ollama:llama3.1", {}),
)


def _model(name: str) -> dict[str, Any]:
    model, _, responses = name.partition(" on ")
    return {"model": model, **({"use_responses_api": True} if responses else {})}


def drawing(count: int) -> Any:
    return settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=(Phase.generate,) if count > 200 else (Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Return a server of every wire, for all draws."""
    with World() as server:
        yield server


@pytest.fixture(scope="module")
def llm(world: World) -> UnifiedChatModel:
    """Return a model that reaches the server on every wire."""
    return world.model()


@seed(SEED)
@drawing(DRAWS)
@given(one=drawn())
def test_an_answer_comes_back(one: Drawn, world: World, llm: UnifiedChatModel) -> None:
    """A schema is sent as its API takes it, and an instance of it comes back."""
    world.value, world.schema = one.value, one.schema
    for name, asked in ANSWERS:
        world.problems.clear()
        bound = llm.bind(**_model(name))
        structured = bound.with_structured_output(one.schema, **asked)
        found = structured.invoke("Fill it in.")

        assert [] == world.problems, (name, asked, world.asked)
        assert one.value == _told(found, one.value), (name, asked, world.asked)


def _told(found: Any, value: Any) -> Any:
    """Leave out the nulls a strict answer has for keys that may be missing or null."""
    if isinstance(found, dict) and isinstance(value, dict):
        return {
            key: _told(one, value.get(key))
            for key, one in found.items()
            if one is not None or key in value
        }
    if isinstance(found, list) and isinstance(value, list):
        pairs = zip(found, value, strict=False)
        return [_told(*pair) for pair in pairs] + found[len(value) :]
    return found


@seed(SEED)
@drawing(max(DRAWS // 4, 50))
@given(one=drawn(is_object=True))
def test_arguments_come_back(one: Drawn, world: World, llm: UnifiedChatModel) -> None:
    """A tool is declared with all its parameters, and its arguments come back."""
    world.value, world.schema = one.value, one.schema
    name = one.schema["title"]
    function = {"name": name, "description": "Does it.", "parameters": one.schema}
    for model, asked in TOOLS:
        world.problems.clear()
        try:
            bound = llm.bind_tools(
                [{"type": "function", "function": function}], **asked
            )
            found = bound.invoke("Do it.", **_model(model))
        except UnsupportedError as refusal:
            assert name in str(refusal)  # noqa: PT017 - refused before sending, by name
            continue
        (call,) = found.tool_calls

        assert [] == world.problems, (model, asked, world.asked)
        assert (name, one.value) == (call["name"], call["args"]), (model, world.asked)
