"""Any two settings on any model: what a refusal names, the call is possible without.

`REFUSAL_DRAWS=<n>` sets how many calls are drawn, `PROPERTY_SEED=<n>` repeats a run.
"""

from __future__ import annotations

import itertools
import os
import random
import re
import secrets
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import UnsupportedError
from langchain_unified.registry import default_registry

DRAWS = int(os.environ.get("REFUSAL_DRAWS", "400"))
SEED = int(os.environ.get("PROPERTY_SEED", secrets.randbelow(10**9)))
OBJECT = {"type": "object", "properties": {"q": {"type": "string"}}}
FUNCTION = {"name": "f", "parameters": OBJECT}
TOOL = {"type": "function", "function": FUNCTION}
NO_OBJECT = {"type": "array", "items": {"type": "string"}}
FORM = {"type": "json_schema", "json_schema": {"name": "A", "schema": OBJECT}}
SETTINGS: list[tuple[str, Any]] = [
    ("tools", [TOOL]),
    ("tools", [{"type": "web_search"}]),
    ("tools", [{"google_search": {}}]),
    ("tools", [{"google_search": {}}, TOOL]),
    (
        "tools",
        [{"type": "function", "function": {"name": "f", "parameters": NO_OBJECT}}],
    ),
    ("response_format", FORM),
    ("response_format", {"type": "json_object"}),
    ("reasoning_effort", "high"),
    ("reasoning_effort", "none"),
    ("reasoning", {"effort": "high", "summary": "auto"}),
    ("logprobs", True),
    ("n", 2),
    ("stop", ["x"]),
    ("max_tokens", 100),
    ("temperature", 0.5),
    ("modalities", ["text", "audio"]),
    ("audio", {"voice": "alloy", "format": "mp3"}),
    ("prediction", {"type": "content", "content": "x"}),
    ("web_search_options", {}),
    ("background", True),
    ("previous_response_id", "resp_1"),
    ("truncation", "auto"),
    ("include", ["reasoning.encrypted_content"]),
    ("store", True),
    ("seed", 1),
    ("logit_bias", {"1": 1}),
    ("thinking_budget", 1024),
    ("top_k", 3),
    ("safety_settings", {}),
    ("cached_content", "cachedContents/x"),
    ("functions", [FUNCTION]),
    ("verbosity", "low"),
    ("service_tier", "flex"),
    ("use_responses_api", True),
    ("use_responses_api", False),
]
PAIRS = [
    {first[0]: first[1], second[0]: second[1]}
    for first, second in itertools.combinations(SETTINGS, 2)
    if first[0] != second[0]
]
_INSTEAD = re.compile(r"call works without (.*?)(?:, or |\.)")


@pytest.fixture(scope="module")
def llm() -> UnifiedChatModel:
    """Return a model that plans for every provider."""
    enabled = ["anthropic", "ollama"]
    return UnifiedChatModel(model="gpt-4o", api_key="k", enable=enabled)


def drawn() -> list[tuple[str, dict[str, Any]]]:
    """Return models, each with two settings."""
    chosen = random.Random(SEED)  # noqa: S311 - no secret
    names = sorted(config.model for config in default_registry().models())
    return [(chosen.choice(names), chosen.choice(PAIRS)) for _ in range(DRAWS)]


def refusal(
    llm: UnifiedChatModel, model: str, asked: dict[str, Any]
) -> UnsupportedError | None:
    """Return what a call is refused with, `None` if it is possible."""
    try:
        llm.explain(model=model, **asked)
    except UnsupportedError as error:
        return error
    return None


def test_without_what_is_named_the_call_is_possible(llm: UnifiedChatModel) -> None:
    """One setting, or two where one is not enough; the input is another matter."""
    refused, broken = 0, []
    for model, asked in drawn():
        error = refusal(llm, model, asked)
        if error is None or refusal(llm, model, {}) is not None:
            continue
        refused += 1
        found = _INSTEAD.search(str(error))
        named = set(found.group(1).split(" and ")) if found else {error.parameter}
        left = {key: value for key, value in asked.items() if key not in named}
        other = refusal(llm, model, left)
        if error.parameter not in asked or other is not None:
            broken.append((model, asked, str(error), str(other)))

    assert [] == broken
    assert refused > DRAWS // 20
