"""Modes: what a flag can say, and which implementation that means for a call."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache
from typing import Literal, NamedTuple, cast

from langchain_unified.errors import InvalidParameterError, shown_name
from langchain_unified.registry import default_registry

ModeName = Literal["unified", "legacy", "canary", "shadow", "off"]
"""What serves a call; `off` is for single providers only."""

ServedBy = Literal["unified", "legacy", "off"]
"""The implementation that answered; `off` refuses the call before it is sent."""

_NAMES = ("unified", "legacy", "canary", "shadow")
_ACCEPTED = (
    "give 'unified', 'legacy', 'shadow' or 'canary:<percent>', and after a comma, if "
    "you like, '<provider>=<mode>' or '<provider>=off', for example "
    "'canary:10, openai=off'."
)
_PERCENT = re.compile(r"(\d+(?:\.\d*)?|\.\d+) ?%?", re.ASCII)
_HUNDRED = 100.0


class Mode(NamedTuple):
    """What a flag says.

    Attributes:
        name: The mode of calls to every provider not listed in `providers`.
        percent: For `canary`, the share of keys served by the unified path, 0 to 100.
        providers: Provider ids with a mode of their own; `off` is a kill switch.

    Example:
        >>> Mode.parse("canary:10, openai=off").of("openai").name
        'off'
    """

    name: ModeName
    percent: float = 0.0
    providers: tuple[tuple[str, Mode], ...] = ()

    @staticmethod
    def parse(value: object) -> Mode:
        """Read what a flag says.

        Args:
            value: Text such as `canary:10`, a `Mode`, or a boolean: `True` for
                `unified`, `False` for `legacy`.

        Raises:
            InvalidParameterError: If it names no mode, or a provider that the registry
                does not have; the message names the nearest one.
        """
        if isinstance(value, bool):
            return UNIFIED if value else LEGACY
        if not isinstance(value, (str, Mode)):
            raise InvalidParameterError("rollout", value, _ACCEPTED)
        parsed = _parsed(str(value))  # One that a user made is checked as text is.
        return value if isinstance(value, Mode) else parsed

    def of(self, provider: str) -> Mode:
        """Return the mode of calls to one provider."""
        return dict(self.providers).get(provider, self) if self.providers else self

    @property
    def kill_switches(self) -> tuple[tuple[str, Mode], ...]:
        """The providers that are switched off."""
        return tuple(pair for pair in self.providers if pair[1].name == "off")

    def serves(self, key: str, salt: str) -> ServedBy:
        """Return what serves a call for this key; another salt draws other keys."""
        if self.name == "canary":
            return "unified" if in_canary(key, self.percent, salt) else "legacy"
        return "legacy" if self.name == "shadow" else self.name

    def __str__(self) -> str:
        """Return the mode as a flag would say it."""
        percent = f"{self.percent:.8f}".rstrip("0").rstrip(".")
        own = f"canary:{percent}" if self.name == "canary" else self.name
        others = (f"{provider}={mode}" for provider, mode in self.providers)
        return ", ".join((own, *others))


LEGACY = Mode("legacy")
UNIFIED = Mode("unified")


def enters_at(key: str, salt: str) -> float:
    """Return the percentage from which on a key is in; the same on every machine."""
    named = f"{salt}:{key}".encode("utf-8", "surrogatepass")
    digest = hashlib.blake2b(named, digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 * _HUNDRED


def in_canary(key: str, percent: float, salt: str) -> bool:
    """Tell whether a key belongs to the first `percent` of all keys."""
    return percent >= _HUNDRED or enters_at(key, salt) < percent


@lru_cache(maxsize=256)
def _parsed(text: str) -> Mode:
    parts = [part.strip() for part in re.split(r"[,;\n]", text)]
    plain = [part for part in parts if part and "=" not in part]
    pairs = [part.partition("=") for part in parts if "=" in part]
    if not (plain or pairs):
        raise InvalidParameterError("rollout", text, f"it is empty; {_ACCEPTED}")
    if len(plain) > 1:
        raise _refused(text, f"{plain[0]!r} and {plain[1]!r} are two modes; give one")
    providers: dict[str, Mode] = {}
    for name, _, mode in pairs:
        provider = _provider(name.strip(), text)
        if provider in providers:
            raise _refused(text, f"{provider!r} is given twice")
        providers[provider] = _single(mode.strip(), text, off=True)
    own = _single(plain[0], text) if plain else UNIFIED
    return Mode(own.name, own.percent, tuple(providers.items()))


def _provider(name: str, text: str) -> str:
    """Return a provider's id; one that does not exist would be a switch for nothing."""
    known, lower = default_registry().files, name.lower()
    if lower in known:
        return lower
    spellings = {p: i for i in known for p in default_registry().provider(i).prefixes}
    why = f"there is no provider {name!r}"
    meant = spellings.get(lower) or _nearest(lower, known)
    raise _refused(text, why, meant, f" Providers: {', '.join(known)}.")


def _single(word: str, text: str, *, off: bool = False) -> Mode:
    name, colon, percent = (part.strip() for part in word.lower().partition(":"))
    if name == "canary":
        if not colon:
            raise _refused(text, "'canary' needs a percentage", "canary:10")
        share = _PERCENT.fullmatch(percent)
        if share is None or float(share[1]) > _HUNDRED:
            raise _refused(text, f"{percent!r} is not a percentage from 0 to 100")
        return Mode("canary", float(share[1]))
    words = (*_NAMES, "off") if off else _NAMES
    if name in words and not colon:
        return Mode(cast("ModeName", name))
    raise _refused(text, f"there is no mode {word!r}", _nearest(name, words))


def _nearest(word: str, known: Iterable[str]) -> str:
    return next(iter(get_close_matches(word, list(known), 1)), "")


def _refused(
    text: str, why: str, meant: str = "", known: str = ""
) -> InvalidParameterError:
    """Return the error of a flag that would not do what it says."""
    if text != shown_name(text):
        return InvalidParameterError("rollout", shown_name(text), _ACCEPTED)
    hint = f" Did you mean {meant!r}?" if meant else ""
    return InvalidParameterError("rollout", text, f"{why}.{hint}{known} {_ACCEPTED}")
