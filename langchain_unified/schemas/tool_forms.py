"""Tools in the form of Chat Completions, converted from any supported type.

A function, a pydantic class, a `BaseTool`, a dictionary of any provider or an object of
an SDK; a provider's built-in tools stay as given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_core.utils.pydantic import is_basemodel_subclass

from langchain_unified.errors import InvalidTypeError, shown_value
from langchain_unified.schemas import contains_itself
from langchain_unified.schemas.reading import without_titles
from langchain_unified.schemas.walking import nodes
from langchain_unified.schemas.wires import tool_marks

_DECLARATIONS = ("function_declarations", "functionDeclarations")
_PARAMETERS = (
    "parameters_json_schema",
    "parametersJsonSchema",
    "parameters",
)
_OF_A_FUNCTION = ("name", "description", "parameters", "strict")
_INPUT_SCHEMA, _OF_MCP = "input_schema", "inputSchema"


class NeutralTool(dict[str, Any]):
    """A tool in OpenAI's chat form, converted once: binding keeps it.

    Attributes:
        original: The tool as langchain-core converts it; its strict schema may still
            hold what strict mode refuses.
    """

    original: dict[str, Any]


def neutral_tools(tools: Iterable[Any], *, strict: bool | None = None) -> list[Any]:
    """Return tools in OpenAI's chat form; a provider's built-in tools stay as given.

    Args:
        tools: Functions, pydantic classes, `BaseTool`s, dictionaries or objects of an
            SDK, such as `google.genai.types.Tool`.
        strict: Whether arguments must match the schema; `None` for the default.
    """
    return [neutral for tool in tools for neutral in _neutral(tool, strict=strict)]


def _check_is_tool(tool: Any) -> None:
    if not callable(tool) and not hasattr(tool, "args_schema"):
        accepted = "give functions, classes, tools or dictionaries."
        raise InvalidTypeError("tools", shown_value(tool), accepted)


def _neutral(tool: Any, *, strict: bool | None) -> Iterator[Any]:
    if type(tool) is NeutralTool and strict is None:
        yield tool
        return
    tool = _dumped(tool)
    if not isinstance(tool, Mapping):
        _check_is_tool(tool)
        yield _function(tool, strict=strict)
        return
    for key in _DECLARATIONS:
        for declaration in tool.get(key) or ():
            yield _function(_declared(declaration), strict=strict)
    rest = {key: value for key, value in tool.items() if key not in _DECLARATIONS}
    if rest and _describes_function(rest):
        yield _function(_nested(rest), strict=strict, given=rest)
    elif rest or not tool:
        yield _unnested(rest)


def kind_of(tool: Mapping[str, Any]) -> str:
    """Return the kind of a tool: its type, or the one key of Gemini's.

    Example:
        >>> kind_of({"type": "web_search"}), kind_of({"google_search": {}})
        ('web_search', 'google_search')
    """
    return str(tool.get("type") or next(iter(tool), ""))


def _dumped(tool: Any) -> Any:
    """Return an object of an SDK as the dictionary it stands for.

    google-genai's, openai's and mcp's are pydantic objects; what anthropic's
    `beta_tool` returns has a `to_dict`. Classes and tools of LangChain stay.
    """
    if isinstance(tool, (type, Mapping)) or hasattr(tool, "args_schema"):
        return tool
    if hasattr(tool, "model_dump"):
        return tool.model_dump(exclude_none=True, mode="json")
    dump = getattr(tool, "to_dict", None)
    return dump() if callable(dump) else tool


def _function(tool: Any, *, strict: bool | None, given: Any = None) -> NeutralTool:
    """Return a function in OpenAI's form, with the schema its author wrote.

    Args:
        tool: A function, a class, a `BaseTool`, or a dictionary of OpenAI's chat form.
        strict: Whether arguments must match the schema; `None` for what the tool says.
        given: What the user gave, if it had another form.
    """
    if isinstance(tool, Mapping):
        converted, own = dict(tool), tool["function"].get("strict")
    else:
        converted, own = _converted(tool), None
    asked = own if strict is None else strict
    neutral = NeutralTool({**_with_recursion(tool, converted), **_marks(tool)})
    if asked is not None and "function" in neutral:
        neutral["function"] = {**neutral["function"], "strict": asked}
    neutral.original = converted
    if asked is not None or given is not None:
        theirs = tool if given is None else given
        neutral.original = _as_theirs(theirs, converted, strict=asked)
    return neutral


def _converted(tool: Any) -> dict[str, Any]:
    """Return a function, class or `BaseTool` as langchain-core converts it.

    It fails where the schema of a server holds a reference that it cannot put in place:
    to another document, with an escaped name, or a key that is called `$ref` (1.8.3,
    `dereference_refs`, 2026-11-27). Such a schema is taken as it is.
    """
    try:
        return convert_to_openai_tool(tool)
    except (KeyError, TypeError, ValueError):
        schema = getattr(tool, "args_schema", None)
        if not isinstance(schema, Mapping):
            raise
    parameters = {k: v for k, v in schema.items() if k not in {"title", "description"}}
    told = {"name": tool.name, "description": tool.description}
    return {"type": "function", "function": {**told, "parameters": parameters}}


def _as_theirs(
    given: Any, otherwise: dict[str, Any], *, strict: bool | None
) -> dict[str, Any]:
    """Return a tool as langchain-core converts it, where it can."""
    tool = dict(given) if isinstance(given, Mapping) else given
    try:
        return convert_to_openai_tool(tool, strict=strict)
    except (KeyError, TypeError, ValueError):
        return otherwise


def _with_recursion(tool: Any, converted: dict[str, Any]) -> dict[str, Any]:
    """Put the arguments that contain themselves back, where langchain-core cut them.

    It puts what is referred to in the place of the reference, and an empty schema where
    that has no end (1.7.2, `dereference_refs`, 2026-11-27).
    """
    function = converted.get("function")
    if isinstance(tool, Mapping) or not isinstance(function, Mapping):
        return converted
    if all(nodes(function.get("parameters"))):
        return converted
    schema = _recursive_schema(tool)
    if schema is None:
        return converted
    return {**converted, "function": {**function, "parameters": schema}}


def _recursive_schema(tool: Any) -> dict[str, Any] | None:
    """Return the schema of arguments that contain themselves, else `None`."""
    schema: Any = getattr(tool, "tool_call_schema", tool)
    if is_basemodel_subclass(schema) and hasattr(schema, "model_json_schema"):
        schema = schema.model_json_schema()
    if not isinstance(schema, Mapping) or not contains_itself(schema):
        return None
    bare = {k: v for k, v in schema.items() if k not in {"title", "description"}}
    titleless: dict[str, Any] = without_titles(bare)
    return titleless


def _describes_function(tool: Mapping[str, Any]) -> bool:
    if tool.get("type") in {"function", "object"} or _has_input_schema(tool):
        return True
    if "type" in tool:
        return False
    return bool({"name", "title", _INPUT_SCHEMA, "toolSpec"} & set(tool))


def _has_input_schema(tool: Mapping[str, Any]) -> bool:
    """Tell Anthropic's function tool, which may say `type: custom`, from OpenAI's."""
    return tool.get("type") == "custom" and _INPUT_SCHEMA in tool


def _is_declaration(tool: Mapping[str, Any]) -> bool:
    """Tell one of Gemini's function declarations by the form of its parameters."""
    if "name" not in tool or "type" in tool:
        return False
    types = [node.get("type") for node in nodes(tool.get("parameters"))]
    in_capitals = any(isinstance(kind, str) and kind.isupper() for kind in types)
    return in_capitals or any(key in tool for key in _PARAMETERS[:2])


