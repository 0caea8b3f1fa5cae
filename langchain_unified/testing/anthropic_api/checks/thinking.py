"""Thinking, effort and the format of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_unified.testing.anthropic_api.call import refuse

if TYPE_CHECKING:
    from langchain_unified.testing.anthropic_api.call import AnthropicCall

_LEAST = 1024
_HIGHEST_WITHOUT = ("xhigh", "max")


def check_thinking(call: AnthropicCall) -> None:
    """Refuse ways to think that the model does not know."""
    kind = call.thinking.get("type")
    if kind is not None and kind not in call.rules.thinking:
        _refuse_type(kind)
    if kind == "enabled":
        _check_budget(call)
    if kind == "disabled" and call.output_config.get("effort") in _HIGHEST_WITHOUT:
        effort = call.output_config["effort"]
        refuse(f'"thinking.type.disabled" is not supported with effort "{effort}".')


def _refuse_type(kind: str) -> None:
    if kind == "adaptive":
        refuse("adaptive thinking is not supported on this model")
    refuse(
        f'"thinking.type.{kind}" is not supported for this model. Use '
        '"thinking.type.adaptive" and "output_config.effort" to control thinking '
        "behavior."
    )


def _check_budget(call: AnthropicCall) -> None:
    budget = call.thinking.get("budget_tokens")
    if budget is None:
        refuse("thinking.enabled.budget_tokens: Field required")
    if budget < _LEAST:
        refuse(
            "thinking.enabled.budget_tokens: Input should be greater than or equal to "
            f"{_LEAST}"
        )
    if budget >= call.body["max_tokens"]:
        refuse(
            "`max_tokens` must be greater than `thinking.budget_tokens`. Please "
            "consult our documentation at https://docs.claude.com/en/docs/"
            "build-with-claude/extended-thinking#max-tokens-and-context-window-size"
        )


def check_effort(call: AnthropicCall) -> None:
    """Refuse an effort the model does not know."""
    effort = call.output_config.get("effort")
    if effort is None:
        return
    if not call.rules.efforts:
        refuse("This model does not support the effort parameter.")
    if effort not in call.rules.efforts:
        listed = ", ".join(f"'{level}'" for level in call.rules.efforts)
        refuse(f"output_config.effort: Input should be {listed}")


def check_format(call: AnthropicCall) -> None:
    """Refuse response schemas with open objects."""
    form = call.output_config.get("format")
    if form is None:
        return
    if form.get("type") != "json_schema" or not isinstance(form.get("schema"), dict):
        refuse("output_config.format: Input should be a JSON schema")
    _refuse_open(form["schema"])


def _refuse_open(schema: Any) -> None:
    if isinstance(schema, list):
        for item in schema:
            _refuse_open(item)
    if not isinstance(schema, dict):
        return
    closed = schema.get("additionalProperties") is False
    if schema.get("type") == "object" and not closed:
        refuse(
            "output_config.format.schema: For 'object' type, 'additionalProperties' "
            "must be explicitly set to false"
        )
    for value in schema.values():
        _refuse_open(value)
