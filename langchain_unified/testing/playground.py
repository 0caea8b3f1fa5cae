"""Real providers or the emulator, said aloud: for notebooks and experiments."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.emulator import ProviderEmulator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

KEYS = {
    "openai": ("OPENAI_API_KEY",),
    "google_genai": ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
}
"""Environment variables that hold a key, by provider id."""

VARIABLE = "LANGCHAIN_UNIFIED_PLAYGROUND"
"""Environment variable that chooses: `real`, `emulator`, or `auto` for by the keys."""

_CHOICES = ("auto", "real", "emulator")
_EMULATED_KEY = "emulator"


@dataclass(frozen=True)
class Playground:
    """Where the models of a notebook come from; print it to see.

    Attributes:
        real: Provider ids that are called for real, with the environment's keys.
        emulator: What plays all other providers; `None` if there are none.
        reason: Why, in a few words.
    """

    real: tuple[str, ...]
    emulator: ProviderEmulator | None
    reason: str

    @property
    def settings(self) -> dict[str, Any]:
        """Keywords for `UnifiedChatModel` and `UnifiedInferenceService`."""
        connections = {name: self.connection(name) for name in KEYS}
        given = {name: found for name, found in connections.items() if found}
        if "openai" in given:
            # The emulator plays OpenAI itself, not a gateway that looks like it.
            given["openai"] = {**given["openai"], "profile": "openai"}
        return {"providers": given}

    def connection(self, provider: str) -> dict[str, Any]:
        """Return key and base URL of a provider; nothing if it is called for real.

        Args:
            provider: Provider id. The keywords also fit that provider's own class.
        """
        if self.emulator is None or provider in self.real:
            return {}
        urls = {
            "openai": self.emulator.openai_base_url,
            "google_genai": self.emulator.google_base_url,
        }
        return {"api_key": _EMULATED_KEY, "base_url": urls[provider]}

    def __str__(self) -> str:
        """Say, provider by provider, who answers."""
        return "\n".join([self.reason, *(_line(name, self.real) for name in KEYS)])

    def close(self) -> None:
        """Stop the emulator; it also stops with the process."""
        if self.emulator is not None:
            self.emulator.stop()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Stop the emulator."""
        self.close()


def playground(
    choice: str | None = None,
    *,
    mix: bool = False,
    environment: Mapping[str, str] | None = None,
    **emulator: Any,
) -> Playground:
    """Choose real providers or the emulator, and start the emulator if need be.

    Real providers are called only if the environment has a key for each of them; else
    the emulator plays all of them, so that nobody mistakes an echo for an answer.

    Args:
        choice: `real`, `emulator` or `auto`; by default what
            `LANGCHAIN_UNIFIED_PLAYGROUND` says, else `auto`.
        mix: Whether providers with a key are real while the emulator plays the others.
        environment: Where to look for keys; `os.environ` if left out.
        **emulator: Keywords of `ProviderEmulator`.

    Returns:
        The constructor's keywords in `settings`, and who is real in `real`.

    Raises:
        ValueError: If there is no such choice, or `real` is asked for without keys.

    Example:
        >>> with playground("emulator") as place:
        ...     print(place)
        The emulator was requested.
        openai: the emulator, on this machine
        google_genai: the emulator, on this machine
    """
    given = os.environ if environment is None else environment
    choice = choice or given.get(VARIABLE) or "auto"
    if choice not in _CHOICES:
        message = f"choice must be one of {_CHOICES}, not {choice!r}."
        raise ValueError(message)
    if choice == "emulator":
        return _emulated((), "The emulator was requested.", emulator)
    keyed = tuple(name for name in KEYS if any(given.get(key) for key in KEYS[name]))
    missing = [" or ".join(KEYS[name]) for name in KEYS if name not in keyed]
    if not missing:
        return Playground(keyed, None, "The environment has keys for all providers.")
    reason = f"Not in the environment: {', '.join(missing)}."
    if mix and keyed:
        return _emulated(keyed, f"{reason} A mixture was asked for.", emulator)
    if choice == "real":
        message = f"{reason} Set it, or ask for the emulator or a mixture."
        raise ValueError(message)
    return _emulated((), reason, emulator)


def _emulated(
    real: tuple[str, ...], reason: str, settings: dict[str, Any]
) -> Playground:
    return Playground(real, ProviderEmulator(**settings).start(), reason)


def _line(provider: str, real: tuple[str, ...]) -> str:
    if provider in real:
        return f"{provider}: the real provider, which costs money"
    return f"{provider}: the emulator, on this machine"
