"""Private names of other packages: where they stand, how many there are, what moved."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import langchain_unified

ROOT = Path(langchain_unified.__file__).parent

SEAMS: dict[str, dict[str, tuple[str, ...]]] = {
    "shims/core_seam.py": {
        "langchain_core.language_models:BaseChatModel": (
            "_generate",
            "_agenerate",
            "_stream",
            "_astream",
        ),
    },
    "shims/openai_wire/delegate.py": {
        "langchain_openai:ChatOpenAI": (
            "_convert_chunk_to_generation_chunk",
            "_create_chat_result",
            "_default_params",
            "_get_request_payload",
            "_should_stream_usage",
            "_use_responses_api",
        ),
    },
    "shims/google_wire/seam.py": {
        "langchain_google_genai.chat_models": (
            "_StreamBlockIndexer",
            "_handle_client_error",
            "_handle_server_error",
            "_parse_chat_history",
            "_response_to_result",
        ),
    },
    "shims/google_wire/delegate.py": {
        "langchain_google_genai:ChatGoogleGenerativeAI": ("_prepare_request",),
    },
    "shims/anthropic_wire/delegate.py": {
        "langchain_anthropic:ChatAnthropic": (
            "_acreate",
            "_create",
            "_get_request_payload",
        ),
    },
    "shims/ollama_wire/delegate.py": {
        "langchain_ollama:ChatOllama": (
            "_acreate_chat_stream",
            "_async_client",
            "_client",
            "_convert_messages_to_ollama_messages",
            "_create_chat_stream",
        ),
    },
}
"""The private names each seam file reaches for, by the object that has them."""

REMAINING = {
    ("discovery/upstream.py", "_PROFILES"),
    ("drop_in.py", "_add_version"),
    ("clients.py", "_client"),
    ("history/media/fetching.py", "_security"),
    ("reliability/meter.py", "_Decompress"),
    ("schemas/typed_dicts.py", "_name"),
    ("testing/answers/patterns.py", "_parser"),
}
"""What still stands elsewhere. The list may only become shorter."""

OURS_OF_OURS = {
    "discovery/probing.py",
    "discovery/refreshing.py",
    "rollout/router.py",
}
"""Rooms that read the private state of our own model."""

NAMES = [
    (owner, name)
    for owners in SEAMS.values()
    for owner, names in owners.items()
    for name in names
]
_READERS = {"getattr", "hasattr", "setattr", "delattr"}
_PRIVATE = re.compile(r"_[a-zA-Z]\w*")
_OF_TUPLES = {"_asdict", "_fields", "_make", "_replace"}


def _trees() -> dict[str, ast.Module]:
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8"))
        for path in ROOT.rglob("*.py")
    }


def _defined(tree: ast.Module) -> Iterator[str]:
    """Yield the names a module gives to something of its own."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Assign) and isinstance(
            node.value, (ast.Tuple, ast.List)
        ):
            yield from (
                one.value
                for one in node.value.elts
                if isinstance(one, ast.Constant) and isinstance(one.value, str)
            )


def _reached(tree: ast.Module) -> Iterator[str]:
    """Yield each private name a module takes from something else."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            parts = (node.module or "").split(".")
            if parts[0] != "langchain_unified" and parts[0] != "__future__":
                yield from (*parts, *(alias.name for alias in node.names))
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in _READERS
            and len(node.args) > 1
            and isinstance(node.args[1], ast.Constant)
        ):
            yield f"quoted {node.args[1].value}"


def _foreign(tree: ast.Module, own: set[str]) -> set[str]:
    """Return the private names that nothing of ours is called."""
    found = set()
    for name in _reached(tree):
        plain = name.removeprefix("quoted ")
        if not _PRIVATE.fullmatch(plain) or plain in _OF_TUPLES:
            continue
        if name.startswith("quoted ") or plain not in own:
            found.add(plain)
    return found


def test_private_names_stand_in_seam_files_only() -> None:
    """Attributes, imports, and names in quotes; nothing of another package hides."""
    trees = _trees()
    own = {name for tree in trees.values() for name in _defined(tree)}
    outside = {
        (path, name)
        for path, tree in trees.items()
        if path not in SEAMS
        for name in _foreign(tree, own)
    }
    suppressed = {
        path
        for path in trees
        if path not in SEAMS
        and path not in OURS_OF_OURS
        and "SLF001" in (ROOT / path).read_text("utf-8")
    }

    assert set() == outside - REMAINING
    assert suppressed <= {path for path, _ in REMAINING}


def test_there_are_few_of_them() -> None:
    """Each name is one that the next release of its package may move."""
    assert 25 >= len(set(NAMES))


@pytest.mark.parametrize(("owner", "name"), NAMES)
def test_a_name_is_where_it_was(owner: str, name: str) -> None:
    """A name that moved fails here, by name, before a user meets it."""
    module, _, kind = owner.partition(":")
    holder = importlib.import_module(module)
    holder = getattr(holder, kind) if kind else holder
    fields = getattr(holder, "__private_attributes__", {})
    source = "" if hasattr(holder, name) else inspect.getsource(holder)

    assert (
        hasattr(holder, name)
        or name in fields
        or f"self.{name}" in source
        or (f"def {name}" in source)
    )


@pytest.mark.parametrize("path", SEAMS)
def test_a_seam_file_says_what_it_is(path: str) -> None:
    """Its docstring names the package and why there is no public way."""
    assert "seam" in str(ast.get_docstring(_trees()[path]))
