"""Starting anew in a forked child: threads and locks of the parent are not there."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Renewable(Protocol):
    """What belongs to one process."""

    def renew(self) -> None:
        """Start anew, with nothing of the parent's."""


_LIVING: weakref.WeakSet[Renewable] = weakref.WeakSet()


def renew_in_children(owner: Renewable) -> None:
    """Have an object start anew in each forked child, before any thread runs there.

    Args:
        owner: The object; it is not kept alive.
    """
    _LIVING.add(owner)


def _renew_all() -> None:
    for owner in list(_LIVING):
        owner.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
