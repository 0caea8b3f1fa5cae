"""`Served`: the decision who answers a call, with what led to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from langchain_unified.errors import ProviderNotEnabledError
from langchain_unified.rollout.keys import Key
from langchain_unified.rollout.modes import Mode, ServedBy
from langchain_unified.types import EMPTY, CallPlan

if TYPE_CHECKING:
    from langchain_unified.rollout.control import Rollout

LEGACY_PROVIDERS = frozenset({"openai"})
"""The providers ChatOpenAI can call: the path before the migration if there is no old
service of one's own."""

_STEPS_IN = "It stands in for another model; the path from before has no fallbacks."
_NO_KEY = (
    "The call names no user, tenant or thread, so it was drawn by its run; the next "
    "one may go the other way."
)


class Served(str):
    """What serves a call: `unified`, `legacy` or `off`; decided once, then carried.

    Attributes:
        flag: What the flag said.
        mode: What that means for the provider of the call.
        source: Which flag it was.
        rollout: The `Rollout` that decided.
        key: Who the call is for.
        reason: Why the call is not served as the flag said, if it is not.
    """

    __slots__ = ("flag", "key", "mode", "reason", "rollout", "source")
    flag: Mode
    mode: Mode
    source: str
    rollout: Rollout
    key: Key
    reason: str

    @classmethod
    def by(
        cls,
        rollout: Rollout,
        flag: tuple[Mode, str],
        served_by: ServedBy,
        provider: str,
        *,
        key: Key,
        reason: str = "",
    ) -> Served:
        """Return a decision with what led to it."""
        served = cls(served_by)
        served.rollout, served.key, served.reason = rollout, key, reason
        served.flag, served.source = flag
        served.mode = served.flag.of(provider)
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

    def instead(self, served_by: ServedBy, provider: str, reason: str = "") -> Served:
        """Return the decision for a call that is not served as the flag says."""
        flag = self.flag, self.source
        by = Served.by
        return by(self.rollout, flag, served_by, provider, key=self.key, reason=reason)

    def recorded(self, plan: CallPlan) -> CallPlan:
        """Return a plan of the unified path with this decision on its record.

        Args:
            plan: The plan of the call or of a fallback, maybe for another provider.

        Raises:
            ProviderNotEnabledError: If the kill switch of the plan's provider is on.
        """
        provider = plan.config.connection
        mode = self.flag.of(provider)
        if mode.name == "off":
            message = (
                f"Provider {provider!r} is switched off by the rollout flag "
                f"({self.source}: {str(self.flag)!r}). To switch it on again, take "
                f"'{provider}=off' out of the flag."
            )
            raise ProviderNotEnabledError(provider, message)
        found = self
        if mode != self.mode or self == "off":  # A fallback for another provider.
            behind = mode.name in {"legacy", "shadow"}
            found = self.instead("unified", provider, _STEPS_IN if behind else "")
        values = {f.name: getattr(plan, f.name) for f in fields(CallPlan) if f.init}
        return RolledPlan(**values, rollout=found.record)

    def __deepcopy__(self, memo: dict[int, Any]) -> Served:
        """Return itself: a decision is made once."""
        return self

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """Travel between processes as plain text."""
        return str, (str(self),)


@dataclass(frozen=True, slots=True)
class RolledPlan(CallPlan):
    """A plan that says why it is the one that is used.

    Attributes:
        rollout: What goes into `response_metadata["unified"]["rollout"]`.
    """

    rollout: Mapping[str, str] = field(default_factory=lambda: EMPTY)

    def record(self) -> dict[str, Any]:
        """Return what goes into `response_metadata["unified"]`."""
        return {**CallPlan.record(self), "rollout": dict(self.rollout)}


def no_past(provider: str) -> str:
    """Return why a call to a provider cannot be served by the legacy path."""
    return (
        f"{provider} has no path from before the migration; to refuse its calls, add "
        f"'{provider}=off' to the flag."
    )
