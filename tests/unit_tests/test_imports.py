"""What importing the package does, and which room may import which."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import langchain_unified

ROOT = Path(langchain_unified.__file__).parent
SDKS = ("openai", "langchain_openai", "google.genai", "langchain_google_genai")


def _run(code: str) -> str:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    "statement",
    ["import langchain_unified", "from langchain_unified import UnifiedChatModel"],
)
def test_import_loads_no_provider_sdk(statement: str) -> None:
    """Importing the package and its chat model loads no provider's SDK."""
    code = f"{statement}; import sys; print([m for m in {SDKS!r} if m in sys.modules])"

    assert "[]" == _run(code)


def test_import_opens_no_socket() -> None:
    """Importing the package touches no network."""
    code = (
        "import socket\n"
        "def refuse(*a, **k): raise AssertionError('network at import')\n"
        "socket.socket.connect = refuse; socket.getaddrinfo = refuse\n"
        "from langchain_unified import UnifiedChatModel\n"
        "UnifiedChatModel(model='gpt-4o')\n"
        "print('quiet')"
    )

    assert "quiet" == _run(code)


def test_every_public_name_exists() -> None:
    """Every name of `__all__` can be imported and is listed once."""
    names = langchain_unified.__all__

    assert sorted(set(names)) == sorted(names)
    assert all(hasattr(langchain_unified, name) for name in names)


def test_unknown_name_is_an_attribute_error() -> None:
    """A name the package does not have is refused as by any module."""
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        langchain_unified.Nothing  # noqa: B018


def test_no_model_name_outside_the_data() -> None:
    """A model name is written in `data/` (also the emulator's) and nowhere else."""
    name = re.compile(r"(?:gpt-|o[1-9](?:$|-)|gemini-|gemma-|claude-)[\w.\-]*")
    found = []
    for path in ROOT.rglob("*.py"):
        if {"testing", "data"} & set(path.relative_to(ROOT).parts):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found += [f"{path.name}: {node.value}"] * bool(
                    name.fullmatch(node.value)
                )

    assert [] == found
