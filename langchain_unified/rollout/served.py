"""`Served`: the decision who answers a call, with what led to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from typing_extensions import Self

from langchain_unified.errors import ProviderNotEnabledError
from langchain_unified.rollout.keys import Key
from langchain_unified.rollout.modes import Mode, ServedBy
from langchain_unified.types import EMPTY, CallPlan

_STEPS_IN = "It is a fallback for another model; the legacy path has no fallbacks."
_NO_KEY = (
    "The call has no user, tenant or thread, so its run id was used; the next "
    "call may use the other path."
)


class Served(str):
    """What serves a call: `unified`, `legacy` or `off`; decided once, then carried.

    With it goes what led to it: the `flag`, its `source`, the `mode` that means for the
    provider, the `key`, and the `reason` if the call is not served as the flag said.
    """

    __slots__ = ("__dict__",)
    rollout: Any
    flag: Mode
    source: str
    mode: Mode
    key: Key
    reason: str

    def __new__(cls, served_by: ServedBy, **led: Any) -> Self:
        """Keep what led to a decision beside it."""
        served = super().__new__(cls, served_by)
        vars(served).update(led)
        return served

    @property
    def record(self) -> dict[str, str]:
        """What goes into `response_metadata["unified"]["rollout"]`."""
        mode, reason = str(self.mode), self.reason
        record = {"served_by": str(self), "mode": mode, "source": self.source}
        if self.mode.name == "canary":
            record["key"] = self.key.name
            reason = reason or ("" if self.key.value else _NO_KEY)
        return {**record, "reason": reason} if reason else record

    def recorded(self, plan: CallPlan) -> CallPlan:
        """Return a plan with this decision on its record, a fallback's plan too.

        Raises:
            ProviderNotEnabledError: If the kill switch of the plan's provider is on.
        """
        provider, found = plan.config.connection, self
        mode = self.flag.of(provider)
        if mode.name == "off":
            raise self._switched_off(provider)
        if mode != self.mode or self == "off":  # A fallback for another provider.
            reason = _STEPS_IN if mode.name in {"legacy", "shadow"} else ""
            found = Served("unified", **{**vars(self), "mode": mode, "reason": reason})
        values = {f.name: getattr(plan, f.name) for f in fields(CallPlan) if f.init}
        return RolledPlan(**values, rollout=found.record)

    def _switched_off(self, provider: str) -> ProviderNotEnabledError:
        message = (
            f"Provider {provider!r} is switched off by the rollout flag "
            f"({self.source}: {str(self.flag)!r}). To enable it again, remove "
            f"'{provider}=off' from the flag."
        )
        return ProviderNotEnabledError(provider, message)

    def __deepcopy__(self, memo: dict[int, Any]) -> Served:
        """Return itself: a decision is made once."""
        return self

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """Travel between processes as plain text."""
        return str, (str(self),)


@dataclass(frozen=True)
class RolledPlan(CallPlan):
    """A plan whose record says which path it is of, and why."""

    rollout: Mapping[str, str] = field(default_factory=lambda: EMPTY)

    def _written(self) -> dict[str, Any]:
        return {**super()._written(), "rollout": dict(self.rollout)}
