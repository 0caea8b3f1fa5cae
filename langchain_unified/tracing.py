"""What a trace and a cache are told of a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.language_models import LangSmithParams

from langchain_unified.choice import is_auto
from langchain_unified.types import ModelConfig

_UNCACHED = frozenset(
    {"timeout", "max_retries", "stream_usage", "extra_headers", "on_unsupported"}
)
"""Settings that do not change the answer, and so not its place in the cache."""


def traced(settings: Mapping[str, Any], llm_type: str) -> dict[str, Any]:
    """Return the settings of a call as a trace shows them: no key, no header."""
    shown = {**settings}
    shown.pop("extra_headers", None)
    if "tools" in shown:
        shown["tools"] = [_without_secrets(tool) for tool in shown["tools"]]
    shown["model_name"], shown["stop"] = shown["model"], shown.get("stop")
    shown["_type"] = llm_type
    return shown


def langsmith_params(
    settings: Mapping[str, Any], config: ModelConfig
) -> LangSmithParams:
    """Return what LangSmith filters and counts by."""
    params = LangSmithParams(
        ls_provider=config.provider,
        ls_model_name=config.model,
        ls_model_type="chat",
    )
    if "temperature" in settings:
        params["ls_temperature"] = settings["temperature"]
    if "max_tokens" in settings:
        params["ls_max_tokens"] = settings["max_tokens"]
    if settings.get("stop"):
        params["ls_stop"] = list(settings["stop"])
    return params


def cache_key(
    settings: Mapping[str, Any], config: ModelConfig, server: str | None, owner: str
) -> str:
    """Return a call's place in the cache: the model used, and what shapes its answer.

    Args:
        settings: The settings of the call.
        config: What is known about its model.
        server: Where it is sent; `None` for the provider's usual server.
        owner: The class of the chat model.
    """
    shown = {k: v for k, v in settings.items() if k not in _UNCACHED}
    shown["model"] = config.full_name
    if is_auto(settings["model"]):
        shown["auto"] = settings["model"]
    shown["server"] = server
    return f"{owner}{sorted(shown.items(), key=lambda pair: pair[0])}"


def _without_secrets(tool: Any) -> Any:
    """Remote MCP servers are given credentials in the tool itself."""
    if not isinstance(tool, dict) or tool.get("type") != "mcp":
        return tool
    secret = {"headers", "authorization"}
    return {k: "**REDACTED**" if k in secret else v for k, v in tool.items()}
