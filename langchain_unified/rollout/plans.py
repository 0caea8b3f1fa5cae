"""Plans that say which rollout decision is behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from langchain_unified.errors import ProviderNotEnabledError
from langchain_unified.rollout.served import Served
from langchain_unified.shims import ProviderShim
from langchain_unified.types import EMPTY, CallPlan, ModelConfig

LEGACY = "legacy"


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


def recorded(served: Served, plan: CallPlan) -> CallPlan:
    """Return a plan of the unified path with the decision behind it on its record.

    Args:
        served: The decision for the call.
        plan: Its plan, or that of a fallback; it may be for another provider.

    Raises:
        ProviderNotEnabledError: If the kill switch of the plan's provider is on.
    """
    found = served.stepping_in(plan.provider)
    if found == "off":
        raise switched_off(plan.provider, found)
    values = {f.name: getattr(plan, f.name) for f in fields(CallPlan) if f.init}
    return RolledPlan(**values, rollout=found.record)


def legacy_plan(
    config: ModelConfig,
    model: str,
    body: Mapping[str, Any],
    served: Served,
    *,
    stream: bool,
) -> RolledPlan:
    """Return the plan of a call that the plain model serves.

    Args:
        config: What is known about the model.
        model: Its name, as the plain model sends it.
        body: The keywords of the call.
        served: The decision for the call.
        stream: Whether the answer is streamed.
    """
    return RolledPlan(
        requested_model=model,
        model=model,
        provider=config.provider,
        endpoint=LEGACY,
        route="native",
        config=config,
        body=body,
        stream=stream,
        wants_stream=stream,
        rollout=served.record,
    )


def switched_off(provider: str, served: Served) -> ProviderNotEnabledError:
    """Return the error of a call to a provider whose kill switch is on."""
    message = (
        f"Provider {provider!r} is switched off by the rollout flag "
        f"({served.source}: {str(served.flag)!r}). To switch it on again, take "
        f"'{provider}=off' out of the flag."
    )
    return ProviderNotEnabledError(provider, message)
