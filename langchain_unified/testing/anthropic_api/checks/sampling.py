"""Sampling: by model, and beside thinking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_unified.testing.anthropic_api.call import refuse

if TYPE_CHECKING:
    from langchain_unified.testing.anthropic_api.call import AnthropicCall

_NAMES = ("temperature", "top_p", "top_k")
_LOWEST_TOP_P = 0.95


def check_sampling(call: AnthropicCall) -> None:
    """Refuse sampling the model does not take, and values out of range."""
    given = {name: call.body[name] for name in _NAMES if name in call.body}
    for name, value in given.items():
        if call.rules.sampling == "none":
            refuse(f"`{name}` is deprecated for this model.")
        if name != "top_k" and not 0 <= value <= 1:
            refuse(f"{name}: range: 0..1")
    if {"temperature", "top_p"} <= set(given) and call.rules.sampling == "one":
        refuse(
            "`temperature` and `top_p` cannot both be specified for this model. "
            "Please use only one."
        )


def check_sampling_beside_thinking(call: AnthropicCall) -> None:
    """Refuse sampling that thinking does not go with."""
    if not call.asks_to_think:
        return
    if call.body.get("temperature", 1) != 1:
        refuse("`temperature` may only be set to 1 when thinking is enabled.")
    if "top_k" in call.body:
        refuse("`top_k` must be unset when thinking is enabled.")
    if call.body.get("top_p", 1) < _LOWEST_TOP_P:
        refuse("`top_p` must be greater than or equal to 0.95 or unset when thinking.")
