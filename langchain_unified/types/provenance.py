"""Where a fact comes from."""

from __future__ import annotations

from typing import Literal, NamedTuple

Layer = Literal["shipped", "discovered", "override", "learned"]
"""Where in the registry a fact comes from, weakest first."""


class Provenance(NamedTuple):
    """Where a fact comes from and how sure it is.

    Attributes:
        source: A document, file or thread somebody can look up.
        checked: The day the source was read, ISO format.
        confidence: `verified` (the model itself was asked), `documented`, `reported`
            or `inferred`.
        layer: The registry layer the fact was found in.
    """

    source: str = "unknown"
    checked: str = ""
    confidence: str = "inferred"
    layer: Layer = "shipped"

    def __str__(self) -> str:
        """Return the source with its date and confidence."""
        details = ", ".join(part for part in (self.confidence, self.checked) if part)
        return f"{self.source} ({details})"
