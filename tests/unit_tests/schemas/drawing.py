"""Schemas drawn by hypothesis, each with an instance of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import assume
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

Draw = Callable[[st.SearchStrategy[Any]], Any]

NAMES = st.sampled_from(
    [
        "name",
        "größe",
        "a b",
        "x-y",
        "$id",
        "type",
        "items",
        "value",
        "kind",
        "properties",
    ]
)
TITLES = st.sampled_from(["Answer", "Box[int]", "crm.lookup", "Größe", "x" * 80, "7"])
WORDS = st.sampled_from(["", "a", "ann", "2026-11-27", '{"a": 1}', "zürich", "null"])
_FORMATS = {
    "date": "2026-11-27",
    "date-time": "2026-11-27T19:00:00Z",
    "uri": "https://example.com/a",
    "uuid": "2f1c2b9e-7f2e-4f0e-9c3b-0d6f7c1f2a3b",
    "email": "ann@example.com",
    "binary": "abc",
}
_PATTERNS = {"^[a-z]+$": "ann", "^(?!x)[a-z]+$": "bob", r"^\d{4}$": "2026"}


class Drawn(NamedTuple):
    """A schema and an instance of it."""

    schema: Any
    value: Any


@st.composite
def drawn(draw: Draw, *, is_object: bool = False) -> Drawn:
    """Draw a schema with an instance.

    Args:
        draw: Hypothesis' own.
        is_object: Whether the root has to be an object.
    """
    kinds = ["object", "map", "either", "reference", "parts", "bare"]
    if not is_object:
        kinds += ["array", "tuple", "union", "enum", "tagged", "scalar", "recursive"]
    schema, value = _ROOTS[draw(st.sampled_from(kinds))](draw)
    schema = {"title": draw(TITLES), **schema}
    assume(Draft202012Validator(schema).is_valid(value))
    return Drawn(schema, value)


def _node(draw: Draw, depth: int) -> tuple[Any, Any]:
    """Draw any schema with an instance; deep ones are plain."""
    kinds = ["string", "integer", "number", "boolean", "enum", "const", "nullable"]
    if depth < _DEEPEST:
        kinds += ["object", "map", "array", "tuple", "union", "tagged", "parts", "any"]
    schema, value = _KINDS[draw(st.sampled_from(kinds))](draw, depth)
    if schema and draw(st.booleans()):
        schema = {**schema, "description": "Something."}
    return schema, value


_DEEPEST = 3


def _string(draw: Draw, depth: int) -> tuple[Any, Any]:
    del depth
    kind = draw(st.sampled_from(["plain", "format", "pattern", "length"]))
    if kind == "format":
        name = draw(st.sampled_from(sorted(_FORMATS)))
        return {"type": "string", "format": name}, _FORMATS[name]
    if kind == "pattern":
        pattern = draw(st.sampled_from(sorted(_PATTERNS)))
        return {"type": "string", "pattern": pattern}, _PATTERNS[pattern]
    word = draw(WORDS)
    if kind == "length":
        return {"type": "string", "minLength": 0, "maxLength": len(word) + 1}, word
    return {"type": "string"}, word


def _integer(draw: Draw, depth: int) -> tuple[Any, Any]:
    del depth
    number = draw(st.integers(-5, 5))
    schema: dict[str, Any] = {"type": "integer"}
    extra = draw(st.sampled_from(["none", "minimum", "exclusive", "multiple"]))
    if extra == "minimum":
        schema |= {"minimum": number - 1, "maximum": number}
    elif extra == "exclusive":
        schema |= {"exclusiveMinimum": number - 1, "exclusiveMaximum": number + 2}
    elif extra == "multiple":
        schema["multipleOf"] = abs(number) or 1
    return schema, number


def _number(draw: Draw, depth: int) -> tuple[Any, Any]:
    del depth
    number = draw(st.sampled_from([0, 1.5, -2.25, 3]))
    bounds = draw(st.booleans())
    return {"type": "number", **({"exclusiveMinimum": -9.5} if bounds else {})}, number


def _boolean(draw: Draw, depth: int) -> tuple[Any, Any]:
    del depth
    return {"type": "boolean"}, draw(st.booleans())


def _enum(draw: Draw, depth: int = 0) -> tuple[Any, Any]:
    del depth
    values = draw(
        st.sampled_from([["a", "b"], [1, 2, 3], ["a", 1, None], [True, "yes"], [None]])
    )
    typed = draw(st.booleans()) and all(isinstance(one, str) for one in values)
    schema = {"type": "string", "enum": values} if typed else {"enum": values}
    return schema, draw(st.sampled_from(values))


def _const(draw: Draw, depth: int) -> tuple[Any, Any]:
    del depth
    value = draw(st.sampled_from(["a", 1, True, None]))
    return {"const": value}, value


def _nullable(draw: Draw, depth: int) -> tuple[Any, Any]:
    schema, value = _node(draw, depth + 1)
    absent = draw(st.booleans())
    if "type" in schema and isinstance(schema["type"], str) and "enum" not in schema:
        listed = {**schema, "type": [schema["type"], "null"]}
        if draw(st.booleans()):
            return listed, None if absent else value
    return {"anyOf": [schema, {"type": "null"}]}, None if absent else value


def _object(draw: Draw, depth: int = 0) -> tuple[Any, Any]:
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    properties, value, required = {}, {}, []
    for name in names:
        properties[name], inner = _node(draw, depth + 1)
        is_required = draw(st.booleans())
        required += [name] if is_required else []
        if is_required or draw(st.booleans()):
            value[name] = inner
        elif properties[name] and draw(st.booleans()):
            properties[name] = {**properties[name], "default": inner}
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    extra = draw(st.sampled_from(["absent", "closed", "open"]))
    if extra == "closed":
        schema["additionalProperties"] = False
    elif extra == "open":
        schema["additionalProperties"] = {"type": "integer"}
        value["more"] = 3
    return schema, value


def _map(draw: Draw, depth: int = 0) -> tuple[Any, Any]:
    inner, one = _node(draw, depth + 1)
    kind = draw(st.sampled_from(["map", "any", "bare", "patterns"]))
    if kind == "any":
        return {"type": "object", "additionalProperties": True}, {"k": [1, {"a": "b"}]}
    if kind == "bare":
        return {"type": "object"}, {"k": 1}
    if kind == "patterns":
        patterns = {"patternProperties": {"^k": inner}, "additionalProperties": False}
        return {"type": "object", **patterns}, {"k1": one}
    return {"type": "object", "additionalProperties": inner}, {"k": one, "l": one}


def _array(draw: Draw, depth: int = 0) -> tuple[Any, Any]:
    inner, one = _node(draw, depth + 1)
    value = [one] * draw(st.integers(0, 2))
    schema: dict[str, Any] = {"type": "array", "items": inner}
    extra = draw(st.sampled_from(["none", "length", "unique", "bare"]))
    if extra == "length":
        schema |= {"minItems": len(value), "maxItems": len(value) + 1}
    elif extra == "unique":
        schema["uniqueItems"] = True
        value = value[:1]
    elif extra == "bare":
        return {"type": "array"}, [1, "a"]
    return schema, value


def _tuple(draw: Draw, depth: int = 0) -> tuple[Any, Any]:
    parts = [_node(draw, depth + 1) for _ in range(draw(st.integers(1, 2)))]
    schema: dict[str, Any] = {"type": "array", "prefixItems": [one for one, _ in parts]}
    if draw(st.booleans()):
        schema |= {"minItems": len(parts), "maxItems": len(parts)}
    else:
        schema["items"] = False
    return schema, [value for _, value in parts]


def _union(draw: Draw, depth: int = 0) -> tuple[Any, Any]:
    parts = [_node(draw, depth + 1) for _ in range(2)]
    word = draw(st.sampled_from(["anyOf", "oneOf"]))
    return {word: [one for one, _ in parts]}, draw(st.sampled_from(parts))[1]


def _tagged(draw: Draw, depth: int = 0) -> tuple[Any, Any]:
    branches, values = [], []
    for tag in ("card", "transfer"):
        inner, value = _node(draw, depth + 1)
        properties = {"kind": {"const": tag, "type": "string"}, "what": inner}
        branches.append(
            {"type": "object", "properties": properties, "required": ["kind", "what"]}
        )
        values.append({"kind": tag, "what": value})
    schema: dict[str, Any] = {"oneOf": branches}
    if draw(st.booleans()):
        schema["discriminator"] = {"propertyName": "kind"}
    return schema, draw(st.sampled_from(values))


def _parts(draw: Draw, depth: int = 0) -> tuple[Any, Any]:
    first, one = _node(draw, depth + 1)
    second, other = _node(draw, depth + 1)
    parts = [
        {"type": "object", "properties": {"first": first}, "required": ["first"]},
        {"type": "object", "properties": {"second": second}},
    ]
    return {"allOf": parts}, {"first": one, "second": other}


def _any(draw: Draw, depth: int) -> tuple[Any, Any]:
    del depth
    return {}, draw(st.sampled_from(["a", 1, [1], {"a": 1}]))


def _either(draw: Draw) -> tuple[Any, Any]:
    """An object of which one of two keys is required, as MCP servers write it."""
    first, one = _node(draw, 2)
    second, other = _node(draw, 2)
    branches = [
        {"properties": {"content": first}, "required": ["content"]},
        {"properties": {"address": second}, "required": ["address"]},
    ]
    word = draw(st.sampled_from(["anyOf", "oneOf"]))
    value = draw(st.sampled_from([{"content": one}, {"address": other}]))
    return {"type": "object", word: branches}, value


def _reference(draw: Draw) -> tuple[Any, Any]:
    inner, value = _object(draw, 1)
    place = draw(st.sampled_from(["$defs", "definitions"]))
    schema = {"$ref": f"#/{place}/Inner"}
    return {**schema, place: {"Inner": inner}}, value


def _recursive(draw: Draw) -> tuple[Any, Any]:
    leaf, value = _node(draw, 3)
    children = {"type": "array", "items": {"$ref": "#/$defs/Tree"}}
    tree = {
        "type": "object",
        "properties": {"leaf": leaf, "children": children},
        "required": ["leaf"],
    }
    grown = {"leaf": value, "children": [{"leaf": value}, {"leaf": value}]}
    return {"$ref": "#/$defs/Tree", "$defs": {"Tree": tree}}, grown


def _bare(draw: Draw) -> tuple[Any, Any]:
    """An object that does not say that it is one."""
    inner, value = _node(draw, 1)
    return {"properties": {"a": inner}, "required": ["a"]}, {"a": value}


def _scalar(draw: Draw) -> tuple[Any, Any]:
    return _node(draw, _DEEPEST)


_KINDS: dict[str, Callable[[Draw, int], tuple[Any, Any]]] = {
    "any": _any,
    "array": _array,
    "boolean": _boolean,
    "const": _const,
    "enum": _enum,
    "integer": _integer,
    "map": _map,
    "nullable": _nullable,
    "number": _number,
    "object": _object,
    "parts": _parts,
    "string": _string,
    "tagged": _tagged,
    "tuple": _tuple,
    "union": _union,
}
_ROOTS: dict[str, Callable[[Draw], tuple[Any, Any]]] = {
    "array": _array,
    "bare": _bare,
    "either": _either,
    "enum": _enum,
    "map": _map,
    "object": _object,
    "parts": _parts,
    "recursive": _recursive,
    "reference": _reference,
    "scalar": _scalar,
    "tagged": _tagged,
    "tuple": _tuple,
    "union": _union,
}
