"""One chat model for OpenAI's and Google's models, switched per call."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from langchain_unified.exports import exported
from langchain_unified.runtime import runtime

if TYPE_CHECKING:
    __version__: str
    from langchain_unified.answers.errors import (
        RefusalError,
        StructuredOutputError,
        TruncatedOutputError,
    )
    from langchain_unified.chat_model import UnifiedChatModel
    from langchain_unified.compat import LangChainCompatibilityService
    from langchain_unified.errors import (
        InvalidParameterError,
        MissingCredentialsError,
        ProviderError,
        ProviderNotEnabledError,
        UnifiedError,
        UnknownParameterError,
        UnsupportedError,
        UnsupportedVersionError,
    )
    from langchain_unified.factory import init_chat_model
    from langchain_unified.learning import Lessons
    from langchain_unified.registry import Registry, default_registry
    from langchain_unified.rollout import Rollout
    from langchain_unified.runtime import Runtime
    from langchain_unified.service import UnifiedInferenceService
    from langchain_unified.shims.base import ProviderShim
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
    "LangChainCompatibilityService": "compat",
    "Lessons": "learning",
    "MissingCredentialsError": "errors",
    "ModelConfig": "types",
    "ParameterMapping": "types",
    "ProviderError": "errors",
    "ProviderNotEnabledError": "errors",
    "ProviderShim": "shims",
    "RefusalError": "answers.errors",
    "Registry": "registry",
    "StructuredOutputError": "answers.errors",
    "TruncatedOutputError": "answers.errors",
    "UnifiedChatModel": "chat_model",
    "UnifiedError": "errors",
    "UnifiedInferenceService": "service",
    "UnknownParameterError": "errors",
    "UnsupportedVersionError": "errors",
    "UnsupportedError": "errors",
    "default_registry": "registry",
    "init_chat_model": "factory",
    "Rollout": "rollout",
    "Runtime": "runtime",
}

__all__ = [
    "CallPlan",
    "Change",
    "InvalidParameterError",
    "Invocation",
    "LangChainCompatibilityService",
    "Lessons",
    "MissingCredentialsError",
    "ModelConfig",
    "ParameterMapping",
    "ProviderError",
    "ProviderNotEnabledError",
    "ProviderShim",
    "RefusalError",
    "Registry",
    "Rollout",
    "Runtime",
    "StructuredOutputError",
    "TruncatedOutputError",
    "UnifiedChatModel",
    "UnifiedError",
    "UnifiedInferenceService",
    "UnknownParameterError",
    "UnsupportedError",
    "UnsupportedVersionError",
    "__version__",
    "default_registry",
    "init_chat_model",
]


_exported = exported(__name__, _HOMES)
runtime.discovery = partial(import_module, f"{__name__}.discovery")


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    try:
        return _exported(name)
    except ImportError as error:
        # Of a package of another version, names are missing that we import.
        if problem := _wrong_version():
            raise ImportError(problem, name=name) from error
        raise


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415

    try:
        return version("langchain-unified")
    except PackageNotFoundError:
        return "0.0.0"


def _wrong_version() -> str | None:
    """Return which package is to blame for an import that failed, and what to type."""
    from langchain_unified.versions import SHARED, first_problem  # noqa: PLC0415

    problem = first_problem(SHARED)
    return None if problem is None else problem.sentence


def __dir__() -> list[str]:
    return __all__
