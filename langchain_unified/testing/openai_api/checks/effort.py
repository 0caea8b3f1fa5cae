"""Reasoning effort, summaries and verbosity."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from langchain_unified.testing.errors import one_of, refuse
from langchain_unified.testing.openai_api.checks.names import (
    refuse_parameter,
    require_one_of,
)

if TYPE_CHECKING:
    from langchain_unified.testing.openai_api.call import OpenAICall

VERIFY = "https://platform.openai.com/settings/organization/general"
_SUMMARIES = ("auto", "concise", "detailed")
_ENCRYPTED = "reasoning.encrypted_content"


def check_effort(call: OpenAICall) -> None:
    """Refuse an effort the model does not take on this endpoint."""
    if call.on_chat:
        _check_chat_effort(call)
    else:
        _check_responses_effort(call)


def check_verbosity(call: OpenAICall) -> None:
    """Refuse a verbosity the model does not take."""
    source = call.body if call.on_chat else call.body.get("text") or {}
    value = source.get("verbosity")
    if value is None or value in call.rules.verbosity:
        return
    supported = one_of(call.rules.verbosity)
    if call.on_chat:
        refuse(
            f"Unsupported value: 'verbosity' does not support '{value}' with this "
            f"model. Supported values are: {supported}.",
            param="verbosity",
            code="unsupported_value",
        )
    _value_refused(call, value, call.rules.verbosity, "text.verbosity")


def check_summary(call: OpenAICall) -> None:
    """Refuse a reasoning summary that is unknown or needs a verified organization."""
    reasoning = call.body.get("reasoning") or {}
    summary = reasoning.get("summary") or reasoning.get("generate_summary")
    if call.on_chat or summary is None:
        return
    if not call.rules.reasoning:
        refuse_parameter("reasoning.summary")
    require_one_of(summary, _SUMMARIES, "reasoning.summary")
    if summary not in call.rules.summaries:
        _value_refused(call, summary, call.rules.summaries, "reasoning.summary")
    require_verified(call, "generate reasoning summaries", "reasoning.summary")


def check_encrypted_include(call: OpenAICall) -> None:
    """Refuse encrypted reasoning from a model that does not reason."""
    include = call.body.get("include") or []
    if not call.on_chat and _ENCRYPTED in include and not call.rules.reasoning:
        refuse("Encrypted content is not supported with this model.", param="include")


def _check_chat_effort(call: OpenAICall) -> None:
    if "reasoning_effort" not in (call.recorded.body or {}):
        return
    levels = call.rules.chat_effort_levels
    value = call.recorded.body["reasoning_effort"]
    if not levels:
        refuse("Unrecognized request argument supplied: reasoning_effort")
    if value in levels:
        return
    named = "null" if value is None else f"'{value}'"
    listed = one_of(levels) if value is None else ", ".join(f"'{x}'" for x in levels)
    refuse(
        f"Unsupported value: 'reasoning_effort' does not support {named} with this "
        f"model. Supported values are: {listed}.",
        param="reasoning_effort",
        code="unsupported_value",
    )


def _check_responses_effort(call: OpenAICall) -> None:
    value = call.effort_sent
    if value is None:
        return
    levels = call.rules.effort_levels
    if not levels:
        refuse_parameter("reasoning.effort")
    if value not in levels:
        _value_refused(call, value, levels, "reasoning.effort")


def _value_refused(
    call: OpenAICall, value: str, supported: tuple[str, ...], param: str
) -> NoReturn:
    refuse(
        f"Unsupported value: '{value}' is not supported with the '{call.rules.id}' "
        f"model. Supported values are: {one_of(supported)}.",
        param=param,
        code="unsupported_value",
    )


def require_verified(call: OpenAICall, purpose: str, param: str) -> None:
    """Refuse what only a verified organization may do."""
    if not call.settings.verified_organization:
        refuse(
            f"Your organization must be verified to {purpose}. Please go to: {VERIFY} "
            "and click on Verify Organization.",
            param=param,
            code="unsupported_value",
        )
