"""The planning rules in their order, and the plan they produce."""

from __future__ import annotations

from types import MappingProxyType
from typing import Literal

from langchain_unified.errors import UnsupportedError
from langchain_unified.planner import (
    effort,
    inputs,
    output,
    parts,
    settings,
    structure,
    tools,
)
from langchain_unified.planner.draft import OPENAI_ENDPOINTS, Draft
from langchain_unified.planner.overrides import apply_extra_body
from langchain_unified.planner.turns import sends_as_given
from langchain_unified.types import (
    CHAT_ONLY,
    CallPlan,
    Change,
    Invocation,
    ModelConfig,
)
from langchain_unified.wires import Rule


def _run_early_rules(draft: Draft) -> None:
    for rule in draft.wire.early_rules:
        rule(draft)


def _run_tool_rules(draft: Draft) -> None:
    for rule in draft.wire.tool_rules:
        rule(draft)


def _run_rules(draft: Draft) -> None:
    for rule in draft.wire.rules:
        rule(draft)


def _run_late_rules(draft: Draft) -> None:
    for rule in draft.wire.late_rules:
        rule(draft)


RULES: tuple[Rule, ...] = (
    inputs.decide_reachable,
    inputs.decide_inputs,
    inputs.decide_system_role,
    inputs.decide_caution,
    parts.take_objects_of_extra_body,
    parts.split_objects,
    _run_early_rules,
    effort.decide_effort,
    structure.decide_structure,
    _run_tool_rules,
    tools.decide_tools,
    output.decide_response_format,
    output.decide_stream,
    output.decide_copies,
    output.decide_stop,
    output.decide_max_tokens,
    _run_rules,
    parts.say_instead,
    settings.decide_include,
    settings.decide_logprobs,
    settings.decide_rest,
    settings.decide_defaults,
    apply_extra_body,
    _run_late_rules,
)
"""The rules in order: what a later one reads, an earlier one has settled."""


def plan(invocation: Invocation, config: ModelConfig) -> CallPlan:
    """Decide everything about one call.

    Args:
        invocation: What is asked for.
        config: What the model takes.

    Returns:
        The finished request, without its messages, and every decision.

    Raises:
        UnsupportedError: If a setting that may not be dropped cannot be met on any
            endpoint of the model.
    """
    names = _endpoints(invocation, config)
    drafts = [_draft(invocation, config, name) for name in names]
    possible = [draft for draft in drafts if isinstance(draft, Draft)]
    if not possible and invocation.endpoint is None and len(names) == 1:
        served = _served(invocation, config)
        others = [name for name in served if name not in names]
        drafts += [_draft(invocation, config, name) for name in others]
        possible = [draft for draft in drafts if isinstance(draft, Draft)]
    if not possible:
        raise next(draft for draft in drafts if isinstance(draft, UnsupportedError))
    best = min(possible, key=lambda draft: (draft.losses, draft.emulations))
    return _finish(best, invocation, config)


def _endpoints(invocation: Invocation, config: ModelConfig) -> tuple[str, ...]:
    forced = invocation.endpoint or _endpoint_of_content(invocation, config)
    if forced is None or not {*OPENAI_ENDPOINTS} & {*config.endpoints}:
        return _served(invocation, config)
    known = config.provenance.get("endpoints")
    said = known is not None and known.layer in {"learned", "override"}
    if config.is_elsewhere and forced in config.mappings and not said:
        return (forced,)
    if forced not in config.endpoints:
        raise UnsupportedError(
            "use_responses_api",
            forced == "responses",
            model=invocation.model,
            reason=f"it is available on {', '.join(config.endpoints)} only.",
        )
    return (forced,)


def _served(invocation: Invocation, config: ModelConfig) -> tuple[str, ...]:
    """Return the endpoints of a model that its server has.

    The shim refuses a model that is served on none, and names the API version.
    """
    if invocation.platforms.get(config.provider) != CHAT_ONLY:
        return config.endpoints
    return tuple(e for e in config.endpoints if e == "chat") or config.endpoints


