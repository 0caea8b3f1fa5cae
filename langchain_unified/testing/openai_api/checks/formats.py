"""The response format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

from langchain_unified.testing.errors import refuse
from langchain_unified.testing.openai_api.checks.names import (
    require,
    require_one_of,
    require_type,
)
from langchain_unified.testing.openai_api.checks.schemas import (
    check_keywords,
    check_strict_schema,
)
from langchain_unified.testing.openai_api.checks.tools import require_function_name

if TYPE_CHECKING:
    from langchain_unified.testing.openai_api.call import OpenAICall

_KINDS = ("json_object", "json_schema", "text")
_GUIDE = "https://platform.openai.com/docs/guides/structured-outputs"

_NO_JSON = {
    "messages": "'messages' must contain the word 'json' in some form, to use "
    "'response_format' of type 'json_object'.",
    "input": "Response input messages must contain the word 'json' in some form to use "
    "'text.format' of type 'json_object'.",
}


def check_response_format(call: OpenAICall) -> None:
    """Refuse a response format that is malformed or not supported."""
    wanted = call.response_format
    if not wanted:
        return
    path = call.format_path
    require_type(wanted, "object", path)
    kind = require(wanted, "type", path)
    require_one_of(kind, _KINDS, f"{path}.type")
    if kind == "json_schema":
        _check_json_schema(call, wanted)
    if kind == "json_object":
        _check_json_object(call)


def schema_of(call: OpenAICall) -> dict[str, Any] | None:
    """Return the schema of the answer, if one was asked for."""
    wanted = call.response_format
    if wanted.get("type") != "json_schema":
        return None
    holder = wanted["json_schema"] if call.on_chat else wanted
    schema: dict[str, Any] = holder.get("schema") or {"type": "object"}
    return schema


def _check_json_schema(call: OpenAICall, wanted: dict[str, Any]) -> None:
    if not call.rules.structured_output:
        _not_supported(call, "json_schema")
    holder, path = _schema_holder(call, wanted)
    schema = holder.get("schema")
    if schema is None:
        return
    require_type(schema, "object", f"{path}.schema")
    subject = f"response_format '{holder['name']}'"
    param = "response_format" if call.on_chat else "text.format.schema"
    check_keywords(schema, subject, param, _schema_code(call))
    if holder.get("strict") is True:
        check_strict_schema(schema, subject, param, _schema_code(call))


def _schema_holder(
    call: OpenAICall, wanted: dict[str, Any]
) -> tuple[dict[str, Any], str]:
    """Return the object that names the schema, and its path."""
    holder, path = wanted, call.format_path
    if call.on_chat:
        holder = require(wanted, "json_schema", path)
        path = f"{path}.json_schema"
        require_type(holder, "object", path)
    require_function_name(require(holder, "name", path), f"{path}.name")
    if not call.on_chat:
        require(holder, "schema", path)
    return holder, path


def _schema_code(call: OpenAICall) -> str | None:
    return None if call.on_chat else "invalid_json_schema"


def _check_json_object(call: OpenAICall) -> None:
    if not call.rules.json_mode:
        _not_supported(call, "json_object")
    conversation = call.body.get(call.input_path)
    spoken = json.dumps([conversation, call.body.get("instructions")]).lower()
    if "json" not in spoken:
        refuse(_NO_JSON[call.input_path], param=call.input_path)


def _not_supported(call: OpenAICall, kind: str) -> NoReturn:
    refuse(
        f"Invalid parameter: '{call.format_path}' of type '{kind}' is not supported "
        f"with this model. Learn more about supported models at the Structured Outputs "
        f"guide: {_GUIDE}",
        param=call.format_path,
    )
