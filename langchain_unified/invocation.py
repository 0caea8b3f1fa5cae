"""From settings as given (constructor, bind, config, call) to one `Invocation`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from langchain_core.utils.pydantic import is_basemodel_subclass

from langchain_unified import given, vocabulary
from langchain_unified.errors import (
    InvalidParameterError,
    InvalidTypeError,
    UnknownParameterError,
    shown_value,
)
from langchain_unified.history.traits import mentions_json, traits_of
from langchain_unified.schemas import read_structure
from langchain_unified.toolforms import NeutralTool, neutral_tools
from langchain_unified.types import EMPTY, Invocation

__all__ = [
    "CONTROLS",
    "NeutralTool",
    "canonical",
    "carried",
    "checked",
    "invocation",
    "mentions_json",
    "neutral_format",
    "neutral_tools",
    "traits_of",
]

CONTROLS = frozenset(
    {
        "model",
        "timeout",
        "max_retries",
        "extra_headers",
        "extra_query",
        "extra_body",
        "stream",
        "stream_usage",
        "use_responses_api",
        "on_unsupported",
        "strict",
        "output_version",
        "structure",
        "rollout",
        "tenant",
        "deadline",
    }
)
"""Call keywords that steer the call rather than the answer."""

CARRIED_METADATA = "request_metadata"
"""Carries the setting `metadata` through `invoke`: langchain-core 1.8 hands its own
argument of that name on beside a call's keywords, which fails (2026-11-27)."""

_CONTROL_ALIASES = {
    "model_name": "model",
    "request_timeout": "timeout",
    CARRIED_METADATA: "metadata",
}
_POLICIES = ("warn", "ignore", "error")


