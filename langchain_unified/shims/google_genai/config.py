"""The SDK's request configuration of a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from google.genai import types
from google.genai.types import (
    AutomaticFunctionCallingConfig,
    GenerateContentConfig,
    HttpOptions,
    HttpRetryOptions,
)
from pydantic import ValidationError

from langchain_unified.planner.merging import merged
from langchain_unified.types import CallPlan

DEFAULT_RETRIES = 2
"""Attempts after the first, as the OpenAI SDK does; google-genai alone does none."""

# ai.google.dev/gemini-api/docs/safety-settings, read 2026-11-23.
_CATEGORIES = (
    "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_HATE_SPEECH",
    "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "HARM_CATEGORY_DANGEROUS_CONTENT",
)


def render_config(plan: CallPlan) -> GenerateContentConfig:
    """Return the SDK's request configuration of a plan.

    What the SDK has no field for is added to the body, at its place.
    """
    generation = plan.body.get("generationConfig", {})
    fields = {**generation, **plan.body}
    fields.pop("generationConfig", None)
    for name in _SPELLINGS.keys() & fields.keys():
        fields[name] = _SPELLINGS[name](fields[name])
    extra: dict[str, Any] = {}
    if unknown := fields.keys() - _config_fields():
        extra = _unknown(plan.body, generation, unknown)
        fields = {name: v for name, v in fields.items() if name not in unknown}
    if "serviceTier" in fields or fields.get("thinkingConfig"):
        _move_new_words(fields, extra)
    config = _validated(fields, plan.body, extra)
    # Nothing here is a Python function the SDK could call; it would log that it cannot.
    config.automatic_function_calling = AutomaticFunctionCallingConfig(disable=True)
    config.http_options = _http_options(plan, extra)
    return config


def _unknown(
    body: Mapping[str, Any], generation: Mapping[str, Any], names: Iterable[str]
) -> dict[str, Any]:
    """Return what the SDK has no field for, at its place in the body."""
    extra = {name: body[name] for name in names if name in body}
    inner = {name: generation[name] for name in names if name in generation}
    return {**extra, **({"generationConfig": inner} if inner else {})}


def _move_new_words(fields: dict[str, Any], extra: dict[str, Any]) -> None:
    """Send words past the SDK that its enums do not know, and would warn of.

    Gemini's levels are written in capitals.
    """
    tier, thinking = fields.get("serviceTier"), fields.get("thinkingConfig") or {}
    level = thinking.get("thinkingLevel")
    if _is_new(tier, "ServiceTier"):
        extra["serviceTier"] = fields.pop("serviceTier")
    if level is not None and _is_new(level, "ThinkingLevel"):
        fields["thinkingConfig"] = _parted(thinking, ["thinkingLevel"])[0]
        moved = {"thinkingConfig": {"thinkingLevel": level.upper()}}
        extra["generationConfig"] = merged(extra.get("generationConfig", {}), moved)


def _is_new(word: Any, enum: str) -> bool:
    return isinstance(word, str) and word.upper() not in _words_of(enum)


@lru_cache(maxsize=2)
def _words_of(enum: str) -> frozenset[str]:
    known = getattr(types, enum, ())
    return frozenset(str(n).upper() for one in known for n in (one.name, one.value))


def _validated(
    fields: dict[str, Any], body: Mapping[str, Any], extra: dict[str, Any]
) -> GenerateContentConfig:
    """Return the SDK's configuration; what it knows no field for joins `extra`.

    The SDK's shapes forbid keys that are newer than they (google-genai 3.6.1), also
    inside of objects. A list goes whole: the SDK would replace the one by the other.

    Raises:
        ValidationError: If the SDK minds anything else.
    """
    try:
        return GenerateContentConfig.model_validate(fields)
    except ValidationError as error:
        unknown = [one["loc"] for one in error.errors() if one["type"] == _UNKNOWN]
        if len(unknown) != error.error_count():
            raise
    for name, *path in unknown:
        place = extra if name in body else extra.setdefault("generationConfig", {})
        held = fields.get(str(name))
        if isinstance(held, Mapping):
            fields[str(name)], moved = _parted(held, path)
            place[str(name)] = merged(place.get(str(name), {}), moved)
        elif held is not None:
            place[str(name)] = fields.pop(str(name))
    return GenerateContentConfig.model_validate(fields)


_UNKNOWN = "extra_forbidden"
"""Pydantic's word for a key that a shape has no field for."""


def _parted(
    held: Mapping[str, Any], path: list[Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return an object without what stands at a path, and that alone."""
    key, *rest = path
    left = {name: value for name, value in held.items() if name != key}
    if not rest or not isinstance(held.get(key), Mapping):
        return left, {key: held[key]}
    inner, moved = _parted(held[key], rest)
    return {**left, key: inner}, {key: moved}


def safety_settings(given: Any) -> list[dict[str, str]]:
    """Return safety settings as the wire has them.

    Args:
        given: A list of dictionaries or of the SDK's objects, a dictionary of
            thresholds by category, or one threshold for all categories. Names may be
            enum members or text, with or without `HARM_CATEGORY_`.

    Example:
        >>> safety_settings({"harassment": "block_none"})
        [{'category': 'HARM_CATEGORY_HARASSMENT', 'threshold': 'BLOCK_NONE'}]
    """
    if isinstance(given, Mapping) and "category" not in given:
        return [_safety(category, value) for category, value in given.items()]
    if isinstance(given, (list, tuple)):
        return [
            _safety(_held(one, "category"), _held(one, "threshold")) for one in given
        ]
    if isinstance(given, Mapping):
        return [_safety(given["category"], given["threshold"])]
    return [_safety(category, given) for category in _CATEGORIES]


def _held(setting: Any, name: str) -> Any:
    return setting[name] if isinstance(setting, Mapping) else getattr(setting, name)


def _safety(category: Any, threshold: Any) -> dict[str, str]:
    name = _member(category).removeprefix("HARM_CATEGORY_")
    return {"category": f"HARM_CATEGORY_{name}", "threshold": _member(threshold)}


def _member(value: Any) -> str:
    """Return the name of an enum member, or of one given as text, in capitals."""
    return str(getattr(value, "name", value)).rpartition(".")[2].upper()


def _resolution(value: Any) -> str:
    return f"MEDIA_RESOLUTION_{_member(value).removeprefix('MEDIA_RESOLUTION_')}"


def _modalities(given: Any) -> list[str]:
    return [_member(one) for one in given]


_SPELLINGS: dict[str, Callable[[Any], Any]] = {
    "safetySettings": safety_settings,
    "responseModalities": _modalities,
    "mediaResolution": _resolution,
}


@lru_cache(maxsize=1)
def _config_fields() -> frozenset[str]:
    fields = GenerateContentConfig.model_fields
    return frozenset(field.alias or name for name, field in fields.items())


def _http_options(plan: CallPlan, extra: dict[str, Any]) -> HttpOptions:
    retries = DEFAULT_RETRIES if plan.max_retries is None else plan.max_retries
    if plan.timeout is None and not plan.headers and not extra:
        return _plain_options(retries)
    return HttpOptions(
        timeout=int(plan.timeout * 1000) if plan.timeout is not None else None,
        retry_options=HttpRetryOptions(attempts=retries + 1),
        headers=dict(plan.headers) or None,
        extra_body=extra or None,
    )


@lru_cache(maxsize=16)
def _plain_options(retries: int) -> HttpOptions:
    """Return options that calls share: the SDK copies them before it changes them."""
    return HttpOptions(retry_options=HttpRetryOptions(attempts=retries + 1))
