"""Response formats in OpenAI's chat form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.utils.pydantic import is_basemodel_subclass

from langchain_unified.errors import InvalidParameterError
from langchain_unified.schemas.reading import read_structure

_SCHEMA_TYPES = frozenset(
    {"array", "boolean", "integer", "null", "number", "object", "string"}
)


class NeutralFormat(dict[str, Any]):
    """A response format in OpenAI's chat form that a pydantic class was given for.

    Attributes:
        target: The class.
    """

    target: Any = None


def neutral_format(
    response_format: Any, *, strict: bool | None = None
) -> dict[str, Any]:
    """Return a response format in OpenAI's chat form.

    Args:
        response_format: OpenAI's dictionary, a bare JSON schema, a pydantic class or
            a `TypedDict`.
        strict: Whether the answer must match to the letter; `None` for the default.

    Raises:
        InvalidParameterError: If it is neither.
    """
    if type(response_format) is NeutralFormat:
        return response_format
    if isinstance(response_format, Mapping):
        if _is_format(response_format):
            return dict(response_format)
    elif not isinstance(response_format, type):
        accepted = "give a response format dictionary, a JSON schema or a class."
        raise InvalidParameterError("response_format", response_format, accepted)
    structure = read_structure(response_format)
    asked = structure.strict_by_default if strict is None else strict
    found = NeutralFormat(structure.as_response_format(strict=asked))
    if isinstance(response_format, type) and is_basemodel_subclass(response_format):
        found.target = response_format
    return found


def _is_format(given: Mapping[str, Any]) -> bool:
    """Tell a response format, of any server's own kind, from a bare JSON schema."""
    kind = given.get("type")
    return isinstance(kind, str) and kind not in _SCHEMA_TYPES
