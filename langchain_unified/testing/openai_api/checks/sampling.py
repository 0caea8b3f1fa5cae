"""Sampling parameters a model takes only sometimes, or never."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from langchain_unified.testing.errors import refuse
from langchain_unified.testing.openai_api.checks.names import refuse_parameter

if TYPE_CHECKING:
    from langchain_unified.testing.openai_api.call import OpenAICall

_CHAT = {
    "temperature": ("temperature", 1),
    "top_p": ("top_p", 1),
    "presence_penalty": ("presence_penalty", 0),
    "frequency_penalty": ("frequency_penalty", 0),
    "logprobs": ("logprobs", False),
    "top_logprobs": ("logprobs", 0),
    "logit_bias": ("logit_bias", {}),
    "stop": ("stop", []),
    "n": ("n", 1),
}
_RESPONSES = {
    "temperature": ("temperature", 1),
    "top_p": ("top_p", 1),
    "top_logprobs": ("logprobs", 0),
}


def check_incompatible_arguments(call: OpenAICall) -> None:
    """Refuse all unsupported sampling parameters at once, where the model does so."""
    if not call.rules.incompatible_wording:
        return
    refused = sorted(
        name
        for name, (rule, _) in _CHAT.items()
        if name in call.body and getattr(call.rules, rule) == "rejected"
    )
    if refused:
        plural = "s" if len(refused) > 1 else ""
        refuse(
            f"Model incompatible request argument{plural} supplied: "
            f"{', '.join(refused)}"
        )


def check_sampling(call: OpenAICall) -> None:
    """Refuse each sampling parameter the model does not take at this effort."""
    for name, (rule, default) in (_CHAT if call.on_chat else _RESPONSES).items():
        if name in call.body:
            _check_one(call, name, getattr(call.rules, rule), default)


def check_logprobs_include(call: OpenAICall) -> None:
    """Refuse log probabilities asked for through `include`."""
    name, include = "message.output_text.logprobs", call.body.get("include") or []
    if call.on_chat or name not in include:
        return
    if _is_refused(call, call.rules.logprobs):
        refuse_parameter(name, "include", code=call.code_unsupported)


def check_top_logprobs(call: OpenAICall) -> None:
    """Refuse `top_logprobs` without `logprobs`."""
    if call.on_chat and "top_logprobs" in call.body and not call.body.get("logprobs"):
        refuse(
            "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.",
            param="top_logprobs",
        )


def _check_one(call: OpenAICall, name: str, support: str, default: Any) -> None:
    if support == "ignored":
        call.recorded.ignored.append(name)
    if _is_refused(call, support):
        refuse_parameter(name, code=call.code_unsupported)
    if support == "only_default" and call.body[name] != default:
        _only_default(call, name, default)


def _is_refused(call: OpenAICall, support: str) -> bool:
    if support == "only_when_effort_none":
        return call.effort not in (None, "none")
    return support == "rejected"


def _only_default(call: OpenAICall, name: str, default: Any) -> NoReturn:
    if not call.on_chat:
        refuse_parameter(name, code=call.code_unsupported)
    refuse(
        f"Unsupported value: '{name}' does not support {call.body[name]} with this "
        f"model. Only the default ({default}) value is supported.",
        param=name,
        code="unsupported_value",
    )
