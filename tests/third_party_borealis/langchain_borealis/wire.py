"""What is special about Borealis's requests; sees no key and no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_unified.providers import (
    Choice,
    Draft,
    Media,
    MediaForm,
    MediaForms,
    ProviderWire,
    Verdict,
    among,
)

NO_ARGUMENTS = {"type": "object", "properties": {}}


def decide_warmth(draft: Draft) -> None:
    """Leave out a temperature that Borealis refuses beside instruments."""
    if "instruments" in draft.body and "temperature" in draft.wanted:
        warmth = draft.wanted.pop("temperature")
        draft.drop("temperature", warmth, "Borealis takes none beside instruments.")


def render_tools(
    draft: Draft, tools: Sequence[Mapping[str, Any]], choice: Choice | None
) -> dict[str, Any]:
    """Return tools as Borealis's instruments, named by their keys."""
    if choice is not None and choice.only:
        tools = among(draft, tools, choice)
    body: dict[str, Any] = {"instruments": dict(_instrument(draft, t) for t in tools)}
    if choice is not None and choice.mode == "any":
        body["play"] = {"must": list(choice.names) or sorted(body["instruments"])}
    elif choice is not None and choice.mode == "none":
        body["play"] = {"must_not": True}
    return body


def _instrument(draft: Draft, tool: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    function = tool.get("function")
    if function is None:
        raise draft.refusal("tools", dict(tool), "Borealis has no built-in tools.")
    purpose = function.get("description", "")
    return function["name"], {
        "purpose": purpose,
        "strings": function.get("parameters", NO_ARGUMENTS),
    }


def judge_media(form: MediaForm, platform: str) -> tuple[Verdict, str] | None:
    """Refuse an image of an address whose type nobody knows."""
    del platform
    if form.source == "url" and not form.mime:
        return "refuse", "Borealis looks at no address without the type of its image."
    return None


def render_media(media: Media, place: str) -> dict[str, Any]:
    """Return an image as Borealis's glimpse."""
    del place
    if media.source == "url":
        return {"glimpse": {"at": media.value}}
    return {"glimpse": {"of": media.mime, "base64": media.value}}


WIRE = ProviderWire(
    rules=(decide_warmth,),
    render_tools=render_tools,
    media=MediaForms(
        takes=frozenset({("image", "base64"), ("image", "url")}),
        mimes={"image": frozenset({"image/png", "image/webp"})},
        judge=judge_media,
    ),
    render_media=render_media,
)
