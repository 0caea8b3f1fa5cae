"""What is special about Acme's requests; sees no key and no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_unified.providers import (
    Choice,
    Draft,
    Media,
    MediaForms,
    ProviderWire,
    among,
)


def decide_heat(draft: Draft) -> None:
    """Leave out a temperature that Acme refuses beside its careful mode."""
    if draft.wanted.get("acme_mode") == "careful" and "temperature" in draft.wanted:
        heat = draft.wanted.pop("temperature")
        draft.drop("temperature", heat, "Acme takes none in its careful mode.")


def render_tools(
    draft: Draft, tools: Sequence[Mapping[str, Any]], choice: Choice | None
) -> dict[str, Any]:
    """Return tools as Acme's abilities."""
    if choice is not None and choice.only:
        tools = among(draft, tools, choice)
    body: dict[str, Any] = {"abilities": [_ability(draft, tool) for tool in tools]}
    if choice is not None and choice.mode == "any":
        body["must_call"] = choice.names[0] if len(choice.names) == 1 else True
    elif choice is not None and choice.mode == "none":
        body["must_call"] = False
    return body


def _ability(draft: Draft, tool: Mapping[str, Any]) -> dict[str, Any]:
    function = tool.get("function")
    if function is None:
        raise draft.refusal("tools", dict(tool), "Acme has no built-in tools.")
    about = function.get("description", "")
    takes = function.get("parameters", {"type": "object", "properties": {}})
    return {"call": function["name"], "about": about, "takes": takes}


def render_media(media: Media, place: str) -> dict[str, Any]:
    """Return an image as Acme writes it."""
    del place
    return {"type": "picture", "kind": media.mime, "data": media.value}


WIRE = ProviderWire(
    rules=(decide_heat,),
    render_tools=render_tools,
    media=MediaForms(
        takes=frozenset({("image", "base64")}),
        mimes={"image": frozenset({"image/png", "image/jpeg"})},
    ),
    render_media=render_media,
)
