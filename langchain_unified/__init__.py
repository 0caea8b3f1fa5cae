"""One chat model for OpenAI's and Google's models, switched per call."""

from __future__ import annotations

import importlib
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_unified.chat_model import UnifiedChatModel
    from langchain_unified.errors import (
        InvalidParameterError,
        MissingCredentialsError,
        ProviderError,
        ProviderNotEnabledError,
        UnifiedError,
        UnknownParameterError,
        UnsupportedError,
    )
    from langchain_unified.registry import Registry, default_registry
    from langchain_unified.shims import ProviderShim
    from langchain_unified.types import (
        CallPlan,
        Change,
        Invocation,
        ModelConfig,
        ParameterMapping,
    )

_HOMES = {
    "CallPlan": "types",
    "Change": "types",
    "InvalidParameterError": "errors",
    "Invocation": "types",
    "MissingCredentialsError": "errors",
    "ModelConfig": "types",
    "ParameterMapping": "types",
    "ProviderError": "errors",
    "ProviderNotEnabledError": "errors",
    "ProviderShim": "shims",
    "Registry": "registry",
    "UnifiedChatModel": "chat_model",
    "UnifiedError": "errors",
    "UnknownParameterError": "errors",
    "UnsupportedError": "errors",
    "default_registry": "registry",
}

try:
    __version__ = version("langchain-unified")
except PackageNotFoundError:
    __version__ = "0.0.0"

__all__ = [
    "CallPlan",
    "Change",
    "InvalidParameterError",
    "Invocation",
    "MissingCredentialsError",
    "ModelConfig",
    "ParameterMapping",
    "ProviderError",
    "ProviderNotEnabledError",
    "ProviderShim",
    "Registry",
    "UnifiedChatModel",
    "UnifiedError",
    "UnknownParameterError",
    "UnsupportedError",
    "__version__",
    "default_registry",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