def _of_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a function whose parameters are a schema, named by its title."""
    rest = {k: v for k, v in schema.items() if k not in {"title", "description"}}
    described = {k: schema[k] for k in ("description",) if k in schema}
    function = {"name": schema["title"], **described, "parameters": rest}
    return {"type": "function", "function": function}


def _nested(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Return a function of any dictionary form in OpenAI's chat form."""
    if tool.get("type") == "function":
        if isinstance(tool.get("function"), Mapping):
            return dict(tool)
        function = {key: tool[key] for key in _OF_A_FUNCTION if key in tool}
        rest = {key: v for key, v in tool.items() if key not in function}
        return {**rest, "type": "function", "function": function}
    if "title" in tool and "name" not in tool:
        return _of_schema(tool)
    if _is_declaration(tool):
        return _declared(tool)
    plain = {key: v for key, v in tool.items() if key != "type"}
    if _OF_MCP in plain:
        plain["parameters"] = plain.pop(_OF_MCP)
    converted = convert_to_openai_tool(plain)
    if "strict" in tool and "function" in converted:
        converted["function"].setdefault("strict", tool["strict"])
    return {**converted, **_marks(tool)}


def _unnested(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Return a custom tool with its fields beside `type`, other tools as given."""
    inner = tool.get("custom")
    if tool.get("type") == "custom" and isinstance(inner, Mapping):
        rest = {key: value for key, value in tool.items() if key != "custom"}
        return {**rest, **inner}
    return dict(tool)


def _declared(declaration: Any) -> dict[str, Any]:
    """Return one of Gemini's function declarations in OpenAI's chat form."""
    function: dict[str, Any] = {"name": declaration["name"]}
    if declaration.get("description"):
        function["description"] = declaration["description"]
    for key in _PARAMETERS:
        if declaration.get(key):
            given = declaration[key]
            own_words = key == "parameters"
            function["parameters"] = _json_schema(given) if own_words else given
            break
    return {"type": "function", "function": function}


def _json_schema(schema: Any) -> Any:
    """Return JSON Schema for a schema in the words of Google's own types."""
    if isinstance(schema, (list, tuple)):
        return [_json_schema(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    named = {_SNAKE_WORDS.get(key) or str(key): one for key, one in schema.items()}
    return {name: _word_value(name, value) for name, value in named.items()}


def _word_value(name: str, value: Any) -> Any:
    if name == "type" and isinstance(value, str):
        return value.lower()
    if name in {"properties", "$defs"} and isinstance(value, Mapping):
        return {key: _json_schema(one) for key, one in value.items()}
    if name in {"enum", "required", "default", "example"}:
        return value
    return _json_schema(value)


_SNAKE_WORDS = {
    "additional_properties": "additionalProperties",
    "any_of": "anyOf",
    "defs": "$defs",
    "max_items": "maxItems",
    "max_length": "maxLength",
    "max_properties": "maxProperties",
    "min_items": "minItems",
    "min_length": "minLength",
    "min_properties": "minProperties",
    "property_ordering": "propertyOrdering",
    "ref": "$ref",
}


def _marks(tool: Any) -> dict[str, Any]:
    """Return what some providers' tools have beside name, description and schema.

    langchain-core leaves it out of a tool it converts; a `BaseTool` has it in `extras`,
    as langchain-anthropic and langchain-openai read it.
    """
    told = tool if isinstance(tool, Mapping) else getattr(tool, "extras", None) or {}
    return {key: told[key] for key in tool_marks() if key in told}
