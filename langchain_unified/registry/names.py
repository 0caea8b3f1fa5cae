"""Reading model names: provider prefix, case, fine-tunes, snapshots."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_SUFFIXES = (
    re.compile(r"-\d{4}-\d{2}-\d{2}$"),
    re.compile(r"-(?:preview-)?\d{2}-\d{4}$"),
    re.compile(r"-\d{3,4}$"),
    re.compile(r"-latest$"),
)
_FINE_TUNED = re.compile(r"^ft:([^:]+)(?::.*)?$")
_TAG = re.compile(r":[^/]*$")


class Name(NamedTuple):
    """A model name taken apart.

    Attributes:
        provider: Provider named by a prefix, if any.
        wire: The name without the prefix, as written.
        key: The name to look rows up by: lower case, a fine-tune's base model.
        fine_tuned: Whether the name is a fine-tuned model's.
    """

    provider: str | None
    wire: str
    key: str
    fine_tuned: bool = False


class Place(NamedTuple):
    """Where OpenAI's wire is spoken to, as far as it decides what a name means.

    Attributes:
        server: Address of the user's own server; empty for OpenAI's.
        configured: Other providers that the user set up.
        host: What the user calls that server; empty if it has no name.
        profile: Name of what is known about its make; empty if its address tells.
        stated: Whether the user says that the name is that of a known model, which
            it is then wherever it is called.
    """

    server: str = ""
    configured: frozenset[str] = frozenset()
    host: str = ""
    profile: str = ""
    stated: bool = False


OWN = Place()
"""OpenAI itself."""


def read_name(text: str, prefixes: Mapping[str, str], place: Place = OWN) -> Name:
    """Take a model name apart.

    On the user's own server a name belongs to that server: a prefix counts only if it
    is the id of a provider, as `init_chat_model` writes it, or of a provider that the
    user set up; what follows `openai:` is sent to the letter.

    Args:
        text: The name as the user wrote it.
        prefixes: Provider id by accepted prefix.
        place: Where the name is used.

    Example:
        >>> read_name("openai:GPT-4o", {"openai": "openai"})
        Name(provider='openai', wire='GPT-4o', key='gpt-4o', fine_tuned=False)
        >>> read_name("a/b", {"a": "acme"}, Place("http://host/v1")).wire
        'a/b'
    """
    by_colon, wire = _split_prefix(text.strip(), ":", _trusted(prefixes, place))
    if place.server and by_colon in {None, *_LETTERS}:
        return Name(by_colon, wire, wire.casefold(), bool(_FINE_TUNED.match(wire)))
    by_slash, bare = _split_prefix(wire, "/", prefixes)
    fine_tuned = _FINE_TUNED.match(bare)
    key = (fine_tuned.group(1) if fine_tuned else bare).casefold()
    return Name(by_colon or by_slash, bare, key, fine_tuned is not None)


_LETTERS = frozenset({"openai"})
"""Providers whose server is the user's own if one is given."""


def _trusted(prefixes: Mapping[str, str], place: Place) -> Mapping[str, str]:
    if not place.server:
        return prefixes
    configured = place.configured
    return {k: v for k, v in prefixes.items() if k == v or v in configured}


def hosted_name(text: str, provider: str) -> Name:
    """Take the name of a model on a named server apart; it is sent to the letter.

    Example:
        >>> hosted_name("openai/Some-Model", "openai").wire
        'openai/Some-Model'
    """
    key = text.casefold()
    fine_tuned = _FINE_TUNED.match(key)
    base = fine_tuned.group(1) if fine_tuned else key
    return Name(provider, text, base, fine_tuned is not None)


def _split_prefix(
    text: str, separator: str, prefixes: Mapping[str, str]
) -> tuple[str | None, str]:
    prefix, found, rest = text.partition(separator)
    provider = prefixes.get(prefix.casefold())
    return (provider, rest) if found and rest and provider else (None, text)


def known_names(key: str) -> Iterator[str]:
    """Yield the names of models that a gateway's name may stand for, each once.

    Args:
        key: The name in lower case.

    Example:
        >>> list(known_names("openrouter/openai/gpt-4o:online"))[-1]
        'gpt-4o'
    """
    seen: list[str] = []
    fine_tuned = _FINE_TUNED.match(key) if key.startswith("ft:") else None
    for name in (fine_tuned.group(1) if fine_tuned else key, _TAG.sub("", key)):
        for part in (name, name.rpartition("/")[2]):
            if part not in seen:
                seen.append(part)
                yield part


def is_part(name: str, text: str) -> bool:
    """Tell whether a model name stands in a text, not within another word.

    Example:
        >>> is_part("o3", "prod-o3-eu"), is_part("o3", "turbo35")
        (True, False)
    """
    around = r"[a-z0-9.]"
    pattern = rf"(?<!{around}){re.escape(name)}(?!{around})"
    return re.search(pattern, text) is not None


def shorter_names(key: str) -> Iterator[str]:
    """Yield the name without one dated or numbered suffix after the other."""
    for pattern in _SUFFIXES:
        shorter = pattern.sub("", key)
        if shorter != key:
            yield shorter
            yield from shorter_names(shorter)
