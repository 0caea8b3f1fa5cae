"""Building a valid instance of a JSON Schema."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.answers.patterns import LONGEST, example_of

if TYPE_CHECKING:
    from langchain_unified.testing.answers.hints import Hints

_MAX_DEPTH = 4
_MAX_ITEMS = 1000
"""Items of all lists of one instance together."""

_FORMATS = {
    "date-time": "2026-01-15T12:00:00Z",
    "date": "2026-01-15",
    "time": "12:00:00Z",
    "duration": "P1D",
    "email": "user@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
    "decimal": "1.5",
}


def instance_of(
    schema: dict[str, Any], hints: Hints, *, only_required: bool = False
) -> Any:
    """Build a valid instance of a schema, with values from the prompt where it fits.

    Args:
        schema: JSON Schema or Gemini's OpenAPI subset; `$ref` into itself is followed.
        hints: Values the prompt mentions.
        only_required: Leave optional properties out.

    Returns:
        The instance; a recursive schema is ended at a few levels.
    """
    return _Builder(schema, hints, only_required=only_required).build(schema, 0)


class _Builder:
    def __init__(
        self, root: dict[str, Any], hints: Hints, *, only_required: bool
    ) -> None:
        self._root = root
        self._hints = hints
        self._only_required = only_required
        self._items_left = _MAX_ITEMS
        self._padding_left = LONGEST

    def build(self, schema: Any, depth: int) -> Any:
        if not isinstance(schema, dict):
            return "value"
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        choices = schema.get("enum")
        if isinstance(choices, list) and choices:
            return self._hints.mentioned(choices) or choices[0]
        for key in ("anyOf", "oneOf"):
            if schema.get(key):
                return self.build(self._branch(schema[key], depth), depth)
        return self._of_type(_type_of(schema), schema, depth)

    def _of_type(self, kind: str, schema: dict[str, Any], depth: int) -> Any:
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, depth)
        if kind in ("integer", "number"):
            return _number(schema, self._hints.next_number(), whole=kind == "integer")
        if kind == "boolean":
            return True
        return None if kind == "null" else self._string(schema)

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        required = schema.get("required") or []
        built = {
            name: self.build(sub, depth + 1)
            for name, sub in properties.items()
            if name in required or self._is_worth_adding(sub, depth)
        }
        extra = schema.get("additionalProperties")
        if not built and isinstance(extra, dict) and depth < _MAX_DEPTH:
            return {"key": self.build(extra, depth + 1)}
        return built

    def _is_worth_adding(self, schema: Any, depth: int) -> bool:
        if not self._only_required:
            return depth < _MAX_DEPTH
        resolved = self._resolved(schema) if isinstance(schema, dict) else {}
        return self._hints.mentioned(resolved.get("enum") or []) is not None

    def _array(self, schema: dict[str, Any], depth: int) -> list[Any]:
        prefix = schema.get("prefixItems") or []
        built = [self.build(item, depth + 1) for item in prefix]
        least = int(schema.get("minItems") or (0 if prefix else 1))
        if depth >= _MAX_DEPTH:
            least = int(schema.get("minItems") or 0)
        most = schema.get("maxItems")
        wanted = least if most is None else min(least, int(most))
        while len(built) < wanted and self._items_left > 0:
            self._items_left -= 1
            built.append(self.build(schema.get("items") or {}, depth + 1))
        return built

    def _string(self, schema: dict[str, Any]) -> str:
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        if schema.get("pattern"):
            return example_of(str(schema["pattern"]))
        text = self._hints.next_string() or self._hints.text or "text"
        least = min(int(schema.get("minLength") or 0), self._padding_left)
        self._padding_left -= max(least, 0)
        most = schema.get("maxLength")
        text = text.ljust(least, "x")
        return text if most is None else text[: int(most)]

    def _branch(self, branches: list[Any], depth: int) -> Any:
        plain = [item for item in branches if not _is_null(item)]
        if depth >= _MAX_DEPTH and len(plain) < len(branches):
            return {"type": "null"}
        if depth >= _MAX_DEPTH:
            flat = [item for item in plain if not self._nests(item)]
            return (flat or plain)[0]
        return plain[0] if plain else {"type": "null"}

    def _nests(self, schema: Any) -> bool:
        resolved = self._resolved(schema) if isinstance(schema, dict) else {}
        return _type_of(resolved) in ("object", "array")

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        merged = dict(schema)
        for _ in range(16):
            if "$ref" in merged:
                target = _lookup(self._root, str(merged.pop("$ref")))
                merged = {**target, **merged}
            elif merged.get("allOf"):
                for part in merged.pop("allOf"):
                    merged = _merge(merged, self._resolved(part))
            else:
                break
        return merged


def _lookup(root: dict[str, Any], reference: str) -> dict[str, Any]:
    node: Any = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        node = node.get(name, {}) if isinstance(node, dict) and name else node
    return node if isinstance(node, dict) else {}


def _merge(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    merged = {**right, **left}
    for key in ("properties", "required"):
        if key in left and key in right:
            one, two = left[key], right[key]
            merged[key] = {**two, **one} if isinstance(one, dict) else [*two, *one]
    return merged


def _is_null(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("type") == "null"


def _type_of(schema: dict[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((item for item in kind if item != "null"), "null")
    if kind is None:
        if "properties" in schema or "additionalProperties" in schema:
            return "object"
        return "array" if "items" in schema else "string"
    return str(kind).lower()


def _above(schema: dict[str, Any], unit: float) -> float:
    return _bound(schema, "exclusiveMinimum", -math.inf) + unit


def _below(schema: dict[str, Any], unit: float) -> float:
    return _bound(schema, "exclusiveMaximum", math.inf) - unit


def _bound(schema: dict[str, Any], keyword: str, default: float) -> float:
    """Return a bound; draft 4 has a boolean where later drafts have a number."""
    value = schema.get(keyword)
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if known else default  # type: ignore[return-value]


def _number(schema: dict[str, Any], hint: float | None, *, whole: bool) -> float:
    step = schema.get("multipleOf")
    unit = step or (1 if whole else 0.5)
    low = max(_bound(schema, "minimum", -math.inf), _above(schema, unit))
    high = min(_bound(schema, "maximum", math.inf), _below(schema, unit))
    value = hint if hint is not None and low <= hint <= high else None
    if value is None or (whole and value != int(value)):
        value = min(max(1, low), high)
    if step:
        value = math.ceil(value / step) * step
    return math.ceil(value) if whole else value
