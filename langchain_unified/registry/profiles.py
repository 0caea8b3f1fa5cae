"""A model's facts as langchain-core's `ModelProfile`."""

from __future__ import annotations

from typing import Any, cast

from langchain_core.language_models import ModelProfile

from langchain_unified.types import ModelConfig

FEATURES = (
    "text_inputs",
    "image_inputs",
    "audio_inputs",
    "video_inputs",
    "pdf_inputs",
    "text_outputs",
    "image_outputs",
    "audio_outputs",
    "video_outputs",
    "tool_calling",
    "tool_choice",
    "structured_output",
    "reasoning_output",
    "image_url_inputs",
    "image_tool_message",
    "pdf_tool_message",
    "tool_call_streaming",
    "mid_conversation_system_messages",
    "mid_conversation_tools",
)
_WITHIN = {
    "image_url_inputs": "image_inputs",
    "image_tool_message": "image_inputs",
    "pdf_tool_message": "pdf_inputs",
    "tool_call_streaming": "tool_calling",
}
"""Features that say how something is given, by the feature that it is given at all."""
_RENAMED = {"input": "max_input_tokens", "output": "max_output_tokens"}


def profile_of(config: ModelConfig) -> ModelProfile:
    """Return a model's facts under LangChain's profile keys.

    Args:
        config: What the registry knows.

    Example:
        >>> from langchain_unified.registry import default_registry
        >>> profile_of(default_registry().resolve("gpt-4o"))["tool_calling"]
        True
    """
    facts: dict[str, Any] = {
        name: bool(config.features[name])
        for name in FEATURES
        if name in config.features
    }
    for name, whole in _WITHIN.items():
        if name in facts:
            facts[name] = facts[name] and bool(config.features.get(whole))
    # An agent that reads true asks for the form of its answer beside its tools
    # (langchain 1.5.2, `create_agent`); where a forced call is that form it cannot.
    if not (_of(config, "tools_with_json") or _of(config, "tool_choice")):
        facts["structured_output"] = False
    if _is_guessed(config, "structured_output"):
        # ChatOpenAI's profile is empty there, and an agent takes a tool for the form.
        facts.pop("structured_output", None)
    facts |= {_RENAMED[k]: v for k, v in config.limits.items() if k in _RENAMED}
    facts["temperature"] = any(m.supports_temperature for m in config.mappings.values())
    facts["reasoning_output"] = config.reasons
    each = [config.thinking.levels.get(e) or () for e in config.endpoints]
    levels = max(each, key=len, default=())
    if levels:
        facts["reasoning_effort_levels"] = list(levels)
    if config.thinking.default is not None:
        facts["reasoning_effort_default"] = config.thinking.default
    released = config.lifecycle.released
    if released is not None:
        facts["release_date"] = released.isoformat()
    return cast("ModelProfile", facts)


def _is_guessed(config: ModelConfig, fact: str) -> bool:
    """Tell whether nobody stated a fact, and only the user's own server knows it."""
    stated = config.provenance.get(fact)
    guessed = stated is None or stated.confidence == "inferred"
    return config.server_decides and guessed


def _of(config: ModelConfig, feature: str) -> bool:
    return bool(config.features.get(feature, True))
