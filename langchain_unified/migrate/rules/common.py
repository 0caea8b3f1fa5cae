"""Steps that several rules share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import libcst as cst

from langchain_unified.migrate.arguments import Arguments, Setting, keyword
from langchain_unified.migrate.expressions import is_name, string, text_of
from langchain_unified.migrate.facts import accepted_keywords
from langchain_unified.migrate.rules.outcome import RefusedError


def check_keywords(args: Arguments) -> None:
    """Refuse a call with a keyword that `UnifiedChatModel` does not take."""
    unknown = [name for name in args.names if name not in accepted_keywords()]
    if unknown:
        listed = ", ".join(f"{name}=" for name in unknown)
        msg = f"UnifiedChatModel does not accept {listed}: use extra_body= or remove it"
        raise RefusedError(msg)


def refuse(args: Arguments, reasons: Mapping[str, str]) -> None:
    """Refuse a call with one of some keywords, unless its value asks for nothing."""
    for name in args.names:
        arg = args.find(name)
        if name not in reasons or arg is None:
            continue
        if not is_name(arg.value, "None", "False") and text_of(arg.value) != "":
            msg = f"{name}=: {reasons[name]}"
            raise RefusedError(msg)
        args.remove(arg)


def refuse_unseen(args: Arguments) -> None:
    """Refuse a call whose keywords cannot be seen."""
    if args.starred("**"):
        msg = "**keywords may contain settings that must be translated: write them out"
        raise RefusedError(msg)


def unseen(args: Arguments) -> list[str]:
    """Say what of a call's arguments could not be checked."""
    notes = []
    if args.starred("**"):
        notes.append("**keywords could not be checked")
    if args.positional or args.starred("*"):
        notes.append("positional arguments could not be checked")
    return notes


def rename_keywords(args: Arguments, renamed: Mapping[str, str]) -> None:
    """Give keywords their standard names."""
    for name in args.names:
        arg, new = args.find(name), renamed.get(name)
        if arg is None or new is None:
            continue
        if args.find(new):
            msg = f"{name}= and {new}= are the same setting: keep one"
            raise RefusedError(msg)
        args.rename(arg, new)


def take_settings(args: Arguments, settings: Mapping[str, str]) -> list[Setting]:
    """Take connection keywords out, each under the name `providers` knows it by."""
    given = [name for name in args.names if name in settings]
    if len({settings[name] for name in given}) < len(given):
        msg = "two names of one connection setting: keep one"
        raise RefusedError(msg)
    taken = (args.take(name, settings[name]) for name in given)
    return [setting for setting in taken if setting is not None]


def enabling(provider: str) -> cst.Arg:
    """Return `enable=["provider"]`."""
    return keyword("enable", cst.List([cst.Element(string(provider))]))


def model_argument(args: Arguments, names: Sequence[str] = ("model",)) -> cst.Arg:
    """Return the argument that names the model, or refuse the call."""
    found = args.find(*names)
    if found is None:
        msg = "no model is given: add model="
        raise RefusedError(msg)
    return found
