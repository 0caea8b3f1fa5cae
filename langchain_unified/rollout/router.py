"""`Router`: sends the calls of a chat model down the path that a flag chose."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import BaseMessage
from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config, merge_configs

from langchain_unified.choice import spelled
from langchain_unified.errors import UnifiedError
from langchain_unified.rollout.control import Rollout, rollout_of
from langchain_unified.rollout.flags import EMERGENCY
from langchain_unified.rollout.served import RolledPlan, Served
from langchain_unified.runner import FACES, Runner
from langchain_unified.runtime import ROLLOUT
from langchain_unified.shims.base import ProviderShim
from langchain_unified.shims.loading import connect

if TYPE_CHECKING:
    from langchain_unified.rollout.capture import Sent
    from langchain_unified.rollout.paths import Answer, Path
    from langchain_unified.rollout.shadow import Shadowed

KEYWORD = "rollout"
"""The keyword that carries a decision through a call; a mode if a user gives it."""

_OPENAI = "openai"
_MODEL = ("model", "model_name")


class Router:
    """Decides who serves each call of a model; gives the path of those with a flag."""

    def __init__(
        self,
        model: BaseChatModel,
        runner: Runner,
        convert_input: Callable[[LanguageModelInput], PromptValue],
    ) -> None:
        """Keep the model; the plain one is built when first needed."""
        self._model: Any = model
        self.runner, self._convert = runner, convert_input
        self.rollout = rollout_of(vars(model)[KEYWORD])
        runner.planning.killed = self.killed
        self._plain: ProviderShim | None = None

    def decided(
        self, config: RunnableConfig, kwargs: dict[str, Any]
    ) -> tuple[RunnableConfig, dict[str, Any]]:
        """Return a call with the decision who serves it, for its trace and later."""
        served = self.decide(config, kwargs)
        if served is None:
            return config, kwargs
        trace = {"rollout": str(served), "rollout_mode": str(served.mode)}
        added: RunnableConfig = {"metadata": trace}
        return merge_configs(config, added), {**kwargs, KEYWORD: served}

    def decide(
        self,
        config: Mapping[str, Any] | None,
        kwargs: Mapping[str, Any],
        rollout: Rollout | None = None,
        *,
        old_service: bool = False,
    ) -> Served | None:
        """Return the decision for a call; `None` if no flag says anything.

        An old service that answers in `legacy` may know models the registry does not.
        """
        mode = kwargs.get(KEYWORD)
        if isinstance(mode, Served):
            return mode
        name, provider = None, ""
        try:
            name = _model_of(kwargs)
            provider = self.runner.planning.known(name).connection
        except UnifiedError:
            if not old_service:
                raise
        return (rollout or self.rollout).decide(
            provider,
            ensure_config() if config is None else config,
            kwargs,
            model=name or self._model.model_name,
            mode=mode,
            old_service=old_service,
        )

    def is_asked(self, kwargs: Mapping[str, Any]) -> bool:
        """Tell whether a flag could say something; all that a plain call pays."""
        rollout = self.rollout
        if (
            KEYWORD in kwargs
            or rollout.is_set
            or ROLLOUT.get() is not None
            or rollout.environment.place in os.environ
            or EMERGENCY in os.environ
        ):
            return True
        rollout.environment.good.clear()  # Unset, it has no last good word.
        return False

    def killed(self) -> frozenset[str]:
        """Return the providers whose kill switch is on."""
        said = self.rollout.read()
        return frozenset(dict(said[0].kill_switches) if said else ())

    def serve(
        self,
        face: str,
        messages: list[BaseMessage],
        stop: list[str] | None,
        kwargs: dict[str, Any],
    ) -> Any:
        """Return the answer to a call by one of `FACES`, from whoever serves it."""
        stream = face.endswith("stream")
        if self.is_asked(kwargs):
            path = self._path(messages, stop, kwargs, stream=stream)
            if path is not None:
                return path.send(face)
        asked = self.runner.asked(messages, stop, kwargs, stream=stream)
        return FACES[face](*asked)

    def _path(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        kwargs: dict[str, Any],
        *,
        stream: bool,
    ) -> Path | None:
        """Return the path that serves a call; `None` if no flag says anything."""
        served = self.decide(None, kwargs)
        if served is None:
            return None
        from langchain_unified.rollout.paths import Path  # noqa: PLC0415

        kwargs = {name: v for name, v in kwargs.items() if name != KEYWORD}
        if served != "legacy":
            finish, ask = served.recorded, self.runner.asked
            asked = partial(ask, messages, stop, kwargs, stream=stream, finish=finish)
            counts = served == "unified" and served.rollout.guard is not None
            return Path(FACES.get, asked, served.rollout.count if counts else None)
        return self._plain_path(served, messages, stop, kwargs, stream=stream)

    def _plain_path(
        self,
        served: Served,
        messages: list[BaseMessage],
        stop: list[str] | None,
        kwargs: dict[str, Any],
        *,
        stream: bool,
    ) -> Path:
        """Return the path of a call that the plain model serves."""
        from langchain_unified.rollout.paths import Path  # noqa: PLC0415

        shim: Any = self._plain_shim()
        plan, done = self._legacy_plan(served, stop, kwargs, stream=stream), None
        if served.mode.name == "shadow":
            asked_before = [*messages], stop, kwargs
            call = self._shadowed(served, lambda: asked_before, plan.model, stream)
            done = partial(call.beside_plain, shim, plan)
        return Path(partial(getattr, shim), lambda: (plan, messages), done, plan)

    def observer(
        self,
        served: Served,
        read: Callable[[], tuple[LanguageModelInput, dict[str, Any]]] | None,
        model: str,
        *,
        stream: bool,
    ) -> Callable[[Answer, list[Sent]], None]:
        """Return what has a call of the user's own old service compared.

        `read` returns what the new service would be asked; it is `None` if that is more
        than one call.
        """

        def asked() -> tuple[list[BaseMessage], None, dict[str, Any]]:
            given, kwargs = read()  # type: ignore[misc]
            return self._convert(given).to_messages(), None, kwargs

        return self._shadowed(served, asked if read else None, model, stream).beside

    def _shadowed(
        self, served: Served, asked: Any, model: str, stream: Any
    ) -> Shadowed:
        from langchain_unified.rollout.shadow import Shadowed  # noqa: PLC0415

        return Shadowed(served.rollout, self.runner, asked, stream, model)

    def _legacy_plan(
        self,
        served: Served,
        stop: list[str] | None,
        kwargs: dict[str, Any],
        *,
        stream: bool,
    ) -> RolledPlan:
        """Return the plan of a call that the plain model serves."""
        named = _model_of(kwargs)
        name = self._as_before(named or self._model.model_name)
        body = {k: v for k, v in kwargs.items() if k not in _MODEL}
        body |= {} if named is None else {"model": name}
        body |= {} if stop is None else {"stop": stop}
        config = self.runner.planning.resolve(named)
        return RolledPlan(
            requested_model=name,
            model=name,
            provider=config.provider,
            endpoint="legacy",
            route="native",
            config=config,
            body=body,
            stream=stream,
            wants_stream=stream,
            rollout=served.record,
        )

    def _as_before(self, name: str) -> str:
        """Return a name without the prefix `openai:`, which ChatOpenAI does not know.

        A `vendor/model` name is left alone: gateways and local servers use those.
        """
        prefix, found, rest = name.partition(":")
        registry = self.runner.planning.wiring.registry
        known = {_OPENAI, *registry.provider(_OPENAI).prefixes}
        return rest if found and prefix.casefold() in known else name

    def _plain_shim(self) -> ProviderShim:
        """Return the shim of the plain model with this model's keywords."""
        if self._plain is None:
            from langchain_unified.shims.legacy.shim import (  # noqa: PLC0415
                legacy_connection,
            )

            model = self._model
            given = {name: getattr(model, name) for name in model.model_fields_set}
            given["model_name"] = self._as_before(model.model_name)
            wiring = self.runner.planning.wiring
            plain = legacy_connection(given, wiring.connection(_OPENAI))
            self._plain = connect(plain, wiring.runtime)
        return self._plain


def _model_of(kwargs: Mapping[str, Any]) -> str | None:
    named: str | None = spelled(kwargs.get("model") or kwargs.get("model_name"))
    return named
