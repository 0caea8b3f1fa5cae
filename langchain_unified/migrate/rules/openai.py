"""`ChatOpenAI(...)`: the model is named, `model_kwargs` unpacked, the rest is ours."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from langchain_unified.call import canonical
from langchain_unified.errors import UnknownParameterError
from langchain_unified.migrate.arguments import Arguments, keyword
from langchain_unified.migrate.expressions import code_of, prefixed, text_of
from langchain_unified.migrate.facts import facts, setting_names
from langchain_unified.migrate.rules.common import check_keywords, unseen
from langchain_unified.migrate.rules.outcome import RefusedError
from langchain_unified.migrate.types import Options
from langchain_unified.registry import default_registry
from langchain_unified.settings import canonical_names

_PROVIDER = "openai"


_POSITIONAL = "ChatOpenAI accepts no positional arguments: use model="
_UNASKED = (
    "the class of this import sent temperature={} by default, UnifiedChatModel sends "
    "none; --keep-defaults adds it"
)


def rewrite(args: Arguments, options: Options) -> list[str]:
    """Rewrite the arguments; return what could not be checked."""
    del options
    if args.positional:
        raise RefusedError(_POSITIONAL)
    check_keywords(args)
    notes = unseen(args)
    _pin(args)
    return notes + unpack_model_kwargs(args)


def rewrite_old(args: Arguments, options: Options) -> list[str]:
    """Rewrite the arguments of a class of the time before langchain-openai."""
    notes = old_temperature(args, options)
    return [*notes, *rewrite(args, options)]


def old_temperature(args: Arguments, options: Options) -> list[str]:
    """Write, or report, the temperature that the class sent by default."""
    if args.find("temperature") or args.starred("**"):
        return []
    default = facts()["openai"]["old_temperature"]
    if not options.keep_defaults:
        return [_UNASKED.format(default)]
    args.append(keyword("temperature", cst.parse_expression(default)))
    return []


def _pin(args: Arguments) -> None:
    """Say `openai:` where the name alone would choose another provider."""
    arg = args.find("model", "model_name")
    if arg is None or args.find("base_url", "openai_api_base") is not None:
        return  # where a base URL is given, its server is asked, whatever the name
    name = text_of(arg.value)
    if name and name.strip() and default_registry().resolve(name).provider != _PROVIDER:
        args.set(arg, prefixed(f"{_PROVIDER}:", arg.value))


def unpack_model_kwargs(args: Arguments) -> list[str]:
    """Turn `model_kwargs={...}` into keywords if every key is a setting we know."""
    arg = args.find("model_kwargs")
    if arg is None:
        return []
    if not isinstance(arg.value, cst.Dict):
        return ["model_kwargs= is no literal dictionary: its keys could not be checked"]
    elements = list(arg.value.elements)
    keys = [
        text_of(e.key) if isinstance(e, cst.DictElement) else None for e in elements
    ]
    _refuse_unknown([key for key in keys if key])
    problem = "; ".join((*_problems(keys, args), *_comments(arg, args)))
    if problem:
        return [f"model_kwargs= was not expanded: {problem}"]
    args.unpack(arg, [key for key in keys if key])
    return []


def _refuse_unknown(keys: list[str]) -> None:
    """Refuse a call with a key that `UnifiedChatModel` does not take at all."""
    unknown = [repr(key) for key in keys if not _is_known(key)]
    if unknown:
        listed = ", ".join(unknown)
        msg = (
            f"UnifiedChatModel does not accept {listed} in model_kwargs=: use "
            "extra_body="
        )
        raise RefusedError(msg)


def _is_known(key: str) -> bool:
    try:
        canonical({key: None}, where="model_kwargs")
    except UnknownParameterError:
        return False
    return True


def _problems(keys: list[str | None], args: Arguments) -> Iterator[str]:
    taken = {_canonical(name) for name in args.names}
    for key in keys:
        if key is None:
            yield "a key is not a string literal"
        elif key not in setting_names():
            yield f"{key!r} is not a setting of its own"
        elif _canonical(key) in taken:
            yield f"{key!r} is given twice"
        else:
            taken.add(_canonical(key))


def _comments(arg: cst.Arg, args: Arguments) -> Iterator[str]:
    """Object if unpacking would lose a comment."""
    before = code_of(args.call()).count("#")
    trial = Arguments(args.call())
    found = trial.find("model_kwargs")
    if found is None or not isinstance(arg.value, cst.Dict):
        return
    trial.unpack(found, ["_"] * len(arg.value.elements))
    if code_of(trial.call()).count("#") != before:
        yield "a comment would be lost"


def _canonical(name: str) -> str:
    return canonical_names().get(name, name)
