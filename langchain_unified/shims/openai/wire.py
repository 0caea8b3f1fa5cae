"""What OpenAI's endpoints take of content, and how they write it.

Read on 2026-11-23 in langchain-openai 1.7.3 (`_format_message_content`,
`_construct_responses_api_input`) and platform.openai.com's pages on images, audio and
PDF files.
"""

from __future__ import annotations

from typing import Any

from langchain_unified.history.media.reading import Media
from langchain_unified.history.media.rendering import data_url
from langchain_unified.history.media.wires import IMAGES, PDF
from langchain_unified.types import BREAKPOINT
from langchain_unified.wires import MediaForms, ProviderWire

Block = dict[str, Any]


def _detail(media: Media) -> Block:
    detail = media.options.get("detail")
    return {"detail": detail} if detail else {}


def render_chat(media: Media, place: str) -> Block:
    """Return the part of a message of chat completions."""
    del place
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


def render_responses(media: Media, place: str) -> Block:
    """Return the part of an input item of Responses."""
    del place
    block: Block = {"type": "input_image" if media.kind == "image" else "input_file"}
    if media.source == "file_id":
        return {**block, "file_id": media.value, **_detail(media)}
    if media.kind == "image":
        return {**block, "image_url": data_url(media), **_detail(media)}
    if media.source == "url":
        return {**block, "file_url": media.value}
    name = media.name or "document.pdf"
    return {**block, "file_data": data_url(media), "filename": name}


CHAT = ProviderWire(
    media=MediaForms(
        takes=frozenset(
            {
                ("image", "base64"),
                ("image", "url"),
                ("audio", "base64"),
                ("file", "base64"),
                ("file", "file_id"),
            }
        ),
        mimes={
            "image": IMAGES,
            "audio": frozenset({"audio/wav", "audio/mpeg"}),
            "file": PDF,
        },
        unknown=True,
        looks_at=frozenset({"image"}),
    ),
    render_media=render_chat,
    cache_mark=BREAKPOINT,
)
RESPONSES = ProviderWire(
    media=MediaForms(
        takes=frozenset(
            {
                *((kind, "base64") for kind in ("image", "file")),
                *((kind, "url") for kind in ("image", "file", "text")),
                *((kind, "file_id") for kind in ("image", "file")),
            }
        ),
        mimes={"image": IMAGES},  # Office files are read (recorded 2026-08)
        in_tools=frozenset({"image", "file"}),
        items=True,
        unknown=True,
        looks_at=frozenset({"image"}),
    ),
    render_media=render_responses,
    cache_mark=BREAKPOINT,
)
