"""Response schemas of the Messages API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_unified.planner.draft import Draft, put_path


def render_format(draft: Draft, asked: Mapping[str, Any]) -> None:
    """Send a response schema, adapted to the API, as `output_config.format`."""
    schema = (asked.get("json_schema") or {}).get("schema") or {}
    draft.note(
        "response_format",
        "translated",
        requested=asked.get("type"),
        sent=put_schema(draft, schema),
        reason="Anthropic accepts a JSON schema as its output format.",
    )


def put_schema(draft: Draft, schema: Mapping[str, Any]) -> str:
    """Put a response schema into the body; return the name of the field."""
    name = draft.mapping.rules["response_format"].name
    put_path(draft.body, name, {"type": "json_schema", "schema": dict(schema)})
    return name
