"""From one `Media` to the content block of the wire of the call."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from langchain_unified.errors import UnsupportedError
from langchain_unified.history.media.documents import render_document
from langchain_unified.history.media.reading import MARK, Media
from langchain_unified.history.media.wires import Verdict, verdict_at
from langchain_unified.reliability.exchange import current
from langchain_unified.types import CACHE_CONTROL, CallPlan
from langchain_unified.wires import load_wire

Block = dict[str, Any]


def render_media(plan: CallPlan, media: Media, place: str = "user") -> Block:
    """Return the content block that stands for media on the wire of the plan.

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
    mapping = plan.config.mappings.get(plan.endpoint)
    own = load_wire(mapping.wire).render_media if mapping is not None else None
    if own is not None and media.kind != "block":
        return own(media, place)
    render = _RENDERERS.get(plan.endpoint, _render_standard)
    if place == "tool" and plan.endpoint == "generate_content":
        render = _render_standard
    if media.kind == "block":
        return dict(media.value)
    return {**render(media), **rendered_mark(plan, media.options)}


def rendered_mark(plan: CallPlan, options: Mapping[str, Any]) -> Block:
    """Return a cache breakpoint in the form of the wire; nothing where it has none."""
    key = mark_on_wire(plan.provider, plan.endpoint) if MARK in options else None
    if key is None:
        return {}
    if key == MARK:
        return {MARK: options[MARK]}
    ttl = {"ttl": plan.cache_ttl} if plan.cache_ttl else {}
    return {key: {"type": "ephemeral", **ttl}}


def mark_on_wire(provider: str, endpoint: str) -> str | None:
    """Return what a wire calls a cache breakpoint on content; `None` for no such."""
    if provider in _WITH_BREAKPOINTS:
        return MARK
    return CACHE_CONTROL if endpoint == "messages" else None


_WITH_BREAKPOINTS = frozenset({"openai", "azure_openai"})


def _verdict(plan: CallPlan, media: Media, place: str) -> tuple[Verdict, str]:
    return verdict_at(plan.config, plan.endpoint, media.form(place), plan.platform)


def _fetched(media: Media, plan: CallPlan) -> Media:
    """Download media; the HTTP client is imported when it is first needed."""
    from langchain_unified.history.media.fetching import fetched  # noqa: PLC0415

    limits = (plan.timeout, current().remaining())
    seconds = [one for one in limits if isinstance(one, (int, float))]
    return fetched(media, min(seconds, default=None))


def inline_text(media: Media) -> str:
    """Return a text file as text, headed by its name if it has one."""
    text = media.value
    if media.kind == "block":
        told = text.get("output") or ""
        return told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)
    if media.source == "base64":
        text = _decoded(base64.b64decode(media.value))
    return f"{media.name}:\n\n{text}" if media.name else text


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _render_messages(media: Media) -> Block:
    return render_document(media, _decoded)


def data_url(media: Media) -> str:
    """Return the URL of media: its own, or its data as a `data:` URL."""
    if media.source == "base64":
        return f"data:{media.mime};base64,{media.value}"
    return str(media.value)


def _detail(media: Media) -> Block:
    detail = media.options.get("detail")
    return {"detail": detail} if detail else {}


def _render_chat(media: Media) -> Block:
    if media.kind == "image":
        image = {"url": data_url(media), **_detail(media)}
        return {"type": "image_url", "image_url": image}
    if media.kind == "video" or (media.kind == "audio" and media.source != "base64"):
        # vLLM's forms (docs.vllm.ai, multimodal inputs, read 2026-11-27).
        kind = f"{media.kind}_url"
        return {"type": kind, kind: {"url": data_url(media)}}
    if media.kind == "audio":
        heard = {"data": media.value, "format": _audio_format(media.mime)}
        return {"type": "input_audio", "input_audio": heard}
    if media.source == "file_id":
        return {"type": "file", "file": {"file_id": media.value}}
    held = {"file_data": data_url(media), "filename": media.name or "document.pdf"}
    return {"type": "file", "file": held}


def _audio_format(mime: str) -> str:
    subtype = mime.partition("/")[2]
    return {"mpeg": "mp3", "x-wav": "wav"}.get(subtype, subtype or "wav")


def _render_responses(media: Media) -> Block:
    block: Block = {"type": "input_image" if media.kind == "image" else "input_file"}
    if media.source == "file_id":
        return {**block, "file_id": media.value, **_detail(media)}
    if media.kind == "image":
        return {**block, "image_url": data_url(media), **_detail(media)}
    if media.source == "url":
        return {**block, "file_url": media.value}
    name = media.name or "document.pdf"
    return {**block, "file_data": data_url(media), "filename": name}


def render_gemini(media: Media) -> Block:
    """Return Gemini's `media` block, which its integration sends without a download."""
    names = ("video_metadata", "media_resolution", "media_processing")
    block: Block = {"type": "media"}
    if media.mime:
        block["mime_type"] = media.mime
    block |= {name: media.options[name] for name in names if name in media.options}
    if media.signature:
        block["extras"] = {"signature": media.signature}
    if media.source == "base64":
        return {**block, "data": base64.b64decode(media.value)}
    return {**block, "file_uri": media.value}


def _render_standard(media: Media) -> Block:
    block: Block = {"type": "file" if media.kind == "text" else media.kind}
    if media.mime:
        block["mime_type"] = media.mime
    if media.name:
        block["extras"] = {"filename": media.name}
    key = "file_id" if media.source in {"google", "cloud"} else media.source
    return {**block, key: media.value}


_RENDERERS: dict[str, Callable[[Media], Block]] = {
    "chat": _render_chat,
    "responses": _render_responses,
    "generate_content": render_gemini,
    "messages": _render_messages,
}
