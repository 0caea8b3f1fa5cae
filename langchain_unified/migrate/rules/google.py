"""`ChatGoogleGenerativeAI(...)`: keywords get their standard names."""

from __future__ import annotations

import re

import libcst as cst

from langchain_unified.migrate.arguments import Arguments, keyword
from langchain_unified.migrate.expressions import (
    prefixed,
    text_of,
    without_prefix,
)
from langchain_unified.migrate.facts import connection_settings, facts, renamed
from langchain_unified.migrate.rules import common
from langchain_unified.migrate.rules.openai import unpack_model_kwargs
from langchain_unified.migrate.types import Options

PROVIDER = "google_genai"
_UNASKED = (
    "ChatGoogleGenerativeAI sends temperature={} by default, UnifiedChatModel sends "
    "none; --keep-defaults adds it"
)
_DYNAMIC = (
    "ChatGoogleGenerativeAI sends temperature={} by default to models before Gemini 3, "
    "UnifiedChatModel sends none: add it if this can be such a model"
)


def rewrite(args: Arguments, options: Options) -> list[str]:
    """Rewrite the arguments; return what could not be checked."""
    table = facts()["google"]
    common.refuse(args, table["refused"])
    name = text_of(common.model_argument(args).value)
    notes = common.unseen(args)
    notes += _default_temperature(args, name, options)
    common.rename_keywords(args, renamed(PROVIDER))
    items = common.take_settings(args, connection_settings(PROVIDER))
    common.check_keywords(args)
    model = _prefix_model(args)
    args.add_after(model, [args.nested(PROVIDER, items)] if items else [])
    return notes + unpack_model_kwargs(args)


def _prefix_model(args: Arguments) -> cst.Arg:
    arg = common.model_argument(args)
    bare = without_prefix(facts()["google"]["model_prefix"], arg.value)
    return args.set(arg, prefixed(f"{PROVIDER}:", bare))


def _default_temperature(
    args: Arguments, model: str | None, options: Options
) -> list[str]:
    """Write, or report, the temperature that Gemini's class sends by default."""
    table = facts()["google"]
    if args.find("temperature") or args.starred("**"):
        return []
    if model is not None and re.search(table["without_default"], model.lower()):
        return []
    default = table["default_temperature"]
    if model is None:
        return [_DYNAMIC.format(default)]
    if not options.keep_defaults:
        return [_UNASKED.format(default)]
    value = keyword("temperature", cst.parse_expression(default))
    args.add_after(common.model_argument(args), [value])
    return []
