"""Without the extras: importing works, and errors name what to install."""

from __future__ import annotations

import subprocess
import sys

import pytest

BLOCKED = ("anthropic", "langchain_anthropic", "ollama", "langchain_ollama")
FILTERS = ("error", "ignore:'asyncio.iscoroutinefunction':DeprecationWarning")
"""The second is langsmith's on Python 3.14."""
BLOCKER = f"""
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {BLOCKED!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocker())
from langchain_unified import UnifiedChatModel
"""


def _run(code: str) -> str:
    filters = [f"-W{text}" for text in FILTERS]
    done = subprocess.run(  # noqa: S603
        [sys.executable, *filters, "-c", BLOCKER + code],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "" == done.stderr
    return done.stdout


def test_import_and_plan_without_the_extras() -> None:
    """Importing, planning and explaining need no provider's package."""
    code = (
        'llm = UnifiedChatModel(model="gpt-4o", enable=["anthropic", "ollama"])\n'
        'print(llm.explain(model="claude-sonnet-5").endpoint)\n'
        'print(llm.explain(model="ollama:llama3.2").endpoint)\n'
    )

    assert "messages\napi_chat\n" == _run(code)


@pytest.mark.parametrize(
    ("model", "extra"),
    [("claude-sonnet-5", "anthropic"), ("ollama:llama3.2", "ollama")],
)
def test_the_error_names_the_extra(model: str, extra: str) -> None:
    """Calling an enabled provider without its package says what to install."""
    code = (
        "from langchain_unified.errors import ProviderNotEnabledError\n"
        "try:\n"
        f'    UnifiedChatModel(model="{model}", enable=["{extra}"]).invoke("hi")\n'
        "except ProviderNotEnabledError as error:\n"
        "    print(error)\n"
    )

    assert f'pip install "langchain-unified[{extra}]"' in _run(code)
