"""Gemini's built-in tools beside function tools, and what no tool choice can force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_unified.planner.choices import Choice
from langchain_unified.planner.declaring import among, is_function_tool
from langchain_unified.planner.draft import Draft, put_path
from langchain_unified.planner.merging import in_camel_case
from langchain_unified.shims.google_genai.address import VERTEX
from langchain_unified.shims.google_genai.media import (
    FORMS,
    render_media,
    render_reply,
)
from langchain_unified.wires import ProviderWire

_FLAG = "includeServerSideToolInvocations"
_FEATURE = "builtin_with_functions"
_SEARCH_FEATURE = "search_without_functions"
_SEARCHES = frozenset({"google_search", "googleSearch"})
_FORCED = ("any", "required")


def settle_builtin_tools(
    draft: Draft, builtin: list[dict[str, Any]], functions: Sequence[Any], choice: Any
) -> list[dict[str, Any]]:
    """Return the built-in tools to send; ask for what they need beside functions.

    Args:
        draft: The plan being made.
        builtin: Tools like `{"google_search": {}}`.
        functions: Function tools, in OpenAI's form.
        choice: The tool choice in any spelling.

    Raises:
        UnsupportedError: If the model takes no built-in tools beside function tools,
            or if a choice forces a call of a built-in tool.
    """
    if not builtin:
        return []
    if choice == "none":
        reason = (
            "Gemini's tool config applies to function tools only; they are left out."
        )
        draft.note("tool_choice", "translated", requested=choice, reason=reason)
        return []
    if not functions or choice == "builtin":
        _refuse_forced(draft, builtin, choice)
    else:
        _ask_for_invocations(draft, builtin)
    return builtin


def searches_only(draft: Draft, tools: Sequence[Any], choice: Choice | None) -> bool:
    """Tell whether a model that takes no functions is offered a search alone.

    Image models are so (recorded on AI Studio).
    """
    del choice
    takes = bool(draft.config.features.get(_SEARCH_FEATURE))
    return takes and all(set(tool) <= _SEARCHES for tool in tools)


def _refuse_forced(draft: Draft, builtin: Sequence[Any], choice: Any) -> None:
    """Refuse a choice that no built-in tool can be held to."""
    if choice in {None, "auto"} if isinstance(choice, (str, type(None))) else False:
        return
    listed = ", ".join(map(repr, names_of(builtin)))
    reason = (
        f"Gemini decides itself when to call its built-in tools ({listed}), and only a "
        "function tool can be forced; give tool_choice='auto' or remove it."
    )
    raise draft.refusal("tool_choice", choice, reason)


def _ask_for_invocations(draft: Draft, builtin: Sequence[Any]) -> None:
    """Set the flag without which built-in and function tools are refused together.

    google-genai 3.6.1 raises ValueError for the flag on Vertex AI (read 2026-11-27), so
    there it is left to the server whether it takes both.
    """
    names = names_of(builtin)
    if not draft.config.supports(_FEATURE):
        reason = (
            f"it accepts function tools or built-in tools ({', '.join(names)}), not "
        )
        reason += "both; remove one kind."
        raise draft.refusal("tools", names, reason, feature=_FEATURE)
    given = draft.wanted.get("tool_config")
    said = in_camel_case(given) if isinstance(given, Mapping) else {}
    if draft.platform == VERTEX or _FLAG in said:
        return
    draft.body["toolConfig"] = {_FLAG: True}
    reason = "it is required for built-in tools together with function tools."
    source = draft.source(_FEATURE)
    draft.note(
        "tool_config", "defaulted", sent={_FLAG: True}, reason=reason, source=source
    )


def names_of(builtin: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of built-in tools, which are their keys."""
    return [str(name) for tool in builtin for name in tool]


def render_tools(
    draft: Draft, tools: Sequence[Any], choice: Choice | None
) -> dict[str, Any]:
    """Return tools and tool choice as Gemini writes them."""
    if choice is not None and choice.names and choice.mode == "auto":
        tools = among(draft, tools, choice)
    functions = [tool["function"] for tool in tools if is_function_tool(tool)]
    builtin = [_builtin(draft, t) for t in tools if not is_function_tool(t)]
    mode = None if choice is None else choice.mode
    builtin = settle_builtin_tools(draft, builtin, functions, mode)
    declarations = [{"functionDeclarations": [_declaration(f) for f in functions]}]
    body: dict[str, Any] = {"tools": (declarations if functions else []) + builtin}
    config = _choice(choice) if functions else None
    if config is not None:
        asked = draft.body.get("toolConfig", {})
        body["toolConfig"] = {**asked, "functionCallingConfig": config}
    return body if body["tools"] else {}


def _builtin(draft: Draft, tool: Mapping[str, Any]) -> dict[str, Any]:
    """Built-in tools are objects with one key, for example `{"google_search": {}}`."""
    if "type" in tool:
        reason = f"Gemini does not have a built-in tool of type {tool['type']!r}."
        raise draft.refusal("tools", [str(tool["type"])], reason)
    return dict(tool)


def _declaration(function: Mapping[str, Any]) -> dict[str, Any]:
    declaration: dict[str, Any] = {"name": function["name"]}
    if function.get("description"):
        declaration["description"] = function["description"]
    parameters = function.get("parameters") or {}
    if any(parameters.get(word) for word in _SAYS_ARGUMENTS):
        declaration["parametersJsonSchema"] = parameters
    return declaration


_SAYS_ARGUMENTS = ("properties", "additionalProperties", "patternProperties", "$ref")
"""Words one of which parameters have; Gemini takes a function without any as well."""


def _choice(choice: Choice | None) -> dict[str, Any] | None:
    if choice is None:
        return None
    config: dict[str, Any] = {"mode": choice.mode.upper()}
    if choice.mode == "any" and choice.names:
        config["allowedFunctionNames"] = list(choice.names)
    return config


def render_format(draft: Draft, asked: Mapping[str, Any]) -> None:
    """Ask for JSON by a MIME type and a schema."""
    mime = draft.mapping.rules["response_mime_type"].name
    put_path(draft.body, mime, "application/json")
    schema = (asked.get("json_schema") or {}).get("schema")
    if schema is not None:
        put_path(draft.body, draft.mapping.rules["response_format"].name, schema)
    draft.note(
        "response_format",
        "translated",
        requested=asked.get("type"),
        sent=mime,
        reason="Gemini accepts a MIME type and a JSON schema.",
    )


WIRE = ProviderWire(
    takes_tools=searches_only,
    render_tools=render_tools,
    render_format=render_format,
    media=FORMS,
    render_media=render_media,
    render_reply=render_reply,
    says_end=True,
)
"""What Gemini's endpoint has that others have not."""
