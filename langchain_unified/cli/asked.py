"""The settings of a call as command-line options."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from langchain_unified.errors import InvalidParameterError

Temperature = Annotated[float | None, typer.Option(help="Sampling temperature.")]
MaxTokens = Annotated[
    int | None, typer.Option(help="Maximum number of tokens in the response.")
]
Stop = Annotated[list[str] | None, typer.Option(help="Stop string; can be repeated.")]
Effort = Annotated[str | None, typer.Option(help="Reasoning effort, from none to max.")]
Tools = Annotated[
    bool, typer.Option("--tools", help="Plan a call with a function tool.")
]
Schema = Annotated[
    bool, typer.Option("--schema", help="Plan a call with a response schema.")
]
Stream = Annotated[bool, typer.Option("--stream", help="Plan a streamed call.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="Any other setting, as NAME=JSON; can be repeated."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_TOOL = {
    "type": "function",
    "function": {"name": "example", "parameters": {"type": "object", "properties": {}}},
}
_FORMAT = {
    "type": "json_schema",
    "json_schema": {
        "name": "example",
        "schema": {"type": "object", "properties": {"text": {"type": "string"}}},
    },
}


def call_settings(
    *,
    temperature: float | None,
    max_tokens: int | None,
    stop: list[str] | None,
    reasoning_effort: str | None,
    tools: bool,
    schema: bool,
    others: list[str] | None,
) -> dict[str, Any]:
    """Return the settings that were given as options.

    Raises:
        InvalidParameterError: If a `--set` is not of the form `NAME=JSON`.
    """
    given: dict[str, Any] = {
        "temperature": temperature,
        "max_tokens": max_tokens,
        "stop": list(stop) if stop else None,
        "reasoning_effort": reasoning_effort,
        "tools": [_TOOL] if tools else None,
        "response_format": _FORMAT if schema else None,
    }
    for pair in others or []:
        name, value = _pair(pair)
        given[name] = value
    return {name: value for name, value in given.items() if value is not None}


def _pair(text: str) -> tuple[str, Any]:
    name, found, value = text.partition("=")
    if not found or not name:
        raise InvalidParameterError(
            "--set", text, "give NAME=JSON, for example seed=3."
        )
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value
