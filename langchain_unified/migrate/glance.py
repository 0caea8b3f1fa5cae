"""A quick look at code, so that files without the classes cost little."""

from __future__ import annotations

import ast
import re
import warnings

from langchain_unified.migrate.facts import (
    callables,
    facts,
    packages,
    target_homes,
    target_names,
)
from langchain_unified.migrate.text import mentioned


def names_a_target(code: str) -> bool:
    """Tell whether code mentions a class that is moved at all."""
    return any(name in code for name in target_names())


def mentions_text_model(code: str) -> bool:
    """Tell whether code may call what builds a model from a text, with such a text."""
    if not any(home in code for home in callables()):
        return False
    providers = facts()["text_models"]["providers"]
    return bool(_TEXT_CALL.search(code)) or any(f"{p}:" in code for p in providers)


_TEXT_CALL = re.compile(
    r"""(?:create_\w+|Middleware)\(\s*(?:\w+\s*=\s*)?[\[(]?\s*(?:f?["']|os\.|environ|getenv)"""
    r"""|\b(?:model|llm)\s*=\s*(?:f?["']|os\.|environ|getenv)"""
)
"""A call that gives a text, or a variable of the environment, for a model."""


def _reads_serialized(code: str) -> bool:
    return "serialized" in code and any(
        f"def {name}" in code for name in ("on_llm_start", "on_chat_model_start")
    )


def _names_package(code: str) -> bool:
    """Tell whether code names a package in text, or may take a class by its name."""
    by_name = "getattr(" in code
    return any(
        f'"{name}"' in code
        or f"'{name}'" in code
        or (by_name and f"import {name}" in code)
        for name in packages()
    )


def may_concern(code: str) -> bool:
    """Tell whether code imports what is moved, or names it in a dotted text.

    Example:
        >>> may_concern("from langchain_openai import ChatOpenAI")
        True
        >>> may_concern("'Like ChatOpenAI.'")
        False
    """
    if mentions_text_model(code) or _reads_serialized(code) or _names_package(code):
        return True
    return names_a_target(code) and _has_target(code)


def _has_target(code: str) -> bool:
    """Tell whether a statement concerns the migration, or nobody can tell."""
    try:
        tree = _parsed(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    return any(_concerns(node) for node in ast.walk(tree))


def nested_too_deeply(code: str) -> bool:
    """Tell whether code is nested deeper than Python's own parser takes.

    LibCST's parser has no such limit and would end the process (1.9.0, 2026-11-27).
    """
    try:
        _parsed(code)
    except SyntaxError as error:
        return "too many nested" in str(error.msg)
    except (RecursionError, MemoryError):
        return True
    except ValueError:
        return False
    return False


def _parsed(code: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(code)


def _concerns(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.level == 0 and node.module in target_homes()
    if isinstance(node, ast.Import):
        return any(alias.name in target_homes() for alias in node.names)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return mentioned(node.value) not in {None, node.value}
    return False
