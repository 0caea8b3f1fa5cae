"""Catalogues of models in packages that happen to be installed, claim by claim.

The types and deprecation notes of `openai`, the types of other SDKs, the profiles of
LangChain's packages, `modelparams`, `genai_prices` and the map of `litellm`. None of
them is a dependency, and none is right everywhere; `data/catalogues.toml` names them,
and says which provider has none.
"""

from __future__ import annotations

import ast
import importlib
import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

from langchain_unified import data
from langchain_unified.discovery.trials import EFFORTS

ANY_MODEL = "*"
"""The model of a claim about an endpoint, whichever model is called."""

_LOG = logging.getLogger("langchain_unified")
_LITERALS = ("shared.chat_model", "shared.all_models", "shared.responses_model")
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
NUMBERS = ("max_input_tokens", "max_output_tokens")
_RESPONSES_ONLY = "shared.responses_model"
"""The type that adds, to the models of chat, those that Responses alone serves."""
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b")
_QUOTED = re.compile(r'"([\w.\-]+)"')
_NOTE = re.compile(
    r'^- (?P<ids>(?:"[^"]+",?\s*)+):\s*Announced\s+shutdown\s+date:'
    r"\s+(?P<day>[\d-]{10})",
    re.MULTILINE,
)


_MAP_FLAGS = {
    "supports_function_calling": "tool_calling",
    "supports_response_schema": "structured_output",
    "supports_reasoning": "reasoning_output",
    "supports_vision": "image_inputs",
    "supports_audio_input": "audio_inputs",
    "supports_video_input": "video_inputs",
    "supports_pdf_input": "pdf_inputs",
    "supports_native_streaming": "streaming",
}
_MAP_ENDPOINTS = {"/v1/chat/completions": "chat", "/v1/responses": "responses"}
_MAP_PARTS = {
    "reasoning_modes": ("reasoning.mode", "pro"),
    "reasoning_contexts": ("reasoning.context", "all_turns"),
}
_CHAT_MODES = {"chat", "responses"}


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


def claims() -> Iterator[Claim]:
    """Yield the claims of every catalogue that is installed.

    What another release of a package may have moved is logged and left out.
    """
    for read in _CATALOGUE_READERS:
        try:
            yield from read()
        except ImportError:  # noqa: PERF203 - seven readers
            continue
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            said = "A catalogue is left out, whose form has changed: %s: %r"
            _LOG.warning(said, read.__name__.strip("_"), error)


@cache
def listed() -> dict[str, Any]:
    """Return what is known about the catalogues."""
    return data.read_toml("catalogues.toml")


def release_of(source: str) -> str:
    """Return the package of a catalogue, with the version that is installed."""
    package = listed()["distributions"].get(source, source)
    return f"{package} {version(package)}"


def _sdk_literals() -> Iterator[Claim]:
    for name in _LITERALS:
        module = importlib.import_module(f"openai.types.{name}")
        text = Path(module.__file__ or "").read_text(encoding="utf-8")
        code, _, notes = text.partition("Deprecated values:")
        for model in _QUOTED.findall(code.partition("Literal[")[2]):
            yield Claim("openai.types", "openai", model, "id", "listed")
            if name == _RESPONSES_ONLY:
                served = ("responses",)
                yield Claim("openai.types", "openai", model, "endpoints", served)
        for note in _NOTE.finditer(notes):
            day = date.fromisoformat(note["day"])
            for model in _QUOTED.findall(note["ids"]):
                yield Claim("openai.types", "openai", model, "shutdown", day)


def _listed_models() -> Iterator[Claim]:
    """Yield the models of types that list them, and the days on which they end."""
    for one in listed()["models"]:
        about = (one["catalogue"], one["provider"])
        with suppress(ImportError):
            types = importlib.import_module(one["module"])
            for model in get_args(get_args(getattr(types, one["type"]))[0]):
                yield Claim(*about, model, "id", "listed")
            ends = importlib.import_module(one["ends_in"])
            for model, day in getattr(ends, one["ends"]).items():
                yield Claim(*about, model, "shutdown", _day(day))


def _day(text: str) -> date:
    """Read a day in words, for example `June 30th, 2026`."""
    return datetime.strptime(_ORDINAL.sub("", text), "%B %d, %Y").date()  # noqa: DTZ007


def _partner_profiles() -> Iterator[Claim]:
    for package, provider in listed()["profiles"].items():
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
    yield from ((fact, profile[fact]) for fact in NUMBERS if profile.get(fact))
    levels = profile.get("reasoning_effort_levels")
    if levels:
        yield "reasoning_effort_levels", tuple(x for x in EFFORTS if x in levels)
    released = profile.get("release_date")
    if released:
        yield "released", date.fromisoformat(released)


def _model_parameters() -> Iterator[Claim]:
    catalogue = importlib.import_module("modelparams")
    for entry in catalogue.CATALOG:
        provider = listed()["called"].get(entry.provider)
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
        provider = listed()["called"].get(owner.id)
        for model in owner.models if provider else ():
            yield Claim("genai-prices", provider or "", model.id, "id", "listed")


def _request_fields() -> Iterator[Claim]:
    """Yield the names of requests' fields, endpoint by endpoint."""
    for one in listed()["requests"]:
        with suppress(ImportError):
            types = importlib.import_module(one["module"])
            for shape, within in one["shapes"].items():
                for name in _fields(getattr(types, shape, None)):
                    fact = f"{one['endpoint']}: {within}{name}"
                    about = (one["catalogue"], one["provider"], ANY_MODEL)
                    yield Claim(*about, fact, "listed")


def _fields(shape: Any) -> list[str]:
    """Return the names on the wire of the fields of a typed dictionary or a model."""
    fields = getattr(shape, "model_fields", None)
    if fields is None:
        return list(getattr(shape, "__annotations__", ()))
    return [field.alias or name for name, field in fields.items()]


def _litellm_map() -> Iterator[Claim]:
    """Read litellm's map from its file: importing it takes seconds and settings."""
    spec = find_spec("litellm")
    if spec is None or spec.origin is None:
        return
    file = Path(spec.origin).parent / "model_prices_and_context_window_backup.json"
    for name, entry in json.loads(file.read_text(encoding="utf-8")).items():
        provider = listed()["called"].get(entry.get("litellm_provider"))
        if provider is not None:
            model = name.removeprefix(f"{entry['litellm_provider']}/")
            yield Claim("litellm", provider, model, "id", "listed")
            for fact, value in _map_facts(entry):
                yield Claim("litellm", provider, model, fact, value)


def _map_facts(entry: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if entry.get("deprecation_date"):
        yield "shutdown", date.fromisoformat(entry["deprecation_date"])
    if entry.get("successor_model"):
        yield "replacement", entry["successor_model"].rpartition("/")[2]
    if entry.get("mode") not in _CHAT_MODES:
        return
    yield from ((_MAP_FLAGS[k], entry[k]) for k in _MAP_FLAGS if k in entry)
    yield from ((fact, entry[fact]) for fact in NUMBERS if entry.get(fact))
    for key, (fact, word) in _MAP_PARTS.items():
        if key in entry:
            yield fact, word in entry[key] and len(entry[key]) > 1
    served = {_MAP_ENDPOINTS.get(x) for x in entry.get("supported_endpoints", ())}
    if served - {None} and entry["litellm_provider"] == "openai":
        yield "endpoints", tuple(sorted(served - {None}))


_CATALOGUE_READERS: tuple[Callable[[], Iterator[Claim]], ...] = (
    _sdk_literals,
    _listed_models,
    _request_fields,
    _partner_profiles,
    _model_parameters,
    _prices,
    _litellm_map,
)
