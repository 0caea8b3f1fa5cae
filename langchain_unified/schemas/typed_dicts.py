"""`TypedDict`s with optional keys, which langchain-core does not convert."""

from __future__ import annotations

import typing
from types import UnionType
from typing import Annotated, Any

import typing_extensions
from pydantic import Field, TypeAdapter
from typing_extensions import is_typeddict

_MARKS = ("Required", "NotRequired", "ReadOnly")
_MARK_OF = {
    getattr(module, name): name
    for module in (typing, typing_extensions)
    for name in _MARKS
    if hasattr(module, name)
}
"""The marks of either module: before Python 3.13 `typing` lacks some of them."""


def typed_dict_schema(target: Any) -> dict[str, Any]:
    """Return the JSON Schema of a `TypedDict`, with only required keys as required.

    Args:
        target: A `TypedDict` of `typing` or `typing_extensions`; annotations of the
            form `Annotated[str, ..., "description"]` are read as langchain-core does.
    """
    return TypeAdapter(_rebuilt(target, {})).json_schema()


def has_optional_keys(target: Any) -> bool:
    """Tell whether a key is optional, here or in a nested `TypedDict`."""
    return _has_optional(target, set())


def _has_optional(target: Any, seen: set[Any]) -> bool:
    if is_typeddict(target):
        if target in seen:
            return False
        seen.add(target)
        if target.__optional_keys__:
            return True
        try:
            hints = typing_extensions.get_type_hints(target, include_extras=True)
        except NameError:  # it names what only its author's function can see
            return False
        return any(_has_optional(hint, seen) for hint in hints.values())
    if _mark(target) == "NotRequired":
        return True
    return any(_has_optional(one, seen) for one in typing.get_args(target))


def _rebuilt(target: Any, made: dict[Any, Any]) -> Any:
    """Return a type with each `TypedDict` as one of `typing_extensions`.

    pydantic takes no other before Python 3.12.
    """
    if is_typeddict(target):
        return made.get(target) or _remade(target, made)
    args = typing.get_args(target)
    if not args or typing.get_origin(target) is typing.Literal:
        return target
    origin = typing.get_origin(target)
    if origin is Annotated or hasattr(target, "__metadata__"):
        return _annotated(target, made)
    inner = tuple(_rebuilt(one, made) for one in args)
    return target if inner == args else _with_args(target, origin, inner)


def _with_args(target: Any, origin: Any, inner: tuple[Any, ...]) -> Any:
    """Return a generic type with other arguments."""
    if origin in (typing.Union, UnionType):
        union: Any = typing.Union
        return union[inner]
    if hasattr(target, "copy_with"):
        return target.copy_with(inner)
    return origin[inner]


def _remade(target: Any, made: dict[Any, Any]) -> Any:
    make: Any = typing_extensions.TypedDict
    made[target] = remade = make(target.__name__, {})
    fields: dict[str, Any] = {}
    optional = set(target.__optional_keys__)
    hints = typing_extensions.get_type_hints(target, include_extras=True)
    for key, hint in hints.items():
        bare = hint
        while mark := _mark(bare):
            optional |= {key} if mark == "NotRequired" else set()
            bare = typing.get_args(bare)[0]
        fields[key] = _rebuilt(bare, made)
    remade.__annotations__ = fields
    remade.__optional_keys__ = frozenset(optional)
    remade.__required_keys__ = frozenset(fields) - optional
    remade.__doc__ = target.__doc__
    return remade


def _mark(hint: Any) -> str:
    origin = typing.get_origin(hint)
    return _MARK_OF.get(origin, "") if origin is not None else ""


def _annotated(target: Any, made: dict[Any, Any]) -> Any:
    """Read what langchain-core reads: a default, then a description."""
    inner = _rebuilt(target.__origin__, made)
    extras = [one for one in target.__metadata__ if one is not ...]
    words = [one for one in extras if isinstance(one, str)]
    others = [one for one in extras if not isinstance(one, str)]
    if words:
        others.append(Field(description=words[-1]))
    for one in others:
        inner = Annotated[inner, one]
    return inner
