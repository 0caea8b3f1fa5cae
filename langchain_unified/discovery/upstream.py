"""What other catalogues say about the same models, next to what the registry says.

The catalogues are read from packages that happen to be installed: the literals and
deprecation notes of `openai.types`, the profiles of `langchain_openai` and
`langchain_google_genai`, `modelparams` and `genai_prices`. None of them is right
everywhere, so a difference is a question for a person: accepted ones are kept in a
file with a reason and a source each.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from langchain_unified.discovery.trials import EFFORTS
from langchain_unified.registry import Registry
from langchain_unified.types import ModelConfig

_LITERALS = ("shared.chat_model", "shared.all_models", "shared.responses_model")
_PROFILES = {
    "langchain_openai": "openai",
    "langchain_google_genai": "google_genai",
}
_CATALOGUES = {"openai": "openai", "google": "google_genai"}
_FLAGS = (
    "tool_calling",
    "structured_output",
    "reasoning_output",
    "image_inputs",
    "audio_inputs",
    "video_inputs",
    "pdf_inputs",
    "text_outputs",
    "image_outputs",
    "audio_outputs",
    "temperature",
)
_NUMBERS = ("max_input_tokens", "max_output_tokens")
_QUOTED = re.compile(r'"([\w.\-]+)"')
_NOTE = re.compile(
    r'^- (?P<ids>(?:"[^"]+",?\s*)+):\s*Announced\s+shutdown\s+date:'
    r"\s+(?P<day>[\d-]{10})",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a catalogue says about a model.

    Attributes:
        source: The catalogue.
        provider: Provider id.
        model: The model's name.
        fact: What it is about; `id` for the model's existence.
        value: What it says.
    """

    source: str
    provider: str
    model: str
    fact: str
    value: Any


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A claim that differs from what the registry says.

    Attributes:
        claim: The claim.
        ours: What the registry says.
    """

    claim: Claim
    ours: Any

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Source, model, fact and the value claimed: what an acceptance is about."""
        one = self.claim
        return one.source, f"{one.provider}:{one.model}", one.fact, str(one.value)

    def __str__(self) -> str:
        """Return one line for a person."""
        source, model, fact, theirs = self.key
        return f"{model}: {fact} is {theirs} in {source}, {self.ours} here"


def claims() -> Iterator[Claim]:
    """Yield the claims of every catalogue that is installed."""
    for read in _CATALOGUE_READERS:
        with suppress(ImportError):
            yield from read()


def disagreements(
    registry: Registry, made: Iterable[Claim] | None = None
) -> list[Disagreement]:
    """Return the claims that differ from what the registry says.

    Args:
        registry: The registry to compare.
        made: The claims; those of the installed catalogues if left out.
    """
    compared = (
        _compared(registry, one) for one in (claims() if made is None else made)
    )
    return [one for one in compared if one is not None]


def _compared(registry: Registry, claim: Claim) -> Disagreement | None:
    config = registry.resolve(f"{claim.provider}:{claim.model}")
    if claim.fact == "id":
        known = config.match != "fallback"
        return None if known else Disagreement(claim, "unknown")
    if config.match in {"family", "fallback"}:
        return None
    ours = ours_of(config, claim.fact)
    return None if ours == claim.value else Disagreement(claim, ours)


def ours_of(config: ModelConfig, fact: str) -> Any:  # noqa: PLR0911 - one per fact
    """Return what the registry says about a fact, in the catalogues' words."""
    if fact == "shutdown":
        return config.lifecycle.shutdown
    if fact == "released":
        return config.lifecycle.released
    if fact in _NUMBERS:
        return config.limits.get(fact.removeprefix("max_").removesuffix("_tokens"))
    if fact == "temperature":
        usable = {"any", "effort_none", "ignored"}
        rules = (config.mappings[name].rules for name in config.endpoints)
        return any(rule["temperature"].accepts in usable for rule in rules)
    if fact == "reasoning_effort_levels":
        listed = {x for name in config.endpoints for x in config.thinking.levels[name]}
        return tuple(level for level in EFFORTS if level in listed)
    if fact == "reasoning_output":
        return config.reasons
    return config.supports(fact)


def _sdk_literals() -> Iterator[Claim]:
    for name in _LITERALS:
        module = importlib.import_module(f"openai.types.{name}")
        text = Path(module.__file__ or "").read_text(encoding="utf-8")
        code, _, notes = text.partition("Deprecated values:")
        for model in _QUOTED.findall(code.partition("Literal[")[2]):
            yield Claim("openai.types", "openai", model, "id", "listed")
        for note in _NOTE.finditer(notes):
            day = date.fromisoformat(note["day"])
            for model in _QUOTED.findall(note["ids"]):
                yield Claim("openai.types", "openai", model, "shutdown", day)


def _partner_profiles() -> Iterator[Claim]:
    for package, provider in _PROFILES.items():
        for model, profile in _profiles_in(package):
            yield Claim(package, provider, model, "id", "listed")
            for fact, value in _profile_facts(profile):
                yield Claim(package, provider, model, fact, value)


def _profiles_in(package: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the profile of each model a package knows.

    They are data that a command generates; the package gives out one at a time only.
    """
    if find_spec(package) is None:
        return
    for file in resources.files(f"{package}.data").iterdir():
        text = file.read_text("utf-8") if file.name.endswith(".py") else ""
        for node in ast.parse(text).body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict):
                yield from ast.literal_eval(node.value).items()


def _profile_facts(profile: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((fact, profile[fact]) for fact in _FLAGS if fact in profile)
    yield from ((fact, profile[fact]) for fact in _NUMBERS if profile.get(fact))
    levels = profile.get("reasoning_effort_levels")
    if levels:
        yield "reasoning_effort_levels", tuple(x for x in EFFORTS if x in levels)
    released = profile.get("release_date")
    if released:
        yield "released", date.fromisoformat(released)


def _model_parameters() -> Iterator[Claim]:
    catalogue = importlib.import_module("modelparams")
    for entry in catalogue.CATALOG:
        provider = _CATALOGUES.get(entry.provider)
        if provider is None or entry.auth_type != "api_key":
            continue
        yield Claim("modelparams", provider, entry.model, "id", "listed")
        for fact, value in _entry_facts(entry):
            yield Claim("modelparams", provider, entry.model, fact, value)


def _entry_facts(entry: Any) -> Iterator[tuple[str, Any]]:
    if entry.shutdown_on:
        yield "shutdown", date.fromisoformat(entry.shutdown_on)
    paths = {one.path.rpartition(".")[2]: one for one in entry.params}
    yield "temperature", "temperature" in paths
    effort = paths.get("reasoning_effort") or paths.get("effort")
    if effort is not None and effort.values:
        listed = {str(value).lower() for value in effort.values}
        yield "reasoning_effort_levels", tuple(x for x in EFFORTS if x in listed)


def _prices() -> Iterator[Claim]:
    snapshot = importlib.import_module("genai_prices.data_snapshot").get_snapshot()
    for owner in snapshot.providers:
        provider = _CATALOGUES.get(owner.id)
        for model in owner.models if provider else ():
            yield Claim("genai-prices", provider or "", model.id, "id", "listed")


_CATALOGUE_READERS: tuple[Callable[[], Iterator[Claim]], ...] = (
    _sdk_literals,
    _partner_profiles,
    _model_parameters,
    _prices,
)
