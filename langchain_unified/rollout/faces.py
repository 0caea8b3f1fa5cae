"""The field `rollout` of a chat model, and the router it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig
from pydantic import Field, PrivateAttr, field_validator

from langchain_unified.attempts import Attempts
from langchain_unified.choice import Chooser
from langchain_unified.planning import Planning
from langchain_unified.rollout.control import rollout_of
from langchain_unified.rollout.report import ShadowReport
from langchain_unified.rollout.router import KEYWORD, Router


class RolledOut(Planning):
    """A chat model whose calls a `Router` can send down the path from before.

    A subclass calls `_rolled` where it has the config and `_routed` where it would
    call `_attempts`, and sends a plan that brings its own shim with that.
    """

    rollout: Any = Field(default=None, exclude=True, repr=False)
    """What decides which implementation answers: `unified`, `legacy`,
    `canary:<percent>` or `shadow`, a function, a `pathlib.Path`, an OpenFeature client
    or a `Rollout`. Read at every call; a `with rollout(...)` block goes first, the
    environment variable `LANGCHAIN_UNIFIED_ROLLOUT` last."""

    _held: Router | None = PrivateAttr(default=None)

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
            self._held = None

    @property
    def router(self) -> Router:
        """What sends each call down its path; a copy of the model has its own."""
        held = self._held
        if held is None or not held.serves(self):
            held = self._held = Router(self)
        return held

    def shadow_report(self, timeout: float = 5.0) -> ShadowReport:
        """Return what calls in `shadow` mode showed so far.

        Args:
            timeout: Seconds to wait for comparisons that are still under way.
        """
        return self.router.rollout.report(timeout)

    def _rolled(
        self, config: RunnableConfig, kwargs: dict[str, Any]
    ) -> tuple[RunnableConfig, dict[str, Any]]:
        return self.router.decided(config, kwargs)

    def _routed(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        kwargs: dict[str, Any],
        *,
        stream: bool,
    ) -> Attempts:
        return self.router.attempts(messages, stop, kwargs, stream=stream)

    def _unchecked(
        self, stop: list[str] | None, kwargs: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        return self.router.unchecked(stop, kwargs)

    def _chooser(self) -> Chooser:
        return super()._chooser().without(self.router.killed())
