"""Function calls instead of seconds: the same number however busy the machine is.

Python's profile hook counts every call of a Python or built-in function on the thread
that makes the request, so the server and other processes play no part.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from tests.benchmarks.measure import Run


def count_calls(run: Run) -> int:
    """Return how many functions a warm run calls."""
    for _ in range(2):
        run()
    found = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal found
        found += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(before)
    return found


def call_ratio(contenders: Mapping[str, Run], ours: str, reference: str) -> float:
    """Return our calls as a share of the reference's."""
    return count_calls(contenders[ours]) / count_calls(contenders[reference])
