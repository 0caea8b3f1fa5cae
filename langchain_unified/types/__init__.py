"""The values that travel between resolve, plan and shim.

All of them are immutable and hold no client, no key and no connection, so a plan
can be cached, printed, compared and sent between threads.
"""

from langchain_unified.types.calls import (
    BREAKPOINT,
    CACHE_CONTROL,
    CHAT_ONLY,
    Invocation,
    MediaForm,
    Policy,
    ToolLike,
    Traits,
)
from langchain_unified.types.facts import (
    EMPTY,
    Accepts,
    Importance,
    Lifecycle,
    Match,
    ModelConfig,
    ParameterMapping,
    ParameterRule,
    Thinking,
)
from langchain_unified.types.plans import CallPlan, Change, ChangeKind
from langchain_unified.types.prices import Price, Rates
from langchain_unified.types.provenance import Layer, Provenance

__all__ = [
    "BREAKPOINT",
    "CACHE_CONTROL",
    "CHAT_ONLY",
    "EMPTY",
    "Accepts",
    "CallPlan",
    "Change",
    "ChangeKind",
    "Importance",
    "Invocation",
    "Layer",
    "Lifecycle",
    "Match",
    "MediaForm",
    "ModelConfig",
    "ParameterMapping",
    "ParameterRule",
    "Policy",
    "Price",
    "Provenance",
    "Rates",
    "Thinking",
    "ToolLike",
    "Traits",
]
