"""What a chat model needs to obey a rollout: one field and three small steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, cast

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config
from langchain_core.utils.uuid import uuid7
from pydantic import Field, PrivateAttr, field_validator

from langchain_unified.attempts import Attempts
from langchain_unified.drop_in import DropIn
from langchain_unified.errors import ProviderNotEnabledError
from langchain_unified.rollout.control import Served, key_of, rollout_of
from langchain_unified.rollout.mirror import Primary
from langchain_unified.rollout.modes import Mode
from langchain_unified.rollout.once import Once, Recorded
from langchain_unified.rollout.report import ShadowReport
from langchain_unified.rollout.shadow import ShadowShim
from langchain_unified.shims import ProviderShim, connect
from langchain_unified.types import EMPTY, CallPlan, Invocation, ModelConfig
from langchain_unified.vocabulary import canonical_names

KEYWORD = "rollout"
"""The keyword that carries a decision through a call; a mode if a user gives it."""

_OPENAI = "openai"


@dataclass(frozen=True, slots=True)
class RolledPlan(CallPlan):
    """A plan that says why it is the one that is used.

    Attributes:
        rollout: What goes into `response_metadata["unified"]["rollout"]`.
        shim: What sends it, if it is not the provider's shim.
    """

    rollout: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    shim: ProviderShim | None = None

    def record(self) -> dict[str, Any]:
        """Return what goes into `response_metadata["unified"]`."""
        return {**CallPlan.record(self), "rollout": dict(self.rollout)}


class RolledOut(DropIn):
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

    def observe_shadow(
        self, input: LanguageModelInput, served: Served, **kwargs: Any
    ) -> None:
        """Have the payloads of a call compared that somebody else answers.

        Args:
            input: The messages of the call.
            served: The decision for the call.
            **kwargs: What would be given to `invoke`.
        """
        messages = self._convert_input(input).to_messages()
        config = self._resolve(_model_of(kwargs))
        plan = self._legacy_plan(config, served, None, kwargs, stream=False)
        shim = self._legacy_shim(messages, None, kwargs, served, stream=False)
        if isinstance(shim, ShadowShim):
            shim.observe(plan, messages, Primary())

    def _resolve(self, model: str | None = None) -> ModelConfig:
        raise NotImplementedError

    def _defaults(self) -> dict[str, Any]:
        raise NotImplementedError

    def _invocation(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        kwargs: dict[str, Any],
        *,
        stream: bool,
    ) -> Invocation:
        raise NotImplementedError

    def _plan(self, call: Invocation) -> CallPlan:
        raise NotImplementedError

    def _attempts(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        kwargs: dict[str, Any],
        *,
        stream: bool,
    ) -> Attempts:
        raise NotImplementedError

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
            return given
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
        return rollout.served(*said, provider, key)

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
            ProviderNotEnabledError: If the provider's kill switch is on.
        """
        served = kwargs.get(KEYWORD)
        if not isinstance(served, Served):
            served = self._decide(None, kwargs)
        call = {name: value for name, value in kwargs.items() if name != KEYWORD}
        if served is None or served == "unified":
            attempts = self._attempts(messages, stop, call, stream=stream)
            return attempts if served is None else Recorded(attempts, _recorder(served))
        config = self._resolve(_model_of(kwargs))
        if served == "off":
            raise _switched_off(config.provider, served)
        shim = self._legacy_shim(messages, stop, call, served, stream=stream)
        plan = self._legacy_plan(config, served, stop, call, stream=stream)
        return Once(replace(plan, shim=shim))

    def _legacy_plan(
        self,
        config: ModelConfig,
        served: Served,
        stop: list[str] | None,
        kwargs: dict[str, Any],
        *,
        stream: bool,
    ) -> RolledPlan:
        body = kwargs if stop is None else {**kwargs, "stop": stop}
        asked = _model_of(kwargs) or self.model_name
        return RolledPlan(
            requested_model=asked,
            model=asked,
            provider=config.provider,
            endpoint="legacy",
            route="native",
            config=config,
            body=body,
            stream=stream,
            wants_stream=stream,
            rollout=served.record,
        )

    def _legacy_shim(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        kwargs: dict[str, Any],
        served: Served,
        *,
        stream: bool,
    ) -> ProviderShim:
        shim = self._plain_shim()
        if served.mode.name != "shadow":
            return shim

        def planned() -> tuple[CallPlan, ProviderShim]:
            plan = self._plan(self._invocation(messages, stop, kwargs, stream=stream))
            return plan, connect(self._connection(plan.provider))

        return ShadowShim(shim, planned, served.rollout)

    def _plain_shim(self) -> ProviderShim:
        """Return the shim of the plain model with this model's keywords."""
        if self._plain is None or self._plain[0] != id(self):
            from langchain_unified.shims.legacy import (  # noqa: PLC0415
                legacy_connection,
            )

            given = {name: getattr(self, name) for name in self.model_fields_set}
            connection = legacy_connection(given, self._connection(_OPENAI))
            self._plain = (id(self), connect(connection))
        return self._plain[1]


def _model_of(kwargs: Mapping[str, Any]) -> str | None:
    return kwargs.get("model") or kwargs.get("model_name")


def _recorder(served: Served) -> Callable[[CallPlan], CallPlan]:
    """Return a function that puts the decision behind a plan on its record."""

    def recorded(plan: CallPlan) -> CallPlan:
        values = {f.name: getattr(plan, f.name) for f in fields(CallPlan) if f.init}
        return RolledPlan(**values, rollout=served.record)

    return recorded


def _switched_off(provider: str, served: Served) -> ProviderNotEnabledError:
    message = (
        f"Provider {provider!r} is switched off by the rollout flag "
        f"({served.source}: {str(served.mode)!r}). To switch it on again, take "
        f"'{provider}=off' out of the flag."
    )
    return ProviderNotEnabledError(provider, message)
