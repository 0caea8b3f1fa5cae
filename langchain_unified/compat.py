"""The surface of the old `LangChainService`, over the new one.

Code written against the old service goes on working: the same calls, the same plain
dictionaries, the same exceptions. A rollout flag says, call by call, whether the old
service or the new one answers, so that both run side by side and the old one can be
removed last.
"""

from __future__ import annotations

import asyncio
import inspect
import time
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial, wraps
from typing import Any, Literal

from langchain_unified.errors import (
    InvalidParameterError,
    ProviderError,
    ProviderNotEnabledError,
    UnifiedError,
)
from langchain_unified.rollout import Rollout, Served
from langchain_unified.rollout.capture import recording
from langchain_unified.rollout.control import rollout_of
from langchain_unified.rollout.guard import refusal_of
from langchain_unified.rollout.mirror import Primary
from langchain_unified.rollout.router import Asked
from langchain_unified.service import (
    TextResult,
    UnifiedInferenceService,
    is_no_answer,
)

Errors = Literal["raise", "dict"]
"""What a call without an answer does on the new path."""

_OLD = (
    "LangChainCompatibilityService.{name}() keeps old callers going; new code should "
    "call UnifiedInferenceService.{name}(), which returns a typed result and raises "
    "typed errors."
)


class _Default(str):
    """A default that can be told from the same word given by a caller."""

    __slots__ = ()


_DEFAULT = _Default("auto")


class LangChainCompatibilityService:
    """The old `LangChainService` surface.

    Where an old service of one's own is given, it is the path before the migration for
    every call, whoever makes the model: in `legacy` and `shadow` mode it gets the call
    as it came, its other methods too, and what it returns or raises comes back
    untouched. Without one, `legacy` is the plain `ChatOpenAI` inside the new service.

    On the new path a call without an answer raises what `ChatOpenAI` would have raised
    (for example `openai.RateLimitError`), so that retries and status codes built on it
    go on working. If the model refused, the dictionary also has `refusal`.

    Args:
        unified_service: The new service.
        legacy: The old service: any object with the old `generate_text`.
        rollout: What decides who answers; what the new service's chat model obeys if
            left out. With an old service and no flag anywhere, the old service does.
        errors: `raise`, or `dict` for a dictionary whose `success` is false and whose
            `error` says why, where the provider failed, is switched off or cannot do
            what was asked for. Mistakes in the call, and whatever the old service
            raises, are raised all the same.
        details: Whether the dictionary also has the new result's further fields.

    Raises:
        InvalidParameterError: If `errors` is neither, or `rollout` is no flag.

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
        errors: Errors = "raise",
        details: bool = False,
    ) -> None:
        """Keep both services."""
        if errors not in {"raise", "dict"}:
            raise InvalidParameterError("errors", errors, "give 'raise' or 'dict'.")
        rollout_of(rollout)
        self.unified_service, self.legacy = unified_service, legacy
        self._rollout, self._errors, self._details = rollout, errors, details

    @property
    def rollout(self) -> Rollout:
        """What decides who answers."""
        own = self._rollout
        return rollout_of(own if own is not None else self.unified_service.llm.rollout)

    def generate_text(
        self,
        prompt: str,
        model: str = _DEFAULT,
        *,
        config: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> Coroutine[Any, Any, dict[str, Any]]:
        """Answer a prompt; await the result.

        Args:
            prompt: What to ask.
            model: Any model the registry understands, or `auto`.
            config: LangChain's config; a canary finds its key there. The old service
                gets it if its `generate_text` names a `config`.
            **kwargs: Settings of the call, under old or new names. `user` is a
                canary's key too.

        Returns:
            `text`, `model_used` and `success`; `refusal` if the model refused, `error`
            if `success` is false.
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
        served = self._served(model, config, kwargs)
        if served == "legacy" and self.legacy is not None:
            return await self._old(served, prompt, model, config, kwargs)
        if served is not None:
            kwargs = {**kwargs, "rollout": served}
        try:
            result = await self.unified_service.generate_text(
                prompt, model, config=config, **kwargs
            )
        except Exception as error:
            if self._errors == "dict" and is_no_answer(error):
                return _failure(self._name(model), error)
            cause = _as_before(error)
            if cause is error:
                raise
            raise cause from None
        return self._dictionary(result)

    async def _old(
        self,
        served: Served,
        prompt: str,
        model: str,
        config: Mapping[str, Any] | None,
        kwargs: dict[str, Any],
    ) -> dict[str, Any]:
        """Return the old service's answer, as it is."""
        given: dict[str, Any] = {} if model is _DEFAULT else {"model": model}
        given |= kwargs
        if config is not None and _takes_config(self.legacy.generate_text):
            given["config"] = config
        ask = partial(self.legacy.generate_text, prompt, **given)
        if served.mode.name != "shadow":
            found = await _awaited(ask())
        else:
            read = partial(self.unified_service.asked, prompt, model, **kwargs)
            found = await self._shadowed(served, ask, read)
        return {**found, "rollout": served.record} if self._details else found

    async def _shadowed(
        self,
        served: Served,
        ask: Callable[[], Any],
        read: Callable[[], Asked],
    ) -> Any:
        """Return the old service's answer, and have the call looked at beside it."""
        started, primary = time.monotonic(), Primary()
        with recording() as sent:
            try:
                found = await _awaited(ask())
                if isinstance(found, Mapping) and found.get("success", True):
                    seconds = time.monotonic() - started
                    primary = Primary.whole(str(found.get("text", "")), seconds)
            finally:
                router = self.unified_service.llm.router
                router.observe(served, read, tuple(sent), primary)
        return found

    def _served(
        self, model: object, config: object, settings: Mapping[str, Any]
    ) -> Served | None:
        """Decide who answers, once for both services."""
        own = self.legacy is not None
        if not own and self.rollout.silent:
            return None
        return self.rollout.decide(
            self._provider(model),
            config if isinstance(config, Mapping) else None,
            settings,
            model=self._name(model),
            old_service=own,
        )

    def _provider(self, model: object) -> str:
        """Return the provider of a model; an old service may know other models."""
        try:
            return self.unified_service.provider_of(model)  # type: ignore[arg-type]
        except UnifiedError:
            if self.legacy is None:
                raise
            return ""

    def _name(self, model: object) -> str:
        auto = model == _DEFAULT or not isinstance(model, str)
        return self.unified_service.llm.model_name if auto else str(model)

    def _dictionary(self, result: TextResult) -> dict[str, Any]:
        if self._details:
            found = result.as_dict()
        else:
            found = {
                "text": result.text,
                "model_used": result.model_used,
                "success": result.success,
            }
        refusal = "" if result.message is None else refusal_of(result.message)
        return {**found, "refusal": refusal} if refusal else found

    def __getattr__(self, name: str) -> Any:
        """Return another attribute of the old service.

        A method is routed as `generate_text` is, where the new service has one of the
        same name; where only the old service has it, it answers in every mode.
        """
        legacy = self.__dict__.get("legacy")
        if name.startswith("__") or legacy is None:
            message = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(message)
        old = getattr(legacy, name)
        new = getattr(self.__dict__["unified_service"], name, None)
        routed = callable(old) and _takes_settings(new) and not name.startswith("_")
        return self._routed(name, old, new) if routed else old

    def _routed(self, name: str, old: Callable[..., Any], new: Any) -> Any:
        """Return a method of either service, chosen at each call."""
        compared = name == "generate_chat" and inspect.iscoroutinefunction(old)

        @wraps(old)
        def method(*args: Any, **kwargs: Any) -> Any:
            model = kwargs.get("model", args[1] if len(args) > 1 else _DEFAULT)
            served = self._served(model, kwargs.get("config"), kwargs)
            if served is None or served == "legacy":
                ask = partial(old, *args, **kwargs)
                if not compared or served is None or served.mode.name != "shadow":
                    return ask()
                return self._shadowed(served, ask, partial(_read, new, args, kwargs))
            found = new(*args, **kwargs, rollout=served)
            later = inspect.isawaitable(found)
            return self._plain_later(found) if later else self._plain(found)

        return method

    async def _plain_later(self, found: Awaitable[Any]) -> Any:
        return self._plain(await found)

    def _plain(self, found: Any) -> Any:
        """Return dictionaries in the place of results."""
        if isinstance(found, list):
            return [self._plain(one) for one in found]
        return self._dictionary(found) if isinstance(found, TextResult) else found