def _endpoint_of_content(invocation: Invocation, config: ModelConfig) -> str | None:
    """Return Responses where a setting of its own is given and it serves the model.

    ChatOpenAI goes there by the same settings (langchain-openai 1.7.4,
    `_use_responses_api`).
    """
    if "responses" not in _served(invocation, config):
        return None
    asked = invocation.output_version == "responses/v1"
    asked = asked or not _RESPONSES_ONLY.isdisjoint(invocation.params)
    if invocation.extra_body and not config.is_elsewhere:
        asked = asked or not _RESPONSES_ONLY.isdisjoint(invocation.extra_body)
    return "responses" if asked else None


_RESPONSES_ONLY = frozenset(
    {
        "context_management",
        "include",
        "previous_response_id",
        "reasoning",
        "text",
        "truncation",
    }
)


def _draft(
    invocation: Invocation, config: ModelConfig, endpoint: str
) -> Draft | UnsupportedError:
    draft = Draft(invocation, config, endpoint)
    try:
        for rule in RULES:
            rule(draft)
    except UnsupportedError as refusal:
        return refusal
    return draft


def _finish(draft: Draft, invocation: Invocation, config: ModelConfig) -> CallPlan:
    return CallPlan(
        requested_model=invocation.model,
        model=config.model,
        provider=config.provider,
        endpoint=draft.endpoint,
        route=_route(draft, config),
        config=config,
        body=MappingProxyType({**_nulls(draft), **draft.body}),
        changes=(*_model_changes(invocation, config, draft), *draft.changes),
        stream=draft.stream,
        wants_stream=invocation.stream,
        stop=draft.stop,
        calls=draft.calls,
        system_role=draft.system_role,
        add_system=draft.add_system,
        timeout=invocation.timeout,
        max_retries=invocation.max_retries,
        headers=invocation.headers,
        query=invocation.query,
        output_version=_content_version(draft, invocation),
        on_unsupported=invocation.on_unsupported,
        structured=draft.structured,
        parse_as=invocation.parse_as,
        platform=invocation.platforms.get(config.provider, ""),
        server=invocation.server,
        call_as_text=draft.call_as_text,
        reading=draft.reading.as_dict(),
        tool_names=draft.tool_names,
        answer_tool=draft.answer_tool,
        unwrap=draft.unwrap,
        resumes=draft.resumes,
        cache_ttl=draft.cache_ttl,
        sends_as_given=sends_as_given(draft),
    )


def _nulls(draft: Draft) -> dict[str, None]:
    """Return the settings that are sent as null, by their wire names."""
    if draft.endpoint not in OPENAI_ENDPOINTS:
        return {}
    rules = filter(None, map(draft.rule, draft.invocation.nulls))
    names = (rule.name for rule in rules if rule.accepts == "any")
    return {name: None for name in names if "." not in name}


def _content_version(draft: Draft, invocation: Invocation) -> str | None:
    """Return the form of message content: Responses' own if the user chose it.

    Where the plan chose it, text is a string whatever the endpoint.
    """
    version = invocation.output_version
    return version or ("responses/v1" if draft.chose_responses else None)


def _route(draft: Draft, config: ModelConfig) -> Literal["patched", "direct", "native"]:
    if draft.endpoint not in OPENAI_ENDPOINTS:
        return "native"
    plain = draft.endpoint == "chat" and not config.reasons
    return "patched" if plain else "direct"


def _model_changes(
    invocation: Invocation, config: ModelConfig, draft: Draft
) -> list[Change]:
    changes = []
    if config.match in {"family", "fallback"}:
        reason = (
            "the model is not in the registry; the rules of the family "
            f"{config.family!r} apply."
        )
        asked, sent = invocation.model, config.model
        changes.append(Change("model", "defaulted", asked, sent, reason, "registry"))
    if config.seen:
        reason = "the server was identified by its responses."
        told = (config.server, config.seen, reason, "servers.toml")
        changes.append(Change("base_url", "learned", *told))
    usual, sent = config.endpoints[0], draft.endpoint
    if sent != usual and invocation.endpoint is None:
        served = usual in _served(invocation, config)
        why = "cannot represent this call without loss."
        why = why if served else "is not available in this API version."
        reason = f"{usual} {why}"
        changes.append(Change("endpoint", "routed", None, sent, reason, "planner"))
    return changes
