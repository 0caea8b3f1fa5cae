"""Which names and types a request may carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from langchain_unified.testing.errors import one_of, refuse
from langchain_unified.testing.rules import load_fields

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from langchain_unified.testing.openai_api.call import OpenAICall

DOCS = "https://platform.openai.com/docs/api-reference/responses/create"
_ARTICLE = {
    "array": "an array",
    "boolean": "a boolean",
    "decimal": "a decimal",
    "integer": "an integer",
    "object": "an object",
    "string": "a string",
    "string or array": "one of a string or array of strings",
    "string or object": "one of a string or object",
}
_DESCRIBED = {
    type(None): "null",
    bool: "a boolean",
    int: "an integer",
    float: "a decimal number",
    str: "a string",
    list: "an array",
}


def check_names(call: OpenAICall) -> None:
    """Refuse top-level arguments the endpoint does not know."""
    known = load_fields("openai")[call.endpoint]
    sent = {**call.body, **_explicit_nulls(call)}
    unknown = [name for name in sent if name not in known]
    if not unknown:
        return
    if call.on_chat:
        plural = "s" if len(unknown) > 1 else ""
        refuse(f"Unrecognized request argument{plural} supplied: {', '.join(unknown)}")
    _check_moved(unknown)
    refuse(
        f"Unknown parameter: '{unknown[0]}'.",
        param=unknown[0],
        code="unknown_parameter",
    )


def check_types(call: OpenAICall) -> None:
    """Refuse top-level arguments of a wrong type."""
    known = load_fields("openai")[call.endpoint]
    for name, value in call.body.items():
        require_type(value, known[name], name)


def check_nested_names(call: OpenAICall) -> None:
    """Refuse unknown keys in the small nested objects."""
    for name, allowed in load_fields("openai")["nested"].items():
        keys = allowed[call.endpoint] if isinstance(allowed, dict) else allowed
        if name in call.body and name in load_fields("openai")[call.endpoint]:
            require_keys(call.body[name], keys, name)


def require_type(value: Any, kind: str, path: str) -> None:
    """Refuse a value that is not of a kind such as `decimal` or `string or array`."""
    if not any(_is_a(value, option) for option in kind.split(" or ")):
        refuse(
            f"Invalid type for '{path}': expected {_ARTICLE[kind]}, "
            f"but got {_described(value)} instead.",
            param=path,
            code="invalid_type",
        )


def require_one_of(value: Any, known: Collection[str], path: str) -> None:
    """Refuse a value that does not exist."""
    if value not in known:
        text = f"Invalid value: '{value}'. Supported values are: {one_of(known)}."
        refuse(text, param=path, code="invalid_value")


def require_role(
    call: OpenAICall, holder: dict[str, Any], known: Collection[str], path: str
) -> str:
    """Return the role of a message, refusing one that the model does not take."""
    role: str = require(holder, "role", path)
    require_one_of(role, known, f"{path}.role")
    if role in ("system", "developer") and role not in call.rules.system_roles:
        refuse(
            f"Unsupported value: '{path}.role' does not support '{role}' with this "
            f"model.",
            param=f"{path}.role",
            code="unsupported_value",
        )
    return role


def refuse_parameter(
    name: str,
    param: str | None = None,
    *,
    code: str | None = "unsupported_parameter",
    hint: str = "",
) -> NoReturn:
    """Refuse a parameter that the model does not have."""
    refuse(
        f"Unsupported parameter: '{name}' is not supported with this model.{hint}",
        param=param or name,
        code=code,
    )


def require_keys(value: dict[str, Any], allowed: Iterable[str], path: str) -> None:
    """Refuse an object that has a key which is not allowed."""
    allowed = set(allowed)
    for key in value:
        if key not in allowed:
            refuse(
                f"Unknown parameter: '{path}.{key}'.",
                param=f"{path}.{key}",
                code="unknown_parameter",
            )


def require(container: dict[str, Any], key: str, path: str) -> Any:
    """Return a key of an object, refusing an object without it."""
    if container.get(key) is None:
        name = f"{path}.{key}" if path else key
        refuse(
            f"Missing required parameter: '{name}'.",
            param=name,
            code="missing_required_parameter",
        )
    return container[key]


def _explicit_nulls(call: OpenAICall) -> dict[str, None]:
    raw = call.recorded.body
    return {name: None for name, value in raw.items() if value is None}


def _check_moved(unknown: list[str]) -> None:
    for name in unknown:
        target = load_fields("openai")["moved"].get(name)
        if target:
            refuse(
                f"Unsupported parameter: '{name}'. In the Responses API, this "
                f"parameter has moved to '{target}'. Try again with the new "
                f"parameter. See the API documentation for more information: {DOCS}.",
                code="unsupported_parameter",
            )


def _is_a(value: Any, kind: str) -> bool:
    if kind == "decimal":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    types = {"array": list, "boolean": bool, "object": dict, "string": str}
    return isinstance(value, types[kind])


def _described(value: Any) -> str:
    return _DESCRIBED.get(type(value), "an object")
