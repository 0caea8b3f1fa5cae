"""Tracing packages see our calls as they see LangChain's own: model, tokens, errors.

The packages are installed to a folder of their own when the test runs, and the test is
skipped where they cannot be.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.integration_tests.sources import pip

HERE = Path(__file__).parent
OPENTELEMETRY = (
    "opentelemetry-instrumentation-openai",
    "opentelemetry-instrumentation-openai-v2",
    "opentelemetry-instrumentation-langchain",
    # openai-v2 2.4b0 imports a module that later ones no longer have (2026-11-28).
    "opentelemetry-util-genai==0.4b0",
    "openinference-instrumentation-openai",
    "openinference-instrumentation-langchain",
    "langfuse",
    "opentelemetry-sdk",
)
MLFLOW = ("mlflow-skinny", "pandas", "opentelemetry-sdk")
TOOLS = {
    "opentelemetry.instrumentation.openai:OpenAIInstrumentor": OPENTELEMETRY,
    "opentelemetry.instrumentation.openai_v2:OpenAIInstrumentor": OPENTELEMETRY,
    "opentelemetry.instrumentation.langchain:LangchainInstrumentor": OPENTELEMETRY,
    "openinference.instrumentation.openai:OpenAIInstrumentor": OPENTELEMETRY,
    "openinference.instrumentation.langchain:LangChainInstrumentor": OPENTELEMETRY,
    "langfuse": OPENTELEMETRY,
    "mlflow": MLFLOW,
}
HOOKS = {
    # What hooks the OpenAI SDK sees no call to Google, theirs or ours.
    "opentelemetry.instrumentation.openai:OpenAIInstrumentor": {"gemini"},
    "opentelemetry.instrumentation.openai_v2:OpenAIInstrumentor": {
        "gemini",
        "responses",
    },
    "openinference.instrumentation.openai:OpenAIInstrumentor": {"gemini"},
}
"""Routes that a package sees nothing of."""

LONG = {"mlflow", "opentelemetry.instrumentation.openai_v2:OpenAIInstrumentor"}
"""Packages of the long form: a large one, and one that sees a part of the others."""

_SECONDS = 240


@cache
def folder(packages: tuple[str, ...], base: Path) -> Path:
    """Return a folder with some tracing packages."""
    found = base / packages[0]
    done = pip("install", "--quiet", "--target", str(found), *packages)
    if done.returncode:
        pytest.skip(f"the tracing packages cannot be installed: {done.stderr[-300:]}")
    return found


def traced(tool: str, packages: Path) -> dict[str, dict[str, Any]]:
    """Return what the spans of each call say, of theirs and of ours."""
    # What the environment has goes before what the packages brought along.
    paths = [str(HERE.parents[2]), *filter(None, sys.path), str(packages)]
    done = subprocess.run(  # noqa: S603 - no shell, and nothing a user wrote
        [sys.executable, str(HERE / "traced.py"), tool],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert 0 == done.returncode, done.stderr[-2000:]
    found: dict[str, dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def told_as(theirs: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    """Return what ours say, with names no fuller than theirs.

    `llm_output` names the model that answered on each endpoint, with its date; theirs
    has no name there on Responses.
    """
    return {
        call: [
            {**own, "model": other["model"]}
            if own["model"].startswith(other["model"])
            else own
            for own, other in zip(spans, theirs[call], strict=True)
        ]
        for call, spans in ours.items()
    }


@pytest.mark.foreign
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "tool", [pytest.param(t, marks=[pytest.mark.soak] * (t in LONG)) for t in TOOLS]
)
def test_spans_are_those_of_langchains_classes(
    tool: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Each call is one span, with the model that answered, its tokens and its end."""
    if tool in LONG and not os.environ.get("SOAK"):
        pytest.skip("set SOAK=1 for the long form")
    base = tmp_path_factory.getbasetemp() / "tracing"
    found = traced(tool, folder(TOOLS[tool], base))
    unseen = HOOKS.get(tool, set())
    seen = {
        call: spans
        for call, spans in found["ours"].items()
        if call.split()[0] not in unseen
    }
    answered = [spans for call, spans in seen.items() if call.endswith("answered")]

    assert (4 - len(unseen)) * 8 == len(seen)
    assert {1} == {len(spans) for spans in seen.values()}
    assert [] == [spans for spans in answered if None in spans[0].values()]
    assert {True} == {
        spans[0]["failed"] for call, spans in seen.items() if call.endswith("refused")
    }
    assert found["theirs"] == told_as(found["theirs"], found["ours"])
