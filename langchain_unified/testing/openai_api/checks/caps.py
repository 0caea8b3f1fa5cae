"""Token caps, and conversations that are too long."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from langchain_unified.testing.errors import refuse
from langchain_unified.testing.openai_api.checks.names import refuse_parameter
from langchain_unified.testing.openai_api.checks.ranges import require_range

if TYPE_CHECKING:
    from langchain_unified.testing.openai_api.call import OpenAICall

_CAPS = ("max_tokens", "max_completion_tokens")
_TOO_LONG = "context_length_exceeded"


def check_caps(call: OpenAICall) -> None:
    """Refuse a token cap under a wrong name, or one that is too small or too large."""
    if not call.on_chat:
        _check_responses_cap(call)
        return
    sent = [name for name in _CAPS if name in call.body]
    if len(sent) > 1:
        refuse(
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not "
            "supported.",
            param="max_tokens",
            code="invalid_parameter_combination",
        )
    for name in sent:
        _check_chat_cap(call, name)


def cap_of(call: OpenAICall) -> int | None:
    """Return the token cap of a request."""
    names = _CAPS if call.on_chat else ("max_output_tokens",)
    return next((call.body[name] for name in names if name in call.body), None)


def check_context(call: OpenAICall, tokens: int) -> None:
    """Refuse an input longer than the model's window."""
    rules = call.rules
    window = rules.context_window
    limit = rules.max_input_tokens or window
    if window is None or limit is None:
        return
    if tokens > limit:
        _too_long(call, tokens, limit, window)
    wanted = (cap_of(call) or 0) + tokens
    if call.on_chat and wanted > window:
        text = (
            f"This model's maximum context length is {window} tokens. However, you "
            f"requested {wanted} tokens ({tokens} in the messages, {wanted - tokens} "
            f"in the completion). Please reduce the length of the messages or "
            f"completion."
        )
        refuse(text, param="messages", code=_TOO_LONG)


def _check_responses_cap(call: OpenAICall) -> None:
    name = "max_output_tokens"
    rules = call.rules
    require_range(
        call.body.get(name),
        rules.min_output_tokens,
        rules.max_output_tokens,
        name,
        "integer",
    )


def _check_chat_cap(call: OpenAICall, name: str) -> None:
    taken = call.rules.chat_token_params
    if name not in taken:
        hint = f" Use '{taken[0]}' instead." if taken else ""
        refuse_parameter(name, hint=hint)
    value = call.body[name]
    require_range(value, 1, None, name, "integer")
    most = call.rules.max_output_tokens
    if most is not None and value > most:
        refuse(
            f"{name} is too large: {value}. This model supports at most {most} "
            f"completion tokens, whereas you provided {value}.",
            param=name,
            code="invalid_value",
        )


def _too_long(call: OpenAICall, tokens: int, limit: int, window: int) -> NoReturn:
    if not call.on_chat:
        text = "Your input exceeds the context window of this model."
        text += " Please adjust your input and try again."
        refuse(text, param="input", code=_TOO_LONG)
    if limit < window:
        text = f"Input tokens exceed the configured limit of {limit} tokens. Your"
    else:
        text = f"This model's maximum context length is {limit} tokens. However, your"
    text += f" messages resulted in {tokens} tokens."
    text += " Please reduce the length of the messages."
    refuse(text, param="messages", code=_TOO_LONG)
