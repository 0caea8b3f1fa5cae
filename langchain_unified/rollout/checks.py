"""What is refused where a rollout is set up: it would fail, or do nothing, later."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

from pydantic import Field, TypeAdapter, ValidationError

from langchain_unified.errors import InvalidParameterError

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Places = Annotated[int, Field(ge=1)]

_FUNCTION = "give a synchronous function."
_FOLDER = "give a folder, or a synchronous function."
_KEY = (
    "give the name of a field ('tenant'), a path into the config "
    "('metadata.org.id'), or a function of the call that is not async."
)


def _is_text(part: Any) -> bool:
    return isinstance(part, str) and part != ""


def _is_path(part: Any) -> bool:
    return isinstance(part, os.PathLike) or _is_text(part)


def _is_function(part: Any) -> bool:
    """Tell whether a part can be called; nobody would await an asynchronous one."""
    works = getattr(part, "__call__", None)  # noqa: B004 - an object's own is looked at
    return callable(part) and not any(map(inspect.iscoroutinefunction, (part, works)))


_PARTS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "environment": (_is_text, "give a name."),
    "flag": (_is_text, "give a flag's key."),
    "file": (_is_path, "give a path."),
    "emergency": (_is_path, "give a path."),
    "key": (lambda x: _is_text(x) or _is_function(x), _KEY),
    "report_to": (lambda x: _is_function(x) or _is_path(x), _FOLDER),
    "call": (_is_function, _FUNCTION),
    "on_event": (_is_function, _FUNCTION),
    "compare": (_is_function, _FUNCTION),
    "mirror": (lambda x: hasattr(x, "offer"), "give a Mirror."),
    "guard": (lambda x: hasattr(x, "min_calls"), "give a Guard."),
    "openfeature": (
        lambda x: isinstance(x, bool) or hasattr(x, "get_string_details"),
        "give an OpenFeature client, or True for the default one.",
    ),
}
"""What tells whether a part of a rollout is one, and what to give instead."""


def check_parts(**parts: Any) -> None:
    """Refuse a part of the wrong kind: it would say nothing, or fail at each call.

    Raises:
        InvalidParameterError: If there is one.
    """
    for name, part in parts.items():
        is_one, accepted = _PARTS[name]
        if part is not None and not is_one(part):
            raise InvalidParameterError(name, part, accepted)


def check_limits(limits: Any) -> None:
    """Refuse limits that cannot be meant, each by its name.

    Raises:
        InvalidParameterError: If one is no number, or outside its bounds.
    """
    kinds = get_type_hints(type(limits), include_extras=True)
    for name, value in vars(limits).items():
        _check(name, value, kinds[name])


def _check(name: str, value: Any, kind: Any) -> None:
    try:
        TypeAdapter[Any](kind).validate_python(value, strict=True)
    except ValidationError as error:
        why = error.errors()[0]["msg"].replace("Input should", "it must")
        share = " A share: 5 % is 0.05." if "less than or equal to 1" in why else ""
        raise InvalidParameterError(name, value, f"{why}.{share}") from None
