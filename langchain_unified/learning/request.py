"""What of a refused request a correction may be about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from langchain_unified.schemas.refused import STRICT, strict_schemas
from langchain_unified.schemas.tool_forms import kind_of
from langchain_unified.settings import canonical_names, settings
from langchain_unified.types import CallPlan, ParameterMapping

_PREFIXES = re.compile(r"^(?:body|request|generation_?config|options)\.", re.IGNORECASE)
_PLAIN = re.compile(r"[^a-z0-9.]+")


class Named(NamedTuple):
    """A parameter of the refused request.

    Attributes:
        parameter: In LangChain's words; a key of an object after a dot.
        value: What was sent.
    """

    parameter: str
    value: Any


def find_named(wire: str, plan: CallPlan) -> Named | None:
    """Return the parameter of the refused request behind a wire name.

    Args:
        wire: The name as the provider writes it.
        plan: The plan that was refused.

    Returns:
        `None` for what the request did not hold: it cannot have been the reason.
    """
    wanted = _plain(_PREFIXES.sub("", wire.strip(" '\"`")))
    own = plan.config.mappings.get(plan.endpoint)
    if not wanted or own is None:
        return None
    for parameter in _candidates(wanted, own, plan):
        value = sent(parameter, plan)
        if value is not None:
            return Named(parameter, value)
    return None


def sent(parameter: str, plan: CallPlan) -> Any:
    """Return what the refused request held for a parameter; `None` for nothing."""
    base, _, key = parameter.partition(".")
    if base == "stream":
        return True if plan.stream else None
    mapping = plan.config.mappings.get(plan.endpoint)
    rule = mapping.rules.get(base) if mapping else None
    name = rule.name if rule else base
    path = f"{name}.{key}" if key else name
    return _at(plan.body, path)


def _candidates(wanted: str, own: ParameterMapping, plan: CallPlan) -> Iterator[str]:
    """Yield the settings a wire name may mean, the surest first."""
    names = {_plain(name): found for name, found in canonical_names().items()}
    if wanted in names:
        yield names[wanted]
    mappings = (own, *plan.config.mappings.values())
    for whole in (True, False):
        for mapping in mappings:
            for parameter, rule in mapping.rules.items():
                name = _plain(_PREFIXES.sub("", rule.name))
                if wanted == name or (not whole and wanted == name.rpartition(".")[2]):
                    yield parameter
    base, dot, key = wanted.partition(".")
    parent = names.get(base)
    if dot and parent in settings() and settings()[parent].type == "object":
        yield from (f"{parent}.{k}" for k in _keys(parent, plan) if _plain(k) == key)


def _keys(parent: str, plan: CallPlan) -> Iterator[str]:
    value = sent(parent, plan)
    if isinstance(value, Mapping):
        yield from (str(key) for key in value)


def _at(body: Any, path: str) -> Any:
    for part in path.split("."):
        if not isinstance(body, Mapping) or part not in body:
            return None
        body = body[part]
    return body


def _plain(name: str) -> str:
    return _PLAIN.sub("", name.casefold())


def holds(feature: str, plan: CallPlan, inputs: frozenset[str]) -> bool:
    """Tell whether a request made use of a feature.

    Args:
        feature: A `ModelProfile` key, or one of ours.
        plan: The plan that was refused.
        inputs: `ModelProfile` keys of the content of its messages.
    """
    if feature.endswith("_inputs"):
        return feature in inputs
    if feature.startswith("tool:"):
        return feature[5:] in map(kind_of, plan.body.get("tools", ()))
    keys = set(_all_keys(plan.body, 0))
    needed = _SIGNS.get(feature)
    if feature == "streaming":
        return plan.stream
    if feature == STRICT:
        return any(True for _ in strict_schemas(plan.body))
    if feature == "sampling_pair":
        return {"temperature", "top_p"} <= keys
    return needed is None or bool(needed & keys)


_TOOLS = frozenset({"tools", "functions"})
_FORMATS = frozenset(
    {
        "response_format",
        "format",
        "responseMimeType",
        "responseSchema",
        "responseJsonSchema",
    }
)
_SIGNS: Mapping[str, frozenset[str]] = {
    "tool_calling": _TOOLS,
    "tool_choice": frozenset({"tool_choice", "toolConfig"}),
    "tool_choice_with_thinking": frozenset({"tool_choice", "toolConfig"}),
    "tools_with_json": _TOOLS,
    "structured_output": _FORMATS,
    "json_mode": _FORMATS,
    "encrypted_reasoning": frozenset({"include"}),
    "thinking": frozenset(
        {
            "thinking",
            "thinkingConfig",
            "thinking_config",
            "think",
            "effort",
            "reasoning",
            "reasoning_effort",
        }
    ),
}
"""Fields without which a request makes no use of a feature."""


def _all_keys(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, Mapping) and depth < 3:  # noqa: PLR2004 - schemas lie deeper
        for key, item in value.items():
            yield str(key)
            yield from _all_keys(item, depth + 1)
