"""`Router`: sends the calls of a chat model down the path that a flag chose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import BaseMessage
from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config, merge_configs

from langchain_unified.choice import is_auto, spelled
from langchain_unified.drop_in import DropIn
from langchain_unified.rollout.control import rollout_of
from langchain_unified.rollout.served import RolledPlan, Served
from langchain_unified.runner import Runner, faces
from langchain_unified.shims.base import ProviderShim
from langchain_unified.shims.loading import connect
from langchain_unified.vocabulary import canonical_names

if TYPE_CHECKING:
    from langchain_unified.rollout.capture import Sent
    from langchain_unified.rollout.paths import Answer, Path
    from langchain_unified.rollout.shadow import Planned

KEYWORD = "rollout"
"""The keyword that carries a decision through a call; a mode if a user gives it."""

Asked = tuple[LanguageModelInput, dict[str, Any]]
"""The input of a call and its keywords."""

_OPENAI = "openai"
_MODEL = ("model", "model_name")
_OPEN = (
    "The model is left open, which ChatOpenAI does not know; name one to have the call "
    "served as before."
)


class Router:
    """Decides who serves each call of a model, and gives the path of those with a flag.

    Args:
        model: The chat model whose calls are routed.
        runner: Carries out the calls of the unified path.
        convert_input: Returns the input of a call as a prompt.
    """

    def __init__(
        self,
        model: DropIn,
        runner: Runner,
        convert_input: Callable[[LanguageModelInput], PromptValue],
    ) -> None:
        """Keep the model; the plain one is built when first needed."""
        self._model, self.runner, self.convert_input = model, runner, convert_input
        self.fields = vars(model)
        self.rollout = rollout_of(self.fields[KEYWORD])
        self._plain: ProviderShim | None = None

    def decided(
        self, config: RunnableConfig, kwargs: dict[str, Any]
    ) -> tuple[RunnableConfig, dict[str, Any]]:
        """Return a call with the decision who serves it, for its trace and later."""
        if KEYWORD not in kwargs and self.rollout.silent:
            return config, kwargs
        served = self.decide(config, kwargs)
        if served is None:
            return config, kwargs
        trace = {"rollout": str(served), "rollout_mode": str(served.mode)}
        added: RunnableConfig = {"metadata": trace}
        return merge_configs(config, added), {**kwargs, KEYWORD: served}

    def decide(
        self, config: RunnableConfig | None, kwargs: Mapping[str, Any]
    ) -> Served | None:
        """Return the decision for a call; `None` if no flag says anything."""
        given = kwargs.get(KEYWORD)
        if isinstance(given, Served):
            return self._possible(given, kwargs)
        if given is None and self.rollout.silent:
            return None
        found: Any = ensure_config() if config is None else config
        name = _model_of(kwargs)
        provider = self.runner.planning.known(name).connection
        name = name or self._model.model_name
        served = self.rollout.decide(provider, found, kwargs, model=name, mode=given)
        return served and self._possible(served, kwargs)

    def _possible(self, served: Served, kwargs: Mapping[str, Any]) -> Served:
        """Return a decision that can be carried out: ChatOpenAI chooses no model."""
        name = _model_of(kwargs) or self._model.model_name
        if served != "legacy" or not is_auto(name):
            return served
        provider = self.runner.planning.known(name).connection
        return served.instead("unified", provider, _OPEN)

    def killed(self) -> frozenset[str]:
        """Return the providers whose kill switch is on."""
        rollout = self.rollout
        said = None if rollout.silent else rollout.read()
        return frozenset() if said is None else said[0].killed

    def settings(
        self, stop: list[str] | None, kwargs: dict[str, Any], *, again: bool = False
    ) -> dict[str, Any]:
        """Return the settings of a call, for its trace and its place in the cache."""
        if kwargs.get(KEYWORD) == "legacy":
            return self._unchecked(stop, kwargs)
        calls = self.runner.planning.calls
        read = calls.again if again else calls.read
        return read(stop, kwargs).settings

    def _unchecked(
        self, stop: list[str] | None, kwargs: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the settings as given: ChatOpenAI may send what we would refuse."""
        names = canonical_names()
        given = {names.get(k, k): v for k, v in kwargs.items() if v is not None}
        given |= {"stop": stop} if stop is not None else {}
        model = _model_of(kwargs) or self._model.model_name
        return {**self.runner.planning.calls.defaults(), **given, "model": model}

    def path(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        kwargs: dict[str, Any],
        *,
        stream: bool,
    ) -> Path | None:
        """Return the path that serves a call; `None` if no flag says anything."""
        if (served := self.decide(None, kwargs)) is None:
            return None
        kwargs = {name: v for name, v in kwargs.items() if name != KEYWORD}
        if served == "legacy":
            return self._before(served, messages, stop, kwargs, stream=stream)
        from langchain_unified.rollout.paths import Path  # noqa: PLC0415

        asked = partial(
            self.runner.asked,
            messages,
            stop,
            kwargs,
            stream=stream,
            finish=served.recorded,
        )
        counts = served == "unified" and served.rollout.guard is not None
        return Path(faces, asked, served.rollout.count if counts else None)

    def _before(
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
        plan = self._legacy_plan(served, stop, kwargs, stream=stream)
        if served.mode.name != "shadow":
            return Path(shim, lambda: (plan, messages), None, plan)
        from langchain_unified.rollout.shadow import Shadowed  # noqa: PLC0415

        asked = [*messages]
        planned = partial(self._planned, asked, stop, kwargs, stream=stream)

        def over(answer: Answer) -> None:
            call = Shadowed(served.rollout, planned, plan.model, answer)
            served.rollout.store.submit(lambda: call.beside_plain(shim, plan, asked))

        return Path(shim, lambda: (plan, messages), over, plan)

    def observe(
        self,
        served: Served,
        read: Callable[[], Asked] | None,
        *,
        stream: bool,
        model: str,
        sent: tuple[Sent, ...],
        answer: Answer,
    ) -> None:
        """Have a call looked at that an old service of the user's own has answered."""
        from langchain_unified.rollout.shadow import SEVERAL, Shadowed  # noqa: PLC0415
        from langchain_unified.rollout.store import Finding  # noqa: PLC0415

        def planned() -> Any:
            asked, kwargs = cast("Any", read)()
            messages = self.convert_input(asked).to_messages()
            return self._planned(messages, None, kwargs, stream=stream)

        call = Shadowed(served.rollout, planned, model, answer)
        store = served.rollout.store
        store.submit(lambda: call.beside(sent) if read else Finding([], SEVERAL))

    def _planned(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        kwargs: dict[str, Any],
        *,
        stream: bool,
    ) -> Planned:
        """Plan a call on the unified path; nothing is sent."""
        from langchain_unified.rollout.shadow import Planned  # noqa: PLC0415

        planning = self.runner.planning
        read = planning.calls.read(stop, kwargs)
        call = planning.invocation(messages, read, stream=stream)
        plan = planning.plan(call)
        shim = connect(planning.wiring.connection(plan.config.connection))
        names = frozenset({*call.params, *call.extra_body})
        return Planned(plan, shim, messages, names)

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
            settings = self.runner.planning.wiring.connection(_OPENAI)
            self._plain = connect(legacy_connection(given, settings))
        return self._plain


def _model_of(kwargs: Mapping[str, Any]) -> str | None:
    named: str | None = spelled(kwargs.get("model") or kwargs.get("model_name"))
    return named
