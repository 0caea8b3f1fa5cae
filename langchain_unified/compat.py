"""The interface of the old `LangChainService`, implemented by the new service.

Code written for the old service keeps working: the same calls, the same plain
dictionaries, the same exceptions. A rollout flag decides for each call whether the old
or the new service answers, so that both can run at the same time and the old one can be
removed at the end.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from functools import partial, wraps
from typing import Any, Literal

from langchain_core.exceptions import ModelError
from typing_extensions import deprecated

from langchain_unified.answers.errors import refusal_of
from langchain_unified.errors import (
    InvalidParameterError,
    ProviderError,
    ProviderNotEnabledError,
)
from langchain_unified.rollout import Rollout, Served
from langchain_unified.rollout.control import rollout_of
from langchain_unified.rollout.paths import Handed, watched
from langchain_unified.service import (
    StructuredResult,
    TextResult,
    UnifiedInferenceService,
    is_no_answer,
)
from langchain_unified.service.asking import AUTO

Errors = Literal["raise", "dict"]
"""What a call without an answer does on the new path."""

_KINDS = ("generate_text", "generate_chat", "generate_structured")
_ROUTED = {
    f"{kind}{end}"
    for kind in (*_KINDS, "stream_text", "batch_text")
    for end in ("", "_sync")
}
"""Methods that both services may have: which of the two answers is for the flag."""

_DEPRECATED = (
    "LangChainCompatibilityService.generate_text() is for existing callers; new "
    "code should call UnifiedInferenceService.generate_text(), which returns a "
    "typed result and raises typed errors."
)
_LATER = ("Await", "Async", "Coroutine", "Future", "Task")
_VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_NEW_FIELDS = ("text", "model_used", "success")


class LangChainCompatibilityService:
    """The interface of the old `LangChainService`.

    If you pass your old service, it is the legacy path of every call, whatever the
    model: in `legacy` and `shadow` mode it receives the call unchanged, including calls
    of its other methods, and its result or exception is returned unchanged. Without
    it, `legacy` is the `ChatOpenAI` inside the new service.

    On the new path, a failed call raises what `ChatOpenAI` would have raised (for
    example `openai.RateLimitError`), so that existing retries and status codes keep
    working. If the model refused to answer, the dictionary also has `refusal`.

    Args:
        unified_service: The new service.
        legacy: The old service: any object with the old `generate_text`.
        rollout: The rollout flag; by default that of the new service's chat model. With
            an old service and no flag, the old service answers.
        errors: `raise`, or `dict` to return a dictionary with `success=False` and an
            `error` if the provider failed, is disabled or does not support the
            request. Invalid calls and exceptions of the old service are always raised.
        details: Whether the dictionary also has the other fields of the new result.

    Raises:
        InvalidParameterError: If `errors` or `rollout` is not valid.

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
        self._awaited: set[str] = set()

    @property
    def rollout(self) -> Rollout:
        """The rollout flag."""
        own = self._rollout
        return rollout_of(own if own is not None else self.unified_service.llm.rollout)

    @property
    def generate_text(self) -> Callable[..., Any]:
        """Answer a prompt, called as the old service's method is: awaited or not.

        It takes `config` besides, LangChain's, where a canary finds its key; the old
        service gets that if its method names a `config`. The answer of the new path has
        `text`, `model_used` and `success`; `refusal` if the model refused, `error` if
        `success` is false. New code should call `UnifiedInferenceService`.
        """
        method = self._method("generate_text", self._old("generate_text"))
        return deprecated(_DEPRECATED)(method)

    def __getattr__(self, name: str) -> Any:
        """Return another attribute of the old service, or a method of the new one.

        A method that both may have is routed as `generate_text` is; the old service's
        others answer in every mode. When it is gone the new one's methods are left.
        """
        routed = name in _ROUTED and "unified_service" in self.__dict__
        gone = self.__dict__.get("legacy") is None
        if name.startswith("__") or (gone and not routed):
            message = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(message)
        old = self._old(name)
        return self._method(name, old) if routed and callable(old) else old

    def _old(self, name: str) -> Any:
        """Return a method from before; the new service's where the old one is gone."""
        return getattr(
            self.unified_service if self.legacy is None else self.legacy, name
        )

    def _method(self, name: str, like: Any) -> Callable[..., Any]:
        """Return a method of either service, chosen at each call."""

        @wraps(like)
        def method(*args: Any, **kwargs: Any) -> Any:
            return self._call(name, args, kwargs)

        @wraps(like)
        async def later(*args: Any, **kwargs: Any) -> Any:
            found = method(*args, **kwargs)
            return await found if inspect.isawaitable(found) else found

        return later if inspect.iscoroutinefunction(_function(like)) else method

    def _call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return what the service that the flag chose answers."""
        old, new = self._old(name), getattr(self.unified_service, name)
        asked, named = _as_new(old, new, args, kwargs)
        given = {**dict(zip(_parameters(new), asked, strict=False)), **named}
        model = given.get("model") or given.get("model_name") or AUTO
        served = self._decided(model, named)
        has_old = self.legacy is not None
        plain = has_old and name not in self._awaited and _is_plain(old)
        if served == "legacy" and has_old:
            if name == "generate_text" and "config" not in _parameters(old):
                kwargs = {key: v for key, v in kwargs.items() if key != "config"}
            ask = partial(old, *args, **kwargs)
            if served.mode.name == "shadow":
                observe = self._observer(name, served, asked, named, model)
                ask = partial(watched, ask, observe)
            found = (
                Handed(value=partial(_told, served)).of(ask) if self._details else ask()
            )
            if inspect.isawaitable(found) or hasattr(found, "__aiter__"):
                self._awaited.add(name)
        else:
            named |= {} if served is None else {"rollout": served}
            if plain:
                new = getattr(self.unified_service, f"{name}_sync", new)
            found = self._new(partial(new, *asked, **named), model)
        return _Ready(found) if plain and type(found) is dict and _in_loop() else found

    def _decided(self, model: Any, settings: dict[str, Any]) -> Served | None:
        """Decide who answers, once for both services."""
        config, has_old = settings.get("config"), self.legacy is not None
        config = config if isinstance(config, Mapping) else None
        known = {"model": None if model == AUTO else model}
        known |= {"rollout": None} if has_old else {}  # It is the old service's own.
        router = self.unified_service.llm.router
        given = {**settings, **known}
        return router.decide(config, given, self.rollout, old_service=has_old)

    def _observer(
        self, name: str, served: Served, args: Any, named: dict[str, Any], model: Any
    ) -> Callable[..., None]:
        """Return what has the old service's call compared when it is over."""
        args = [*map(_copied, args)]
        named = {key: _copied(value) for key, value in named.items()}
        service = self.unified_service

        def read() -> tuple[Any, dict[str, Any]]:
            try:
                return service.ask(name, *args, **named).call()
            except TypeError as error:
                raise InvalidParameterError("arguments", name, str(error)) from error

        one = None if "batch" in name else read
        stream = name.startswith("stream")
        model = self._name(model)
        return service.llm.router.observer(served, one, model, stream=stream)

    def _new(self, ask: Callable[[], Any], model: object) -> Any:
        """Return the new service's answer, as the old one would have put it."""
        ours: list[Exception] = []

        @contextmanager
        def step() -> Iterator[None]:
            try:
                yield
            except Exception as error:
                ours.append(error)
                if (before := _as_before(error)) is not error:
                    raise before from None
                raise

        def failed(error: Exception) -> Any:
            mine = ours[-1] if ours else error
            if self._errors == "dict" and is_no_answer(mine):
                return self._no_answer(mine, model)
            raise error from error.__cause__

        return Handed(step, self._plain, failed=failed).of(ask)

    def _name(self, model: object) -> str:
        auto = model == AUTO or not isinstance(model, str)
        return self.unified_service.llm.model_name if auto else str(model)

    def _no_answer(self, error: Exception, model: object) -> dict[str, Any]:
        plain = isinstance(error, ProviderNotEnabledError)
        text = str(error) if plain else f"{type(error).__name__}: {error}"
        found = {"text": "", "model_used": self._name(model), "success": False}
        return {**found, "error": text}

    def _plain(self, found: Any) -> Any:
        """Return dictionaries in the place of results."""
        if isinstance(found, list):
            return [self._plain(one) for one in found]
        if not isinstance(found, TextResult):
            return found
        answer = found.as_dict()
        if not self._details:
            answer = {name: found[name] for name in _NEW_FIELDS}
        if isinstance(found, StructuredResult):
            answer["value"] = found.value
        refusal = found.message and refusal_of(found.message)
        return {**answer, "refusal": refusal} if refusal else answer


