"""`ChatAnthropic(...)` and `ChatOllama(...)`: the provider is switched on."""

from __future__ import annotations

from langchain_unified.migrate.arguments import Arguments
from langchain_unified.migrate.expressions import prefixed
from langchain_unified.migrate.facts import renamed
from langchain_unified.migrate.rules import common
from langchain_unified.migrate.types import Options


def rewrite_anthropic(args: Arguments, options: Options) -> list[str]:
    """Rewrite the arguments; return what could not be checked."""
    del options
    return _rewrite(args, "anthropic")


def rewrite_ollama(args: Arguments, options: Options) -> list[str]:
    """Rewrite the arguments; return what could not be checked."""
    del options
    return _rewrite(args, "ollama")


def _rewrite(args: Arguments, provider: str) -> list[str]:
    common.refuse_unseen(args)
    common.rename_keywords(args, renamed(provider))
    common.check_keywords(args)
    arg = common.model_argument(args)
    arg = args.set(arg, prefixed(f"{provider}:", arg.value))
    args.add_after(arg, [common.enabling(provider)])
    return common.unseen(args)
