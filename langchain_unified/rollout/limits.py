"""Numbers that users set as limits, checked where they are set."""

from __future__ import annotations

import math
from typing import Any

from langchain_unified.errors import InvalidParameterError


def check_number(
    name: str,
    value: Any,
    *,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    whole: bool = False,
    optional: bool = False,
) -> None:
    """Refuse a limit that cannot be meant.

    Args:
        name: The argument.
        value: Its value.
        least: The smallest value allowed.
        above: What the value must exceed.
        most: The largest value allowed.
        whole: Whether it counts something.
        optional: Whether `None` is allowed.

    Raises:
        InvalidParameterError: If it is no number, or outside these bounds.
    """
    if value is None and optional:
        return
    kinds = (int,) if whole else (int, float)
    fits = isinstance(value, kinds) and not isinstance(value, bool)
    fits = fits and not math.isnan(value)
    fits = fits and (least is None or value >= least)
    fits = fits and (above is None or value > above)
    fits = fits and (most is None or value <= most)
    if fits:
        return
    bounds = [
        *([f"at least {least:g}"] if least is not None else []),
        *([f"more than {above:g}"] if above is not None else []),
        *([f"at most {most:g}"] if most is not None else []),
    ]
    kind = "a whole number" if whole else "a number"
    share = " A share: 5 % is 0.05." if most == 1 else ""
    raise InvalidParameterError(
        name, value, f"give {kind}, {' and '.join(bounds)}.{share}"
    )
