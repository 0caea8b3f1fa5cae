"""The surface of the old `LangChainService`, over the new one.

Code written against the old service goes on working: the same call, the same plain
dictionary. A rollout flag says, call by call, whether the old service or the new one
answers, so that both run side by side and the old one can be removed last.
"""

from __future__ import annotations

import asyncio
import inspect
import warnings
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from langchain_unified.errors import ProviderNotEnabledError
from langchain_unified.rollout import Rollout, Served
from langchain_unified.rollout.control import rollout_of
from langchain_unified.service import (
    TextResult,
    UnifiedInferenceService,
    is_no_answer,
)

_OLD = (
    "LangChainCompatibilityService.{name}() keeps old callers going; new code should "
    "call UnifiedInferenceService.{name}(), which returns a typed result and raises "
    "typed errors."
)


class LangChainCompatibilityService:
    """The old `LangChainService` surface.

    A call without an answer does not raise, whoever serves it: `success` is false and
    `error` says why. That is a failing provider, one that is switched off, a budget
    that is used up, and a model that cannot do what was asked for. A mistake in the
    call (an unknown setting, an impossible value) raises.

    Args:
        unified_service: The new service.
        legacy: The old service: any object with the old `generate_text`. Without one,
            `legacy` is served by the plain `ChatOpenAI` inside the new service.
        rollout: What decides who answers; what the new service's chat model obeys if
            left out.
        details: Whether the dictionary also has the new result's further fields.

    Example:
        ```python
        service = LangChainCompatibilityService(unified, legacy=old_service)
        answer = await service.generate_text("hi", model="auto", max_tokens=100)
        answer == {"text": "...", "model_used": "...", "success": True}
        ```
    """

    def __init__(
        self,
        unified_service: UnifiedInferenceService,
        legacy: Any = None,
        *,
        rollout: Any = None,
        details: bool = False,
    ) -> None:
        """Keep both services."""
        self.unified_service, self.legacy = unified_service, legacy
        self._rollout, self._details = rollout, details

    @property
    def rollout(self) -> Rollout:
        """What decides who answers."""
        own = self._rollout
        return rollout_of(own if own is not None else self.unified_service.llm.rollout)

    def generate_text(
        self,
        prompt: str,
        model: str = "auto",
        *,
        config: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> Coroutine[Any, Any, dict[str, Any]]:
        """Answer a prompt; await the result.

        Args:
            prompt: What to ask.
            model: Any model the registry understands, or `auto`.
            config: LangChain's config; its user or thread is the canary's key. The old
                service gets it if its `generate_text` names a `config`.
            **kwargs: Settings of the call, under old or new names.

        Returns:
            `text`, `model_used` and `success`; `error` if `success` is false.
        """
        warnings.warn(_OLD.format(name="generate_text"), DeprecationWarning, 2)
        return self._generate_text(prompt, model, config, kwargs)

    async def _generate_text(
        self,
        prompt: str,
        model: str,
        config: Mapping[str, Any] | None,
        kwargs: dict[str, Any],
    ) -> dict[str, Any]:
        served = self._served(model, config)
        try:
            if served == "legacy" and self.legacy is not None:
                return await self._old(served, prompt, model, config, kwargs)
            if served is not None:
                kwargs = {**kwargs, "rollout": served}
            result = await self.unified_service.generate_text(
                prompt, model, config=config, **kwargs
            )
        except Exception as error:
            if not is_no_answer(error):
                raise
            return _failure(self._model(model), error)
        return self._dictionary(result)

    def _served(self, model: str, config: Mapping[str, Any] | None) -> Served | None:
        """Decide who answers, once for both services."""
        provider = self.unified_service.provider_of(model)
        return self.rollout.decide(provider, config)

    async def _old(
        self,
        served: Served,
        prompt: str,
        model: str,
        config: Mapping[str, Any] | None,
        kwargs: dict[str, Any],
    ) -> dict[str, Any]:
        """Return the old service's answer, as it is."""
        if served.mode.name == "shadow":
            self.unified_service.observe_shadow(served, prompt, model, kwargs)
        if config is not None and _takes_config(self.legacy.generate_text):
            kwargs = {**kwargs, "config": config}
        answer = self.legacy.generate_text(prompt, model=model, **kwargs)
        if inspect.isawaitable(answer):
            answer = await answer
        found: dict[str, Any] = answer
        return {**found, "rollout": served.record} if self._details else found

    def _model(self, model: str) -> str:
        return self.unified_service.llm.model_name if model == "auto" else model

    def _dictionary(self, result: TextResult) -> dict[str, Any]:
        if self._details:
            return result.as_dict()
        return {
            "text": result.text,
            "model_used": result.model_used,
            "success": result.success,
        }


def _asynchronous(function: Callable[..., Any]) -> None:
    """Mark a function as one whose result is awaited, for callers that ask first."""
    mark = getattr(inspect, "markcoroutinefunction", None)
    if mark is not None:
        mark(function)
    else:  # before Python 3.12
        vars(function)["_is_coroutine"] = vars(asyncio.coroutines)["_is_coroutine"]


_asynchronous(LangChainCompatibilityService.generate_text)


def _failure(model: str, error: Exception) -> dict[str, Any]:
    plain = isinstance(error, ProviderNotEnabledError)
    text = str(error) if plain else f"{type(error).__name__}: {error}"
    return {"text": "", "model_used": model, "success": False, "error": text}


def _takes_config(function: Any) -> bool:
    """Tell whether a config is expected; `**kwargs` may go on to a provider."""
    return "config" in inspect.signature(function).parameters
