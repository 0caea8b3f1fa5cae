"""Conversion of a `Media` to a content block of the call's API."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from langchain_unified.errors import InvalidParameterError, UnsupportedError
from langchain_unified.history.media.reading import MARK, Media
from langchain_unified.history.media.wires import verdict_at
from langchain_unified.reliability.exchange import current
from langchain_unified.types import CallPlan
from langchain_unified.wires import Verdict, wire_at

Block = dict[str, Any]


def render_media(plan: CallPlan, media: Media, place: str = "user") -> Block:
    """Return the content block of media in the plan's API.

    Args:
        plan: The plan of the call.
        media: The content.
        place: `user`, `system`, or `tool` for a tool result.

    Raises:
        UnsupportedError: If the wire cannot take it; the planner says so earlier
            unless the content had to be fetched first.
    """
    verdict, reason = _verdict(plan, media, place)
    if verdict == "fetch" and plan.fetches:
        media = _fetched(media, plan)
        verdict, reason = _verdict(plan, media, place)
    if verdict in {"refuse", "fetch"}:
        raise UnsupportedError(
            "messages", media.kind, model=plan.requested_model, reason=reason
        )
    if verdict == "text" or (place == "system" and media.kind == "text"):
        return {"type": "text", "text": inline_text(media)}
    if media.kind == "block":
        return dict(media.value)
    own = wire_at(plan.config, plan.endpoint).render_media
    block = standard_block(media) if own is None else own(media, place)
    return {**block, **rendered_mark(plan, media.options)}


def rendered_mark(plan: CallPlan, options: Mapping[str, Any]) -> Block:
    """Return a cache breakpoint in the API's form; nothing if it has none."""
    key = wire_at(plan.config, plan.endpoint).cache_mark if MARK in options else None
    if key is None:
        return {}
    if key == MARK:
        return {MARK: options[MARK]}
    ttl = {"ttl": plan.cache_ttl} if plan.cache_ttl else {}
    return {key: {"type": "ephemeral", **ttl}}


def _verdict(plan: CallPlan, media: Media, place: str) -> tuple[Verdict, str]:
    return verdict_at(plan.config, plan.endpoint, media.form(place), plan.platform)


def _fetched(media: Media, plan: CallPlan) -> Media:
    """Download media; the HTTP client is imported when it is first needed."""
    from langchain_unified.history.media.fetching import fetched  # noqa: PLC0415

    limits = (plan.timeout, current().remaining())
    seconds = [one for one in limits if isinstance(one, (int, float))]
    return fetched(media, min(seconds, default=None))


def inline_text(media: Media) -> str:
    """Return a text file as text, after its name if it has one."""
    text = media.value
    if media.kind == "block":
        told = text.get("output") or ""
        return told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)
    if media.source == "base64":
        text = decoded_text(bytes_of(media))
    return f"{media.name}:\n\n{text}" if media.name else text


def bytes_of(media: Media) -> bytes:
    """Return the bytes of media given as base64.

    Raises:
        InvalidParameterError: If it is no base64.
    """
    try:
        return base64.b64decode(media.value)
    except ValueError as error:
        accepted = f"the data of the {media.kind} is not base64: {error}."
        raise InvalidParameterError("messages", "...", accepted) from error


def decoded_text(data: bytes) -> str:
    """Return the bytes of a text file as text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def data_url(media: Media) -> str:
    """Return the URL of media: its own, or its data as a `data:` URL."""
    if media.source == "base64":
        return f"data:{media.mime};base64,{media.value}"
    return str(media.value)


def standard_block(media: Media) -> Block:
    """Return LangChain's own content block for media."""
    block: Block = {"type": "file" if media.kind == "text" else media.kind}
    if media.mime:
        block["mime_type"] = media.mime
    if media.name:
        block["extras"] = {"filename": media.name}
    key = "file_id" if media.source in {"hosted", "cloud"} else media.source
    return {**block, key: media.value}
