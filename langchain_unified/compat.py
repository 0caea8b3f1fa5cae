"""The surface of the old `LangChainService`, over the new one.

Code written against the old service goes on working: the same calls, the same plain
dictionaries, the same exceptions. A rollout flag says, call by call, whether the old
service or the new one answers, so that both run side by side and the old one can be
removed last.
"""

from __future__ import annotations

import inspect
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterator,
    Mapping,
)
from contextlib import closing, contextmanager
from copy import copy
from functools import partial, wraps
from typing import Any, Literal, cast

from typing_extensions import deprecated

from langchain_unified.errors import (
    InvalidParameterError,
    ProviderError,
    ProviderNotEnabledError,
    UnifiedError,
)
from langchain_unified.reliability.closing import owned
from langchain_unified.rollout import Rollout, Served
from langchain_unified.rollout.capture import recording
from langchain_unified.rollout.control import rollout_of
from langchain_unified.rollout.paths import Answer
from langchain_unified.rollout.router import Asked
from langchain_unified.service import (
    StructuredResult,
    TextResult,
    UnifiedInferenceService,
    is_no_answer,
)
from langchain_unified.structured import refusal_of

Errors = Literal["raise", "dict"]
"""What a call without an answer does on the new path."""

_COMPARED = {
    f"{name}{end}"
    for name in ("generate_text", "generate_chat")
    for end in ("", "_sync")
}
"""Methods whose calls are compared in `shadow`: one question, one answer."""


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

    @deprecated(
        "LangChainCompatibilityService.generate_text() keeps old callers going; new "
        "code should call UnifiedInferenceService.generate_text(), which returns a "
        "typed result and raises typed errors."
    )
    async def generate_text(
        self,
        prompt: str,
        model: str = _DEFAULT,
        *args: Any,
        config: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Answer a prompt.

        Args:
            prompt: What to ask.
            model: Any model the registry understands, or `auto`.
            *args: Further arguments, in the order of the old service.
            config: LangChain's config; a canary finds its key there. The old service
                gets it if its `generate_text` names a `config`.
            **kwargs: Settings of the call, under old or new names. `user` is a
                canary's key too.

        Returns:
            `text`, `model_used` and `success`; `refusal` if the model refused, `error`
            if `success` is false.
        """
        old = getattr(self.legacy, "generate_text", None)
        given = {**self._named(old, args), **kwargs}
        served = self._served(model, config, given)
        if served != "legacy" or old is None:
            return await self._new(served, prompt, model, config, given)
        own: dict[str, Any] = {} if model is _DEFAULT and not args else {"model": model}
        asked = {**own, **given}
        if config is not None and "config" in inspect.signature(old).parameters:
            asked["config"] = config
        read = partial(self.unified_service.asked, prompt, model, **_kept(given))
        found = self._old(served, partial(old, prompt, **asked), read)
        found = await found if inspect.isawaitable(found) else found
        if self._details and isinstance(found, Mapping) and served is not None:
            return {**found, "rollout": served.record}
        return found  # type: ignore[no-any-return]

    def _named(self, old: Any, args: tuple[Any, ...]) -> dict[str, Any]:
        """Return what follows the prompt and the model under its names."""
        if not args:
            return {}
        method = old or self.unified_service.generate_text
        return dict(
            zip([*inspect.signature(method).parameters][2:], args, strict=False)
        )

    async def _new(
        self,
        served: Served | None,
        prompt: str,
        model: str,
        config: Mapping[str, Any] | None,
        kwargs: dict[str, Any],
    ) -> dict[str, Any]:
        """Return the new service's answer, as the old one would have put it."""
        if served is not None:
            kwargs = {**kwargs, "rollout": served}
        asked = self.unified_service.generate_text(
            prompt, model, config=config, **kwargs
        )
        return await self._later(asked, model)  # type: ignore[no-any-return]

    def _old(
        self, served: Served | None, ask: Callable[[], Any], read: Callable[[], Asked]
    ) -> Any:
        """Return the old service's answer, as it is; look at the call in `shadow`."""
        if served is None or served.mode.name != "shadow":
            return ask()
        if inspect.iscoroutinefunction(getattr(ask, "func", ask)):
            return self._old_later(served, ask, read)
        with self._observed(served, read) as primary:
            return _noted(primary, ask())

    async def _old_later(
        self, served: Served, ask: Callable[[], Any], read: Callable[[], Asked]
    ) -> Any:
        with self._observed(served, read) as primary:
            return _noted(primary, await ask())

    @contextmanager
    def _observed(self, served: Served, read: Callable[[], Asked]) -> Iterator[Answer]:
        """Have a call looked at once the old service has answered it."""
        primary = Answer()
        with recording() as sent:
            try:
                yield primary
            finally:
                router = self.unified_service.llm.router
                router.observe(served, read, tuple(sent), primary)

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
            if isinstance(result, StructuredResult):
                found["value"] = result.value
        refusal = result.message and refusal_of(result.message)
        return {**found, "refusal": refusal} if refusal else found

    def __getattr__(self, name: str) -> Any:
        """Return another attribute of the old service, or a method of the new one.

        A method is routed as `generate_text` is, where the new service has one of the
        same name; where only the old service has it, it answers in every mode. When
        the old service is gone the methods of the new one are left.
        """
        legacy, service = map(self.__dict__.get, ("legacy", "unified_service"))
        new = None if name.startswith("_") else getattr(service, name, None)
        calls = _takes_settings(new)
        if name.startswith("__") or (legacy is None and not calls):
            message = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(message)
        old = None if legacy is None else getattr(legacy, name)
        routed = calls and (old is None or callable(old))
        return self._routed(name, old, new) if routed else old

    def _routed(self, name: str, old: Any, new: Any) -> Any:
        """Return a method of either service, chosen at each call."""

        @wraps(old or new)
        def method(*args: Any, **kwargs: Any) -> Any:
            model = _model_of(new, args, kwargs)
            served = self._served(model, kwargs.get("config"), kwargs)
            if old is None or (served is not None and served != "legacy"):
                flag = {} if served is None else {"rollout": served}
                return self._as_before(partial(new, *args, **kwargs, **flag), model)
            ask = partial(old, *args, **kwargs)
            if name not in _COMPARED:
                return ask()
            given = [_copied(value) for value in args]
            return self._old(
                served, ask, partial(self._asked, new, given, _kept(kwargs))
            )

        return method

    def _asked(self, new: Any, args: list[Any], kwargs: dict[str, Any]) -> Asked:
        """Return messages and settings of a call, as the chat model takes them."""
        found = inspect.signature(new).bind(*args, **kwargs).arguments
        found.pop("config", None)
        given = found.pop("settings", {})
        if "messages" not in found:
            return self.unified_service.asked(**found, **given)
        model = found.get("model", _DEFAULT)
        named = {} if model == _DEFAULT else {"model": model}
        return found["messages"], {**given, **named}

    def _as_before(self, ask: Callable[[], Any], model: object) -> Any:
        """Return what the new service answers, as the old one would have put it."""
        try:
            found = ask()
        except Exception as error:  # noqa: BLE001 - raised again as it was before
            return self._failed(error, model)
        if inspect.isasyncgen(found):
            return self._astream(cast("Any", found))
        if inspect.isgenerator(found):
            return self._stream(cast("Any", found))
        later = inspect.isawaitable(found)
        return self._later(found, model) if later else self._plain(found)

    async def _later(self, asked: Awaitable[Any], model: object) -> Any:
        try:
            return self._plain(await asked)
        except Exception as error:  # noqa: BLE001 - raised again as it was before
            return self._failed(error, model)

    def _stream(self, pieces: Generator[Any, None, None]) -> Iterator[Any]:
        with closing(pieces):
            try:
                yield from pieces
            except Exception as error:  # noqa: BLE001 - raised as it was before
                raise _as_before(error) from None

    async def _astream(self, given: AsyncGenerator[Any, None]) -> AsyncIterator[Any]:
        async with owned(given) as pieces:
            try:
                async for piece in pieces:
                    yield piece
            except Exception as error:  # noqa: BLE001 - raised as it was before
                raise _as_before(error) from None

    def _failed(self, error: Exception, model: object) -> dict[str, Any]:
        """Raise what ChatOpenAI raised, or return a dictionary without success."""
        if self._errors == "dict" and is_no_answer(error):
            return _failure(self._name(model), error)
        cause = _as_before(error)
        if cause is error:
            raise error
        raise cause from None

    def _plain(self, found: Any) -> Any:
        """Return dictionaries in the place of results."""
        if isinstance(found, list):
            return [self._plain(one) for one in found]
        return self._dictionary(found) if isinstance(found, TextResult) else found


def _model_of(new: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> object:
    """Return the model a call names, wherever the new service's method takes it."""
    names = dict(zip(inspect.signature(new).parameters, args, strict=False))
    return {**names, **kwargs}.get("model", _DEFAULT)


def _copied(value: Any) -> Any:
    """Return a list or dictionary that the old service cannot change any more."""
    return copy(value) if isinstance(value, (list, dict)) else value


def _kept(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _copied(value) for name, value in kwargs.items()}


def _noted(primary: Answer, found: Any) -> Any:
    """Return an answer; its text is kept for the mirror if there is one."""
    if isinstance(found, Mapping) and found.get("success", True):
        primary.finish(str(found.get("text", "")))
    return found


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
