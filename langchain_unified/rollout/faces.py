"""What a chat model needs to obey a rollout: one field and three small steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config
from langchain_core.utils.uuid import uuid7
from pydantic import Field, PrivateAttr, field_validator

from langchain_unified.attempts import Attempts
from langchain_unified.choice import Chooser, is_auto, spelled
from langchain_unified.planning import Planning
from langchain_unified.rollout.control import key_of, rollout_of
from langchain_unified.rollout.modes import Mode
from langchain_unified.rollout.report import Difference, ShadowReport
from langchain_unified.rollout.served import Served
from langchain_unified.shims import ProviderShim, connect
from langchain_unified.types import CallPlan
from langchain_unified.vocabulary import canonical_names

if TYPE_CHECKING:
    from langchain_unified.rollout.plans import RolledPlan
    from langchain_unified.rollout.shadow import ShadowShim

KEYWORD = "rollout"
"""The keyword that carries a decision through a call; a mode if a user gives it."""

Asked = tuple[LanguageModelInput, dict[str, Any]]
"""The input of a call and its keywords."""

_OPENAI = "openai"
_OPEN = (
    "The model is left open, which ChatOpenAI does not know; name one to have the call "
    "served as before."
)


class RolledOut(Planning):
    """A chat model whose calls can be served by the path before the migration.

    A subclass calls `_rolled` where it has the config and `_routed` where it would
    call `_attempts`, and sends a plan that brings its own shim with that.
    """

    rollout: Any = Field(default=None, exclude=True, repr=False)
    """What decides which implementation answers: `unified`, `legacy`,
    `canary:<percent>` or `shadow`, a function, a `pathlib.Path`, an OpenFeature client
    or a `Rollout`. Read at every call; a `with rollout(...)` block goes first, the
    environment variable `LANGCHAIN_UNIFIED_ROLLOUT` last."""

    _plain: tuple[int, ProviderShim] | None = PrivateAttr(default=None)

    @field_validator("rollout")
    @classmethod
    def _check_rollout(cls, value: Any) -> Any:
        rollout_of(value)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; a rollout is checked, the plain model built again."""
        if name == KEYWORD:
            rollout_of(value)
        super().__setattr__(name, value)
        if not name.startswith("_"):
            self._plain = None

    def shadow_report(self, timeout: float = 5.0) -> ShadowReport:
        """Return what calls in `shadow` mode showed so far.

        Args:
            timeout: Seconds to wait for comparisons that are still under way.
        """
        return rollout_of(self.rollout).report(timeout)

    def observe_shadow(self, served: Served, read: Callable[[], Asked]) -> None:
        """Have the payloads of a call compared that somebody else answers.

        Args:
            served: The decision for the call.
            read: Returns the input of the call and its keywords; it is called beside
                the calls, where nobody waits for it.
        """
        served.rollout.store.submit(lambda: self._compared(served, *read()))

    def _compared(
        self, served: Served, input: LanguageModelInput, kwargs: dict[str, Any]
    ) -> list[Difference]:
        from langchain_unified.rollout.mirror import Primary  # noqa: PLC0415

        messages = self._convert_input(input).to_messages()
        plan = self._legacy_plan(served, None, kwargs, stream=False)
        shim = self._shadow(messages, None, kwargs, served, stream=False)
        return shim.compared(plan, messages, Primary())

    def _rolled(
        self, config: RunnableConfig, kwargs: dict[str, Any]
    ) -> tuple[RunnableConfig, dict[str, Any]]:
        """Decide who serves a call, for its trace and for the steps that follow.

        Args:
            config: The call's config, with all keys present.
            kwargs: The call's keywords.

        Returns:
            Both; with a decision in them if a flag says anything.
        """
        served = self._decide(config, kwargs)
        if served is None:
            return config, kwargs
        trace = {"rollout": str(served), "rollout_mode": str(served.mode)}
        known = config.get("metadata") or {}
        config = cast("RunnableConfig", {**config, "metadata": {**known, **trace}})
        return config, {**kwargs, KEYWORD: served}

    def _decide(
        self, config: RunnableConfig | None, kwargs: Mapping[str, Any]
    ) -> Served | None:
        given = kwargs.get(KEYWORD)
        if isinstance(given, Served):
            return self._possible(given, kwargs)
        rollout = rollout_of(self.rollout)
        if given is None and rollout.silent:
            return None
        config = ensure_config() if config is None else config
        key = key_of(config)
        said = rollout.read(key or "") if given is None else (Mode.parse(given), "call")
        if said is None:
            return None
        if key is None:
            config["run_id"] = uuid7()
            key = str(config["run_id"])
        provider = self._resolve(_model_of(kwargs)).provider
        return self._possible(rollout.served(*said, provider, key), kwargs)

    def _possible(self, served: Served, kwargs: Mapping[str, Any]) -> Served:
        """Return a decision that can be carried out: ChatOpenAI chooses no model."""
        name = _model_of(kwargs) or self.model_name
        if served != "legacy" or not is_auto(name):
            return served
        return served.on_the_unified_path(self._resolve(name).provider, _OPEN)

    def _chooser(self) -> Chooser:
        return super()._chooser().without(self._killed())

    def _killed(self) -> frozenset[str]:
        """Return the providers whose kill switch is on."""
        rollout = rollout_of(self.rollout)
        said = None if rollout.silent else rollout.read()
        return frozenset() if said is None else said[0].killed

    def _unchecked(
        self, stop: list[str] | None, kwargs: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """Return what a trace shows of a call on the legacy path; `None` on ours.

        Nothing is refused here: ChatOpenAI may send what this package would not.
        """
        if kwargs.get(KEYWORD) != "legacy":
            return None
        names = canonical_names()
        given = {names.get(k, k): v for k, v in kwargs.items() if v is not None}
        given |= {"stop": stop} if stop is not None else {}
        model = _model_of(kwargs) or self.model_name
        return {**self._defaults(), **given, "model": model}

    def _routed(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        kwargs: dict[str, Any],
        *,
        stream: bool,
    ) -> Attempts:
        """Return the attempts at a call, on the path that serves it.

        Raises:
            ProviderNotEnabledError: At the attempt, if the provider's kill switch is
                on and no fallback can step in.
        """
        served = kwargs.get(KEYWORD)
        if not isinstance(served, Served):
            served = self._decide(None, kwargs)
        call = kwargs
        if KEYWORD in kwargs:
            call = {name: value for name, value in kwargs.items() if name != KEYWORD}
        if served is None:
            return self._attempts(messages, stop, call, stream=stream)
        return self._served(served, messages, stop, call, stream=stream)

    def _served(
        self,
        served: Served,
        messages: list[BaseMessage],
        stop: list[str] | None,
        call: dict[str, Any],
        *,
        stream: bool,
    ) -> Attempts:
        """Return the attempts at a call about which a flag has decided."""
        from langchain_unified.rollout.once import Once  # noqa: PLC0415
        from langchain_unified.rollout.plans import recorded  # noqa: PLC0415

        if served != "legacy":
            finish = partial(recorded, served)
            return self._attempts(messages, stop, call, stream=stream, finish=finish)
        plan = self._legacy_plan(served, stop, call, stream=stream)
        if served.mode.name == "shadow":
            shim: ProviderShim = self._shadow(
                messages, stop, call, served, stream=stream
            )
        else:
            shim = self._plain_shim()
        return Once(replace(plan, shim=shim))

    def _legacy_plan(
        self,
        served: Served,
        stop: list[str] | None,
        kwargs: dict[str, Any],
        *,
        stream: bool,
    ) -> RolledPlan:
        from langchain_unified.rollout.plans import legacy_plan  # noqa: PLC0415

        named = _model_of(kwargs)
        body = {k: v for k, v in kwargs.items() if k not in _MODEL}
        if named is not None:
            body["model"] = self._as_before(named)
        if stop is not None:
            body["stop"] = stop
        model = self._as_before(named or self.model_name)
        return legacy_plan(self._resolve(named), model, body, served, stream=stream)

    def _as_before(self, model: str) -> str:
        """Return a name without the prefix `openai:`, which ChatOpenAI does not know.

        A `vendor/model` name is left alone: it is what gateways and local servers
        call their models.
        """
        prefix, found, name = model.partition(":")
        known = {_OPENAI, *self._registry().provider(_OPENAI).prefixes}
        return name if found and prefix.casefold() in known else model

    def _shadow(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        kwargs: dict[str, Any],
        served: Served,
        *,
        stream: bool,
    ) -> ShadowShim:
        from langchain_unified.rollout.shadow import ShadowShim  # noqa: PLC0415

        def planned() -> tuple[CallPlan, ProviderShim]:
            plan = self._plan(self._invocation(messages, stop, kwargs, stream=stream))
            return plan, connect(self._connection(plan.provider))

        return ShadowShim(self._plain_shim(), planned, served.rollout)

    def _plain_shim(self) -> ProviderShim:
        """Return the shim of the plain model with this model's keywords."""
        if self._plain is None or self._plain[0] != id(self):
            from langchain_unified.shims.legacy import (  # noqa: PLC0415
                legacy_connection,
            )

            given = {name: getattr(self, name) for name in self.model_fields_set}
            given["model_name"] = self._as_before(self.model_name)
            connection = legacy_connection(given, self._connection(_OPENAI))
            self._plain = (id(self), connect(connection))
        return self._plain[1]


_MODEL = ("model", "model_name")


def _model_of(kwargs: Mapping[str, Any]) -> str | None:
    named: str | None = spelled(kwargs.get("model") or kwargs.get("model_name"))
    return named