def _asynchronous(function: Callable[..., Any]) -> None:
    """Mark a function as one whose result is awaited, for callers that ask first."""
    mark = getattr(inspect, "markcoroutinefunction", None)
    if mark is not None:
        mark(function)
    else:  # before Python 3.12
        vars(function)["_is_coroutine"] = vars(asyncio.coroutines)["_is_coroutine"]


_asynchronous(LangChainCompatibilityService.generate_text)


def _read(new: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Asked:
    """Return the conversation and settings of a call, as the chat model takes them."""
    found = inspect.signature(new).bind(*args, **kwargs).arguments
    model = found.get("model", _DEFAULT)
    named = {} if model == _DEFAULT else {"model": model}
    return found["messages"], {**found.get("settings", {}), **named}


async def _awaited(answer: Any) -> Any:
    return await answer if inspect.isawaitable(answer) else answer


def _as_before(error: Exception) -> Exception:
    """Return what ChatOpenAI raised, where the new service typed it."""
    cause = error.__cause__
    typed = type(error).__module__.startswith(ProviderError.__module__)
    return cause if typed and isinstance(cause, Exception) else error


def _failure(model: str, error: Exception) -> dict[str, Any]:
    plain = isinstance(error, ProviderNotEnabledError)
    text = str(error) if plain else f"{type(error).__name__}: {error}"
    return {"text": "", "model_used": model, "success": False, "error": text}


def _takes_settings(method: Any) -> bool:
    """Tell whether a method of the new service makes calls: it takes their settings."""
    if not callable(method):
        return False
    parameters = inspect.signature(method).parameters.values()
    return any(found.kind is found.VAR_KEYWORD for found in parameters)


def _takes_config(function: Any) -> bool:
    """Tell whether a config is expected; `**kwargs` may go on to a provider."""
    return "config" in inspect.signature(function).parameters