class _Ready(dict[str, Any]):
    """A plain method's answer, for callers that await it all the same."""

    def __await__(self) -> Generator[Any, None, dict[str, Any]]:
        yield from ()
        return dict(self)


def _told(served: Served, found: Any) -> Any:
    """Return the old service's answer with the decision beside it."""
    known = isinstance(found, Mapping)
    return {**found, "rollout": served.record} if known else found


def _as_before(error: Exception) -> Exception:
    """Return what ChatOpenAI raised, where the new service typed it."""
    cause = error.__cause__
    typed = type(error).__module__.startswith(ProviderError.__module__)
    kept = isinstance(cause, Exception) and (typed or isinstance(cause, ModelError))
    return cause if kept else error  # type: ignore[return-value]


def _parameters(method: Any) -> list[str]:
    """Return the names a method takes by position or name; none if nobody can tell."""
    try:
        found = inspect.signature(method).parameters.values()
    except (TypeError, ValueError):
        return []
    return [one.name for one in found if one.kind not in _VARIABLE]


def _as_new(
    old: Any, new: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return an old call's arguments as the new method takes them.

    What is asked comes first, whatever its name was; the others go by the old names.
    """
    names = _parameters(old)
    if len(args) > len(names):
        return args, {**kwargs}
    named = {**dict(zip(names, args, strict=False)), **kwargs}
    asked = [name for name in (*names[:1], *_parameters(new)[:1]) if name in named]
    return tuple(named.pop(name) for name in asked[:1]), named


def _function(method: Any) -> Any:
    """Return the function that does the work, without decorators around it."""
    method = inspect.unwrap(method) if inspect.isroutine(method) else method
    method = method.func if isinstance(method, partial) else method
    return method if inspect.isroutine(method) else getattr(method, "__call__", method)  # noqa: B004


def _is_plain(method: Any) -> bool:
    """Tell whether callers of a method get its answer without awaiting it."""
    function = _function(method)
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return False
    annotation = str(getattr(function, "__annotations__", {}).get("return", ""))
    return not any(word in annotation for word in _LATER)


def _in_loop() -> bool:
    try:
        return asyncio.get_running_loop() is not None
    except RuntimeError:
        return False


def _copied(value: Any) -> Any:
    """Return a list or dictionary that the old service cannot change any more."""
    return copy(value) if isinstance(value, (list, dict)) else value
