"""Runtime: what a process keeps between calls, in one place.

A room says what it keeps by a class of its own, and asks the runtime for the one
instance:

```python
from langchain_unified.reliability.bounded import Bounded
from langchain_unified.runtime import runtime


class Warned(Bounded[str, str]):
    "What was warned of."


runtime[Warned].add("gpt-4o", "")
```

Nothing else in the package is process-wide and can change, except caches of facts that
are computed from data and never differ.
"""

from __future__ import annotations

import os
import weakref
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Part = TypeVar("Part")


class Renewable(Protocol):
    """What belongs to one process."""

    def renew(self) -> None:
        """Start anew, with nothing of the parent's."""


class Runtime(dict[Any, Any]):
    """The parts that a process keeps, by their class; each is made at its first use.

    Looking up a part that exists calls no Python function.

    Attributes:
        discovery: Returns the room that asks providers. The package's face hands it
            in, so that registries can be refreshed and still know no network.
    """

    discovery: Callable[[], Any]

    if TYPE_CHECKING:

        def __getitem__(self, kind: Callable[[], Part]) -> Part:
            """Return the part of a class."""

    def __missing__(self, kind: Callable[[], Part]) -> Part:
        """Make a part; of two threads that come first, both get the same one."""
        made: Part = self.setdefault(kind, kind())
        return made

    def reset(self) -> None:
        """Forget every part, as if the process had just started: for tests."""
        self.clear()


runtime = Runtime()
"""The runtime of this process."""

_LIVING: weakref.WeakSet[Renewable] = weakref.WeakSet()


def renew_in_children(owner: Renewable) -> None:
    """Have an object start anew in each forked child, before any thread runs there.

    Threads and locks of the parent are not there.

    Args:
        owner: The object; it is not kept alive.
    """
    _LIVING.add(owner)


def _renew_all() -> None:
    for owner in list(_LIVING):
        owner.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)


# What belongs to the call under way, in whatever thread or task it runs. Everything
# else is handed on by argument.

EXCHANGE: ContextVar[Any] = ContextVar("langchain_unified_exchange", default=None)
"""The exchange of the call, for the transport that a foreign client hides."""

PLACES: ContextVar[Any] = ContextVar("langchain_unified_places", default=())
"""The places under `max_concurrency` that calls around this one hold."""

ROLLOUT: ContextVar[Any] = ContextVar("langchain_unified_rollout", default=None)
"""The mode of the `with rollout(...)` block around the call."""

SENT: ContextVar[Any] = ContextVar("langchain_unified_sent", default=None)
"""Where requests of an old service are noted."""
