"""What a rule makes of a call."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one call.

    Attributes:
        call: The call with its new arguments; None if it stays as it is.
        notes: Why it stays, or what could not be checked.
    """

    call: cst.Call | None
    notes: tuple[str, ...] = ()


class RefusedError(Exception):
    """A call cannot be moved; the message says why."""
