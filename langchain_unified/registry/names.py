"""Reading model names: provider prefix, case, fine-tunes, snapshots."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

_SUFFIXES = (
    re.compile(r"-\d{4}-\d{2}-\d{2}$"),
    re.compile(r"-(?:preview-)?\d{2}-\d{4}$"),
    re.compile(r"-\d{3,4}$"),
    re.compile(r"-latest$"),
)
_FINE_TUNED = re.compile(r"^ft:([^:]+)(?::.*)?$")
_FIRST_PARTY_HOSTS = ("openai.com", "azure.com", "googleapis.com")
_LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1", "testserver")


@dataclass(frozen=True, slots=True)
class Name:
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


def read_name(
    text: str, prefixes: Mapping[str, str], *, base_url: str | None = None
) -> Name:
    """Take a model name apart.

    Args:
        text: The name as the user wrote it.
        prefixes: Provider id by accepted prefix.
        base_url: The endpoint of the call; gateways keep `vendor/model` names.

    Example:
        >>> read_name("openai:GPT-4o", {"openai": "openai"})
        Name(provider='openai', wire='GPT-4o', key='gpt-4o', fine_tuned=False)
    """
    by_colon, wire = _split_prefix(text.strip(), ":", prefixes)
    by_slash, bare = _split_prefix(wire, "/", prefixes)
    if not _is_gateway(base_url):
        wire = bare
    fine_tuned = _FINE_TUNED.match(bare)
    key = (fine_tuned.group(1) if fine_tuned else bare).casefold()
    return Name(by_colon or by_slash, wire, key, fine_tuned is not None)


def _split_prefix(
    text: str, separator: str, prefixes: Mapping[str, str]
) -> tuple[str | None, str]:
    prefix, found, rest = text.partition(separator)
    provider = prefixes.get(prefix.casefold())
    return (provider, rest) if found and rest and provider else (None, text)


def _is_gateway(base_url: str | None) -> bool:
    if base_url is None:
        return False
    host = urlsplit(base_url).hostname or ""
    return not host.endswith(_FIRST_PARTY_HOSTS) and host not in _LOOPBACK_HOSTS


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
