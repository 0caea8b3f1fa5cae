"""Numbers that users set as limits, checked where they are set."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from langchain_unified.errors import InvalidParameterError

SHARE = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
SECONDS = Annotated[float, Field(gt=0, allow_inf_nan=False)]
AMOUNT = Annotated[float, Field(ge=0, allow_inf_nan=False)]
COUNT = Annotated[int, Field(ge=0)]
PLACES = Annotated[int, Field(ge=1)]


def check_limits(given: dict[str, Any], **kinds: Any) -> None:
    """Refuse limits that cannot be meant.

    Args:
        given: Limits by name.
        **kinds: What each has to be.

    Raises:
        InvalidParameterError: If one is no number, or outside its bounds.
    """
    for name, kind in kinds.items():
        _check(name, given[name], TypeAdapter(kind))


def _check(name: str, value: Any, kind: TypeAdapter[Any]) -> None:
    try:
        kind.validate_python(value, strict=True)
    except ValidationError as error:
        why = error.errors()[0]["msg"].replace("Input should be", "give a number")
        why = why.replace("a number a valid", "a valid")
        share = " A share: 5 % is 0.05." if "less than or equal to 1" in why else ""
        raise InvalidParameterError(name, value, f"{why}.{share}") from None
