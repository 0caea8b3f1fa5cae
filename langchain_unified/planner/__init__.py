"""The planner: an invocation and a model config in, a finished call plan out.

Pure: no client, no key, no network, no clock, no log. The rules run in a fixed order,
once for each endpoint that could serve the call; the endpoint that loses least wins.
"""

from typing import TYPE_CHECKING

from langchain_unified.exports import exported

if TYPE_CHECKING:
    from langchain_unified.planner.rules import plan

__all__ = ["plan"]

__getattr__ = exported(__name__, {"plan": "rules"})