def carried(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return keywords of a call that langchain-core's `invoke` lets through."""
    if "metadata" not in kwargs:
        return kwargs
    rest = {name: value for name, value in kwargs.items() if name != "metadata"}
    return {**rest, CARRIED_METADATA: kwargs["metadata"]}


def canonical(given: Mapping[str, Any], *, where: str) -> dict[str, Any]:
    """Return settings under their canonical names.

    Args:
        given: Settings under any accepted spelling; `None` means not set.
        where: Who got them, for error messages.

    Raises:
        UnknownParameterError: If there is no such setting.
        InvalidParameterError: If two spellings of a setting disagree.
    """
    names = vocabulary.canonical_names()
    found: dict[str, Any] = {}
    for spelling, value in given.items():
        name = names.get(spelling) or _CONTROL_ALIASES.get(spelling, spelling)
        if name not in CONTROLS and name not in names:
            known = {*names, *CONTROLS}
            near = vocabulary.nearest(spelling, known)
            raise UnknownParameterError(spelling, near, where=where)
        other = found.get(name)
        if other is not None and value is not None and other != value:
            accepted = f"it was also given as {other!r} under another spelling."
            raise InvalidParameterError(spelling, value, accepted)
        found[name] = value if value is not None else other
    return found


def checked(settings: Mapping[str, Any], *, model: str) -> dict[str, Any]:
    """Return the settings that are set, each checked against what any model takes.

    Raises:
        InvalidParameterError: If a value is of the wrong type or out of range.
    """
    known = vocabulary.settings()
    values = {
        name: known[name].check(value, model=model) if name in known else value
        for name, value in settings.items()
        if value is not None
    }
    if "tools" in values:
        values["tools"] = neutral_tools(values["tools"])
    if "response_format" in values:
        values["response_format"] = neutral_format(values["response_format"])
    return values


def invocation(
    settings: Mapping[str, Any], *, platforms: Mapping[str, str] = EMPTY
) -> Invocation:
    """Return the call that checked settings describe, without its messages.

    Args:
        settings: Settings by canonical name, each checked.
        platforms: Where models are served, by provider id.
    """
    params = {name: v for name, v in settings.items() if name not in CONTROLS}
    return Invocation(
        model=settings["model"],
        params=params,
        endpoint=_endpoint(settings),
        on_unsupported=_policy(settings.get("on_unsupported")),
        timeout=_timeout(settings.get("timeout")),
        max_retries=_retries(settings.get("max_retries")),
        headers=given.headers("extra_headers", settings.get("extra_headers")),
        query=given.mapping("extra_query", settings.get("extra_query")),
        extra_body=given.mapping("extra_body", settings.get("extra_body")),
        stream_usage=settings.get("stream_usage"),
        output_version=settings.get("output_version"),
        structure=settings.get("structure"),
        parse_as=getattr(params.get("response_format"), "target", None),
        platforms=platforms,
        tenant=_tenant(settings.get("tenant")),
        deadline=_seconds(settings.get("deadline")),
    )


def _tenant(given: Any) -> str:
    if given is None or isinstance(given, str):
        return given or ""
    raise InvalidParameterError("tenant", given, "give a string.")


def _seconds(given: Any) -> float | None:
    if given is None:
        return None
    is_number = isinstance(given, (int, float)) and not isinstance(given, bool)
    if is_number and math.isfinite(given) and given > 0:
        return float(given)
    raise InvalidParameterError("deadline", given, "give seconds, more than 0.")


def _endpoint(settings: Mapping[str, Any]) -> str | None:
    insists = settings.get("use_responses_api")
    if insists is None:
        return None
    return "responses" if insists else "chat"


def _policy(policy: Any) -> Any:
    if policy is None:
        return "warn"
    if policy not in _POLICIES:
        accepted = f"give one of {', '.join(map(repr, _POLICIES))}."
        raise InvalidParameterError("on_unsupported", policy, accepted)
    return policy


def _timeout(value: Any) -> Any:
    """Return a timeout; a text, NaN and what is below 0 fail in the HTTP client."""
    accepted = "give seconds, 0 or more, or an httpx.Timeout."
    if isinstance(value, (int, float)) and not value >= 0:
        raise InvalidParameterError("timeout", shown_value(value), accepted)
    is_timeout = value is None or hasattr(value, "connect")
    if not is_timeout and not isinstance(value, (int, float, tuple)):
        raise InvalidTypeError("timeout", shown_value(value), accepted)
    return value


def _retries(value: Any) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidParameterError("max_retries", value, "give 0 or more attempts.")
    return value


class NeutralFormat(dict[str, Any]):
    """A response format in OpenAI's chat form that a pydantic class was given for.

    Attributes:
        target: The class.
    """

    target: Any = None


def _is_format(given: Mapping[str, Any]) -> bool:
    """Tell a response format, of any server's own kind, from a bare JSON schema."""
    kind = given.get("type")
    return isinstance(kind, str) and kind not in _SCHEMA_TYPES


_SCHEMA_TYPES = frozenset(
    {"array", "boolean", "integer", "null", "number", "object", "string"}
)


def neutral_format(
    response_format: Any, *, strict: bool | None = None
) -> dict[str, Any]:
    """Return a response format in OpenAI's chat form.

    Args:
        response_format: OpenAI's dictionary, a bare JSON schema, a pydantic class or
            a `TypedDict`.
        strict: Whether the answer must match to the letter; `None` for the default.

    Raises:
        InvalidParameterError: If it is neither.
    """
    if type(response_format) is NeutralFormat:
        return response_format
    if isinstance(response_format, Mapping):
        if _is_format(response_format):
            return dict(response_format)
    elif not isinstance(response_format, type):
        accepted = "give a response format dictionary, a JSON schema or a class."
        raise InvalidParameterError("response_format", response_format, accepted)
    structure = read_structure(response_format)
    asked = structure.strict_by_default if strict is None else strict
    found = NeutralFormat(structure.as_response_format(strict=asked))
    if isinstance(response_format, type) and is_basemodel_subclass(response_format):
        found.target = response_format
    return found
