"""`init_chat_model(...)`: the provider goes into the name, its rule does the rest."""

from __future__ import annotations

import libcst as cst

from langchain_unified.migrate.arguments import Arguments
from langchain_unified.migrate.expressions import (
    is_name,
    prefixed,
    text_of,
    without_prefix,
)
from langchain_unified.migrate.facts import facts
from langchain_unified.migrate.rules import azure, common, google, openai
from langchain_unified.migrate.rules.outcome import RefusedError
from langchain_unified.migrate.types import Options

_FIELDS = "configurable_fields"
_PREFIX = "config_prefix"


def rewrite(args: Arguments, options: Options) -> list[str]:
    """Rewrite the arguments; return what could not be checked."""
    _name_positional(args)
    _drop_configurable(args)
    arg = common.model_argument(args)
    provider = _take_provider(args) or _read_provider(arg.value)
    rule = facts()["init"]["rules"].get(provider)
    if rule is None:
        msg = f"UnifiedChatModel has no provider {provider}"
        raise RefusedError(msg)
    arg = common.model_argument(args)
    args.set(arg, without_prefix(f"{provider}:", arg.value))
    return _by_rule(rule, provider, args, options)


def _by_rule(rule: str, provider: str, args: Arguments, options: Options) -> list[str]:
    """Apply the rule of the provider's own class."""
    if rule == "google":
        return google.rewrite(args, options)
    if rule == "azure":
        return azure.rewrite(args, options)
    common.check_keywords(args)
    arg = common.model_argument(args)
    arg = args.set(arg, prefixed(f"{provider}:", arg.value))
    if rule == "other":
        args.add_after(arg, [common.enabling(provider)])
        return common.unseen(args)
    return openai.rewrite(args, options)


def _name_positional(args: Arguments) -> None:
    given = args.positional
    if args.starred("*") or len(given) > 1:
        msg = "positional arguments could not be read"
        raise RefusedError(msg)
    if given:
        args.rename(given[0], "model")


def _take_provider(args: Arguments) -> str | None:
    """Take `model_provider=` out and return it."""
    arg = args.find("model_provider")
    if arg is None:
        return None
    provider = text_of(arg.value)
    if provider is None and not is_name(arg.value, "None"):
        msg = "model_provider= is not a text literal: write model='provider:name'"
        raise RefusedError(msg)
    args.remove(arg)
    return provider.replace("-", "_").lower() if provider else None


def _read_provider(model: cst.BaseExpression) -> str:
    """Return the provider that init_chat_model reads off the name."""
    name = text_of(model)
    if name is None:
        msg = "the name is dynamic and no model_provider= is given"
        raise RefusedError(msg)
    table = facts()["init"]
    head = name.partition(":")[0]
    if ":" in name and head in table["providers"]:
        return head
    starts = (s for s in table["inferred"] if name.lower().startswith(s))
    start = next(starts, None)
    if start is None:
        msg = f"no provider is known for {name!r}: write 'provider:name'"
        raise RefusedError(msg)
    provider: str = table["inferred"][start]
    return provider


def _drop_configurable(args: Arguments) -> None:
    """Drop what UnifiedChatModel does by itself; refuse what it does not."""
    prefix = args.find(_PREFIX)
    if prefix is not None:
        if text_of(prefix.value) != "" and not is_name(prefix.value, "None"):
            msg = (
                f"{_PREFIX}=: UnifiedChatModel reads config['configurable'] unprefixed"
            )
            raise RefusedError(msg)
        args.remove(prefix)
    fields = args.find(_FIELDS)
    if fields is not None:
        _check_fields(fields.value)
        args.remove(fields)


def _check_fields(value: cst.BaseExpression) -> None:
    if is_name(value, "None"):
        return
    covered = facts()["init"]["configurable"]
    names = _texts(value)
    if names is None or any(name not in covered for name in names):
        listed = ", ".join(covered)
        msg = f"{_FIELDS}=: config['configurable'] sets {listed} only"
        raise RefusedError(msg)


def _texts(value: cst.BaseExpression) -> list[str | None] | None:
    if not isinstance(value, (cst.List, cst.Tuple, cst.Set)):
        return None
    return [text_of(element.value) for element in value.elements]
