"""Tracing packages see our calls as they see ChatOpenAI's: the model and the tokens.

The packages are installed to a folder of their own when the test runs, and the test is
skipped where they cannot be.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration_tests.sources import pip

HERE = Path(__file__).parent
PACKAGES = (
    "opentelemetry-instrumentation-openai",
    "openinference-instrumentation-openai",
    "openinference-instrumentation-langchain",
    "opentelemetry-sdk",
)
INSTRUMENTORS = (
    "opentelemetry.instrumentation.openai:OpenAIInstrumentor",
    "openinference.instrumentation.openai:OpenAIInstrumentor",
    "openinference.instrumentation.langchain:LangChainInstrumentor",
)
CALLS = 2 * 3 * 4
"""Two endpoints, three models, four ways."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the tracing packages."""
    found = tmp_path_factory.mktemp("tracing")
    done = pip("install", "--quiet", "--target", str(found), *PACKAGES)
    if done.returncode:
        pytest.skip(f"the tracing packages cannot be installed: {done.stderr[-300:]}")
    return found


def traced(folder: Path, instrumentor: str, cls: str) -> list[dict[str, Any]]:
    """Return what the spans of a class's calls say, in order."""
    # What the environment has goes before what the packages brought along.
    paths = [str(HERE.parents[2]), *filter(None, sys.path), str(folder)]
    done = subprocess.run(  # noqa: S603 - no shell, and nothing a user wrote
        [sys.executable, str(HERE / "traced.py"), instrumentor, cls],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert 0 == done.returncode, done.stderr[-2000:]
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.timeout(600)
@pytest.mark.parametrize("instrumentor", INSTRUMENTORS)
def test_spans_are_those_of_chat_openai(folder: Path, instrumentor: str) -> None:
    """Each call is one span, with the model of the call and its tokens."""
    theirs = traced(folder, instrumentor, "langchain_openai:ChatOpenAI")
    ours = traced(folder, instrumentor, "langchain_unified:UnifiedChatModel")

    assert CALLS == len(ours)
    assert [] == [span for span in ours if None in span.values()]
    assert theirs == ours
