"""Corrections laid over what the registry says about a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from langchain_unified.learning.correction import Correction
from langchain_unified.learning.sanity import TOKEN_NAMES
from langchain_unified.settings import importance
from langchain_unified.types import (
    EMPTY,
    ModelConfig,
    ParameterRule,
    Provenance,
    Thinking,
)

_EFFORTS = ("low", "medium", "high")

Apply = Callable[[ModelConfig, str, Correction], ModelConfig]


def corrected(
    config: ModelConfig, endpoint: str, corrections: Iterable[Correction]
) -> ModelConfig:
    """Return the configuration with corrections for one endpoint applied.

    Args:
        config: What the registry says.
        endpoint: The endpoint the corrections were learned on.
        corrections: What was learned, oldest first.
    """
    for correction in corrections:
        config = _APPLY[correction.do](config, endpoint, correction)
    return config


def _learned(correction: Correction) -> Provenance:
    return Provenance(correction.said, "", "documented", "learned")


def _with_rule(
    config: ModelConfig, endpoint: str, correction: Correction, **changes: Any
) -> ModelConfig:
    parameter = correction.parameter or ""
    mapping = config.mappings[endpoint]
    rule = mapping.rules.get(parameter) or ParameterRule(parameter, parameter)
    if "accepts" in changes:
        changes["accepts_on"] = EMPTY  # what was refused here holds here
    rule = rule._replace(provenance=_learned(correction), **changes)
    rules = MappingProxyType({**mapping.rules, parameter: rule})
    mappings = {**config.mappings, endpoint: mapping._replace(rules=rules)}
    provenance = {**config.provenance, parameter: rule.provenance}
    return config._replace(
        mappings=MappingProxyType(mappings),
        provenance=MappingProxyType(provenance),
    )


def _rename(config: ModelConfig, endpoint: str, c: Correction) -> ModelConfig:
    return _with_rule(config, endpoint, c, name=c.value, accepts="any")


def _never(config: ModelConfig, endpoint: str, c: Correction) -> ModelConfig:
    if c.parameter == "reasoning_effort":
        config = _with_thinking(config, c, style="none", default=None)
    if c.parameter == "logprobs":
        more = replace(c, parameter="top_logprobs")
        config = _everywhere(config, endpoint, more, accepts="never")
    if c.parameter == "max_tokens":
        return _other_token_name(config, endpoint, c)
    return _everywhere(config, endpoint, c, accepts="never")


def _everywhere(
    config: ModelConfig, endpoint: str, c: Correction, **changes: Any
) -> ModelConfig:
    """What "this model" refuses it refuses on every endpoint.

    So does a tuning setting, whoever refused it: sent to another endpoint, which the
    server may not have, it would be worth less than the call.
    """
    base = (c.parameter or "").partition(".")[0]
    tuning = importance(base) == "tuning"
    about_model = tuning or "this model" in c.said
    for name, mapping in config.mappings.items():
        if name == endpoint or (about_model and base in mapping.rules):
            config = _with_rule(config, name, c, **changes)
    return config


def _other_token_name(config: ModelConfig, endpoint: str, c: Correction) -> ModelConfig:
    name = config.mappings[endpoint].max_tokens_param
    others = [other for other in TOKEN_NAMES if other != name]
    if name not in TOKEN_NAMES:
        return config
    return _with_rule(config, endpoint, c, name=others[0])


def _default(config: ModelConfig, endpoint: str, c: Correction) -> ModelConfig:
    return _everywhere(config, endpoint, c, accepts="default")


def _values(config: ModelConfig, endpoint: str, c: Correction) -> ModelConfig:
    if c.parameter != "reasoning_effort":
        return _everywhere(config, endpoint, c, values=c.value, refused=())
    levels = {**config.thinking.levels, **dict.fromkeys(config.mappings, c.value)}
    style = config.thinking.style if config.thinking.style != "none" else "effort"
    config = _everywhere(config, endpoint, c, accepts="any", refused=())
    return _with_thinking(config, c, style=style, levels=MappingProxyType(levels))


def _minimum(config: ModelConfig, endpoint: str, c: Correction) -> ModelConfig:
    return _with_rule(config, endpoint, c, minimum=c.value)


def _maximum(config: ModelConfig, endpoint: str, c: Correction) -> ModelConfig:
    if c.parameter == "stop":
        return _with_rule(config, endpoint, c, max_items=int(c.value))
    if c.parameter != "max_tokens":
        return _with_rule(config, endpoint, c, maximum=c.value)
    for name in config.mappings:  # The length of an answer is the model's.
        config = _with_rule(config, name, c, maximum=c.value)
    return config


def _endpoint(config: ModelConfig, endpoint: str, c: Correction) -> ModelConfig:
    others = [name for name in config.mappings if name != endpoint]
    kept = [name for name in config.endpoints if name != endpoint]
    provenance = MappingProxyType({**config.provenance, "endpoints": _learned(c)})
    return config._replace(endpoints=tuple(kept or others), provenance=provenance)


def _tools(config: ModelConfig, endpoint: str, c: Correction) -> ModelConfig:
    allowed = "effort_none" if "'none'" in c.said else "never"
    if allowed == config.tools.get(endpoint):
        allowed = "never"
    tools = {**config.tools, endpoint: allowed}
    endpoints = (
        *config.endpoints,
        *(name for name in config.mappings if name not in config.endpoints),
    )
    return config._replace(tools=MappingProxyType(tools), endpoints=endpoints)


def _feature(config: ModelConfig, endpoint: str, c: Correction) -> ModelConfig:
    # What has a type (`tool:mcp`) has it on one endpoint, a capability on each.
    has_type = c.value.startswith(("tool:", "block:"))
    name = f"{c.value}@{endpoint}" if has_type else c.value
    features = {**config.features, name: False}
    provenance = {**config.provenance, name: _learned(c)}
    changed = config._replace(
        features=MappingProxyType(features),
        provenance=MappingProxyType(provenance),
    )
    if c.value != "tool_calling":
        return changed
    tools = {**config.tools, endpoint: "never"}
    return changed._replace(tools=MappingProxyType(tools))


def _role(config: ModelConfig, endpoint: str, c: Correction) -> ModelConfig:
    del endpoint
    roles = tuple(role for role in config.system_roles if role != c.value)
    return config._replace(system_roles=roles)


def _with_thinking(config: ModelConfig, c: Correction, **changes: Any) -> ModelConfig:
    thinking: Thinking = config.thinking._replace(provenance=_learned(c), **changes)
    mappings: Mapping[str, Any] = {
        name: mapping._replace(default_reasoning_effort=thinking.default)
        for name, mapping in config.mappings.items()
    }
    return config._replace(thinking=thinking, mappings=MappingProxyType(dict(mappings)))


def _no_value(config: ModelConfig, endpoint: str, c: Correction) -> ModelConfig:
    """Remember one refused word; another may be newer than the rows as well."""
    rule = config.mappings[endpoint].rules.get(c.parameter or "")
    refused = (*(rule.refused if rule else ()), c.value)
    config = _everywhere(config, endpoint, c, refused=refused)
    if c.parameter != "reasoning_effort":
        return config
    known = config.thinking.levels.get(endpoint) or ("minimal", *_EFFORTS)
    left = tuple(level for level in known if level != c.value)
    levels = {**config.thinking.levels, endpoint: left}
    return _with_thinking(config, c, levels=MappingProxyType(levels))


def _no_levels(config: ModelConfig, endpoint: str, c: Correction) -> ModelConfig:
    levels = MappingProxyType({**config.thinking.levels, endpoint: ()})
    return _with_thinking(config, c, style="budget", levels=levels)


def _no_budget(config: ModelConfig, endpoint: str, c: Correction) -> ModelConfig:
    levels = {endpoint: config.thinking.levels.get(endpoint) or _EFFORTS}
    budget = replace(c, parameter="thinking_budget")
    config = _with_rule(config, endpoint, budget, accepts="never")
    return _with_thinking(
        config,
        c,
        style="level",
        levels=MappingProxyType(levels),
        budget_maximum=None,
        can_disable=False,
    )


def _no_zero(config: ModelConfig, endpoint: str, c: Correction) -> ModelConfig:
    del endpoint
    return _with_thinking(config, c, can_disable=False)


def _no_thinking(config: ModelConfig, endpoint: str, c: Correction) -> ModelConfig:
    for parameter in ("reasoning_effort", "thinking_budget", "include_thoughts"):
        config = _with_rule(
            config, endpoint, replace(c, parameter=parameter), accepts="never"
        )
    return _with_thinking(config, c, style="none", default=None)


_APPLY: dict[str, Apply] = {
    "default": _default,
    "endpoint": _endpoint,
    "feature": _feature,
    "maximum": _maximum,
    "minimum": _minimum,
    "never": _never,
    "no_budget": _no_budget,
    "no_levels": _no_levels,
    "no_thinking": _no_thinking,
    "no_value": _no_value,
    "no_zero": _no_zero,
    "rename": _rename,
    "role": _role,
    "tools": _tools,
    "values": _values,
}

KINDS = frozenset(_APPLY)
"""Everything a correction can do."""
