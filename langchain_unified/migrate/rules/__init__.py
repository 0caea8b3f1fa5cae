"""The rules for calls: one module per class that is moved."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from langchain_unified.migrate.arguments import Arguments
from langchain_unified.migrate.rules import azure, google, openai, other
from langchain_unified.migrate.rules.outcome import Outcome, RefusedError
from langchain_unified.migrate.types import Options

__all__ = ["Outcome", "rewrite"]

_RULES: dict[str, Callable[[Arguments, Options], list[str]]] = {
    "openai": openai.rewrite,
    "openai_old": openai.rewrite_old,
    "azure": azure.rewrite,
    "azure_old": azure.rewrite_old,
    "google": google.rewrite,
    "anthropic": other.rewrite_anthropic,
    "ollama": other.rewrite_ollama,
}


def rewrite(rule: str, call: cst.Call, options: Options) -> Outcome:
    """Rewrite the arguments of a call for `UnifiedChatModel`."""
    args = Arguments(call)
    try:
        notes = _RULES[rule](args, options)
    except RefusedError as refused:
        return Outcome(None, (str(refused),))
    return Outcome(args.call(), tuple(notes))
