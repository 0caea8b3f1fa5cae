"""Images and documents as blocks of Anthropic's Messages API.

Read on 2026-11-27 in anthropic 2.14.0 (`DocumentBlockParam`, `ImageBlockParam`): a
document is base64, text, a URL, a file or content blocks, and has a title, a context,
citations and a cache mark beside its source.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_unified.history.media.reading import MARKS, SOURCE, Media
from langchain_unified.history.media.rendering import bytes_of, decoded_text

Block = dict[str, Any]


def render_document(media: Media, place: str) -> Block:
    """Return the block of an image or a document."""
    del place
    marks = {key: media.options[key] for key in MARKS if key in media.options}
    if media.kind == "image":
        kept = {key: v for key, v in marks.items() if key == "cache_control"}
        return {"type": "image", "source": _source(media), **kept}
    if media.name and "title" not in marks:
        marks["title"] = media.name
    source = media.options.get(SOURCE)
    if not isinstance(source, Mapping):
        source = _text(media) if media.kind == "text" else _source(media)
    return {"type": "document", "source": dict(source), **marks}


def _source(media: Media) -> Block:
    if media.source == "base64":
        return {"type": "base64", "media_type": media.mime, "data": media.value}
    if media.source == "url":
        return {"type": "url", "url": media.value}
    return {"type": "file", "file_id": media.value}


def _text(media: Media) -> Block:
    data = media.value
    if media.source == "base64":
        data = decoded_text(bytes_of(media))
    return {"type": "text", "media_type": "text/plain", "data": data}
