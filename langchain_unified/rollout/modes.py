"""Modes: what a flag can say, and which implementation that means for a call."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Literal, NamedTuple

from langchain_unified.errors import InvalidParameterError

ModeName = Literal["unified", "legacy", "canary", "shadow", "off"]
"""What serves a call; `off` is for single providers only."""

ServedBy = Literal["unified", "legacy", "off"]
"""The implementation that answered; `off` refuses the call before it is sent."""

_NAMES = ("unified", "legacy", "canary", "shadow")
_ACCEPTED = (
    "give 'unified', 'legacy', 'shadow' or 'canary:<percent>', and after a comma, if "
    "you like, '<provider>=<mode>' or '<provider>=off', for example "
    "'canary:10, google_genai=off'."
)
_HUNDRED = 100.0
_SPACE = 2**64


class Mode(NamedTuple):
    """What a flag says.

    Attributes:
        name: The mode of calls to every provider not listed in `providers`.
        percent: For `canary`, the share of keys served by the unified path, 0 to 100.
        providers: Provider ids with a mode of their own; `off` is a kill switch.

    Example:
        >>> Mode.parse("canary:10, google_genai=off").of("google_genai").name
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
            InvalidParameterError: If it says nothing this package knows.
        """
        if isinstance(value, Mode):
            return value
        if isinstance(value, bool):
            return _parsed("unified" if value else "legacy")
        if not isinstance(value, str):
            raise InvalidParameterError("rollout", value, _ACCEPTED)
        return _parsed(str(value))

    def of(self, provider: str) -> Mode:
        """Return the mode of calls to one provider."""
        return dict(self.providers).get(provider, self) if self.providers else self

    @property
    def killed(self) -> frozenset[str]:
        """The providers that are switched off."""
        return frozenset(name for name, mode in self.providers if mode.name == "off")

    def serves(self, key: str, salt: str) -> ServedBy:
        """Return the implementation that serves a call.

        Args:
            key: Who the call is for; matters for `canary` only.
            salt: Names the experiment; another salt draws other keys.
        """
        if self.name == "canary":
            return "unified" if in_canary(key, self.percent, salt) else "legacy"
        return "legacy" if self.name == "shadow" else self.name

    def __str__(self) -> str:
        """Return the mode as a flag would say it."""
        own = f"canary:{self.percent:g}" if self.name == "canary" else self.name
        others = (f"{provider}={mode}" for provider, mode in self.providers)
        return ", ".join((own, *others))


def in_canary(key: str, percent: float, salt: str) -> bool:
    """Tell whether a key belongs to the first `percent` of all keys.

    The same key always gets the same answer, in every process and on every machine;
    a key that is in at 10 % is in at 50 %.
    """
    digest = hashlib.blake2b(f"{salt}:{key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") < _SPACE * (percent / _HUNDRED)


@lru_cache(maxsize=256)
def _parsed(text: str) -> Mode:
    parts = [part.strip() for part in text.replace("\n", ",").split(",")]
    plain = [part for part in parts if part and "=" not in part]
    pairs = [part.partition("=") for part in parts if "=" in part]
    if len(plain) > 1 or not (plain or pairs):
        raise InvalidParameterError("rollout", text, _ACCEPTED)
    providers = tuple(
        (provider.strip().lower(), _single(mode.strip(), text, off=True))
        for provider, _, mode in pairs
    )
    own = _single(plain[0] if plain else "unified", text)
    return Mode(own.name, own.percent, providers)


def _single(word: str, text: str, *, off: bool = False) -> Mode:
    name, _, percent = (part.strip() for part in word.lower().partition(":"))
    if off and word.lower() == "off":
        return Mode("off")
    if name == "canary":
        return Mode("canary", _percent(percent, text))
    for known in _NAMES:
        if word.lower() == known:
            return Mode(known)  # type: ignore[arg-type]
    raise InvalidParameterError("rollout", text, _ACCEPTED)


def _percent(word: str, text: str) -> float:
    try:
        percent = float(word.removesuffix("%"))
    except ValueError:
        raise InvalidParameterError("rollout", text, _ACCEPTED) from None
    if not 0 <= percent <= _HUNDRED:
        raise InvalidParameterError("rollout", text, _ACCEPTED)
    return percent
