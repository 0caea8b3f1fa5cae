"""Nested settings: the keys of `reasoning={"effort": "low"}`, `thinking_config`.

They are judged as if each were given by itself, wherever the object was: as a keyword,
in `model_kwargs`, or in `extra_body`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from langchain_unified.planner.draft import Draft, get_path
from langchain_unified.planner.merging import in_camel_case, merged, replaced
from langchain_unified.planner.words import legal_value
from langchain_unified.settings import Setting, settings
from langchain_unified.types import ParameterRule

_REST_ENDPOINT = "generate_content"


@lru_cache(maxsize=1)
def _objects() -> tuple[Setting, ...]:
    return tuple(one for one in settings().values() if one.parts)


@lru_cache(maxsize=1)
def _said_otherwise() -> tuple[Setting, ...]:
    return tuple(one for one in settings().values() if one.instead)


def take_objects_of_extra_body(draft: Draft) -> None:
    """Take out of `extra_body` what has rules of its own at the provider's server.

    Elsewhere, and for all else that it holds, `extra_body` is the user's own request.
    """
    if not draft.extra_body or draft.config.is_elsewhere:
        return
    if draft.endpoint == _REST_ENDPOINT:
        draft.extra_body = in_camel_case(draft.extra_body)
    for setting in _with_parts(draft):
        found = draft.mapping.rules.get(setting.name)
        path = found.name if found else setting.name
        value = get_path(draft.extra_body, path)
        if isinstance(value, Mapping):
            value = _ruled(draft, setting, value)
            for key in value:
                place = [*path.split("."), key]
                draft.extra_body = _without(draft.extra_body, place)
        elif setting.instead and value is not None:
            draft.extra_body = _without(draft.extra_body, [path])
        if value:
            _take(draft, setting, path, value)


def _ruled(
    draft: Draft, setting: Setting, value: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return the keys of an object that have rules; all of one that is not taken."""
    rule = draft.rule(setting.name)
    if rule is None or rule.accepts != "any":
        return value
    ruled = {f"{setting.name}.{key}" for key in value} & draft.mapping.rules.keys()
    return {
        key: part
        for key, part in value.items()
        if part is not None
        and (key in setting.parts or f"{setting.name}.{key}" in ruled)
    }


def _with_parts(draft: Draft) -> list[Setting]:
    """Return the settings whose keys have rules, and those said by such a key."""
    ruled = {name.partition(".")[0] for name in draft.mapping.rules if "." in name}
    return [
        one
        for one in settings().values()
        if "." not in one.name and (one.parts or one.instead or one.name in ruled)
    ]


def _without(body: Mapping[str, Any], path: list[str]) -> dict[str, Any]:
    first, *rest = path
    left = {key: value for key, value in body.items() if key != first}
    inner = _without(body[first], rest) if rest else {}
    return {**left, first: inner} if inner else left


def _take(draft: Draft, setting: Setting, path: str, value: Any) -> None:
    """Want what `extra_body` says; it goes before what was said otherwise."""
    if not isinstance(value, Mapping):
        _want(draft, setting.name, value, path)
        return
    rest = {key: part for key, part in value.items() if key not in setting.parts}
    for key in value.keys() - rest.keys():
        _want(draft, setting.parts[key], value[key], f"{path}.{key}")
    held = draft.wanted.get(setting.name) or {}
    for key, given, sent in replaced(held, rest):
        _note_replaced(draft, f"{setting.name}.{key}", given, sent, f"{path}.{key}")
    if rest:
        draft.wanted[setting.name] = merged(held, rest)


def _want(draft: Draft, parameter: str, value: Any, path: str) -> None:
    value = _plain(parameter, value)
    held = draft.wanted.get(parameter, value)
    draft.wanted[parameter] = value
    if held != value:
        _note_replaced(draft, parameter, held, value, path)


def _note_replaced(
    draft: Draft, parameter: str, held: Any, value: Any, path: str
) -> None:
    reason = f"extra_body sets {path} and takes precedence."
    told = {"requested": held, "sent": {path: value}}
    draft.note(parameter, "dropped", **told, reason=reason, source="extra_body")


def _plain(parameter: str, value: Any) -> Any:
    """Return a known word in lower case: Gemini's levels are in capitals."""
    word = value.lower() if isinstance(value, str) else None
    return word if word in settings()[parameter].words else value


def split_objects(draft: Draft) -> None:
    """Split objects into the settings that their keys stand for."""
    for setting in _objects():
        value = draft.wanted.get(setting.name)
        if not isinstance(value, Mapping):
            continue
        rest = dict(value)
        for key in [key for key in value if key in setting.parts]:
            _split(draft, f"{setting.name}.{key}", setting.parts[key], rest.pop(key))
        if draft.endpoint == _REST_ENDPOINT:
            rest = in_camel_case(rest)
        draft.wanted[setting.name] = rest
        if not rest:
            del draft.wanted[setting.name]


def _split(draft: Draft, place: str, parameter: str, value: Any) -> None:
    """Want a part as the setting that it is; a setting of its own goes first."""
    if value is None:
        return
    value = _plain(parameter, value)
    held = draft.wanted.setdefault(parameter, value)
    if held != value:
        reason = f"{parameter} is set too and takes precedence."
        told = {"requested": value, "sent": {parameter: held}}
        draft.note(place, "dropped", **told, reason=reason, source="")
    elif "." in parameter:
        reason = f"it is now named {parameter}."
        draft.note(place, "renamed", requested=value, sent=parameter, reason=reason)


def say_instead(draft: Draft) -> None:
    """Say what a model refuses by the key of an object that it takes.

    `prompt_cache_retention` is deprecated for `prompt_cache_options.ttl`, which names
    the shortest time and not the longest (openai 3.57.0, read 2026-11-28).
    """
    for setting in _said_otherwise():
        own, rule = draft.rule(setting.name), draft.rule(setting.instead)
        refused = own is None or own.accepts == "never"
        if setting.name not in draft.wanted or not refused or rule is None:
            continue
        holder = draft.rule(setting.instead.partition(".")[0])
        if holder is not None and {holder.accepts, rule.accepts} == {"any"}:
            _say(draft, setting.name, holder.parameter, rule)


def _say(draft: Draft, name: str, holder: str, rule: ParameterRule) -> None:
    value, options = draft.wanted.pop(name), draft.wanted.get(holder) or {}
    key = rule.parameter.rpartition(".")[2]
    if key in options:
        reason = f"{rule.parameter} is set too and takes precedence."
        draft.note(name, "dropped", requested=value, reason=reason)
        return
    sent = legal_value(draft, rule, value)
    if sent is not None:
        draft.wanted[holder] = {**options, key: sent}
        reason = f"on {draft.endpoint} its name is {rule.parameter}."
        told = {"requested": value, "sent": {rule.parameter: sent}}
        draft.note(name, "translated", **told, reason=reason)
