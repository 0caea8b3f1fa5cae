"""Conversion of any form of content block to a `Media`.

Forms read: LangChain's standard blocks, those of LangChain v0 (`source_type`), chat
completions' `image_url`, `input_audio` and `file`, Responses' `input_image` and
`input_file`, Gemini's `media`, Anthropic's `image` and `document` with a `source`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes, urlparse

from langchain_unified.data.connections import file_hosts
from langchain_unified.history.media.sniffing import (
    canonical_mime,
    mime_of_base64,
    mime_of_name,
    plain_base64,
)
from langchain_unified.types import BREAKPOINT, EMPTY, MediaForm

Block = Mapping[str, Any]

TEXT = frozenset({"text", "input_text", "output_text"})
"""Block types that are plain text."""

_KINDS = {
    "image": "image",
    "audio": "audio",
    "video": "video",
    "file": "file",
    "document": "file",
    "text-plain": "text",
}
_TEXT_MIMES = frozenset(
    {
        "application/javascript",
        "application/json",
        "application/toml",
        "application/xml",
        "application/x-yaml",
        "application/yaml",
    }
)
MARKS = ("cache_control", "citations", "context", "title")
"""What a document of Anthropic's has beside its source."""

_SOURCES = frozenset({"base64", "file", "text", "url"})
SOURCE = "source"
"""Option that holds the source of a document as it was given."""

MARK = BREAKPOINT
"""Where OpenAI's prompt cache is to end; on a block or in its `extras`."""

_OTHER_WORDS = frozenset(
    {
        "image_generation_call",
        "input_file",
        "input_image",
        "input_text",
        "media",
        "non_standard",
        "output_text",
    }
)
"""Block types of Responses, Gemini and LangChain that chat completions has not."""

_OPTIONS = ("detail", "video_metadata", "media_resolution", "media_processing")


class Media(NamedTuple):
    """An image, audio, video or file in a message.

    Attributes:
        kind: As in `MediaForm`.
        source: As in `MediaForm`.
        value: Standard base64, the URL, the id, the text, or a block as it was given.
        mime: MIME type; empty if unknown.
        name: File name, if given.
        options: Further settings of the block, for example `detail`.
        signature: Gemini's signature of a picture it made itself.
    """

    kind: str
    source: str
    value: Any
    mime: str = ""
    name: str | None = None
    options: Mapping[str, Any] = EMPTY
    signature: str | None = None

    def form(self, place: str, producer: tuple[str, str] = ("", "")) -> MediaForm:
        """Return what the planner has to know about it."""
        has_bytes = (self.kind, self.source) == ("image", "base64")
        shown = mime_of_base64(self.value) if has_bytes else None
        return MediaForm(self.kind, self.source, self.mime, place, producer, shown)


def read_block(block: Block) -> Media | None:
    """Return the media of a content block, or `None` if it is plain text.

    Args:
        block: A content block in any of the known forms.
    """
    kind = block.get("type")
    if kind in TEXT or (kind is None and "text" in block):
        return None
    media = _READERS.get(str(kind), _read_other)(block)
    # Nothing can be said of a picture without data, address and id; who takes blocks
    # that it does not know gets it as it is.
    says_nothing = media.source == "file_id" and not media.value
    return _read_other(block) if says_nothing else media


def in_other_words(block: Block) -> bool:
    """Tell whether a block has LangChain's form or that of an API other than chat.

    Example:
        >>> in_other_words({"type": "video", "url": "https://a/b.mp4"})
        True
        >>> in_other_words({"type": "video", "video": ["https://a/1.jpg"]})
        False
    """
    kind = str(block.get("type"))
    if kind in _KINDS:
        has_source = isinstance(block.get("source"), Mapping)
        return has_source or not _is_named_by_kind(block)
    return kind in _OTHER_WORDS


def _read_standard(block: Block) -> Media:
    if isinstance(block.get("source"), Mapping):
        return _read_source(block)
    if "file" in block and isinstance(block["file"], Mapping):
        return _from_fields(block, block["file"], "file")
    if _is_named_by_kind(block):
        return _read_other(block)
    return _from_fields(block, block, _KINDS[block["type"]])


def _is_named_by_kind(block: Block) -> bool:
    """Tell whether a block has its content under its own type, as Qwen's have.

    `{"type": "video", "video": [...]}` (the pages of Qwen2.5-VL and Qwen2.5-Omni).
    """
    return block.get(str(block.get("type"))) is not None


def _read_image_url(block: Block) -> Media:
    held = block.get("image_url") or block.get("video_url") or block.get("audio_url")
    fields = held if isinstance(held, Mapping) else {"url": held}
    kind = block["type"].partition("_")[0]
    return _from_fields({**block, **fields}, fields, kind)


def _read_input(block: Block) -> Media:
    """Read Responses' `input_image` and `input_file`."""
    held = block.get("image_url")
    url = held.get("url") if isinstance(held, Mapping) else held
    fields = {**block, "url": url or block.get("file_url")}
    return _from_fields(block, fields, block["type"].partition("_")[2])


def _read_input_audio(block: Block) -> Media:
    held = block.get("input_audio") or {}
    mime = held.get("mime_type") or f"audio/{held.get('format') or ''}"
    return _from_fields(block, {**held, "mime_type": mime}, "audio")


def _read_media(block: Block) -> Media:
    kind = str(block.get("mime_type") or "").partition("/")[0]
    fields = {**block, "url": block.get("file_uri")}
    return _from_fields(block, fields, kind if kind in _KINDS else "file")


def _read_source(block: Block) -> Media:
    source = block["source"]
    if source.get("type") == "content":
        return _read_chunks(block, source)
    if source.get("type") == "text":
        data, options = source.get("data", ""), _options(block)
        return Media("text", "text", data, "text/plain", _name(block), options)
    fields = {**source, "mime_type": source.get("media_type")}
    media = _from_fields(block, fields, _KINDS[block["type"]])
    if source.get("type") in _SOURCES:
        return media
    return media._replace(options={**media.options, SOURCE: source})


def _read_chunks(block: Block, source: Block) -> Media:
    """Read a document whose source is content blocks, by which it is cited."""
    chunks = source.get("content") or ""
    texts = [{"type": "text", "text": chunks}] if isinstance(chunks, str) else chunks
    if any(chunk.get("type") not in TEXT for chunk in texts):
        return _read_other(block)
    text = "\n\n".join(str(chunk.get("text") or "") for chunk in texts)
    options = {**_options(block), SOURCE: source}
    return Media("text", "text", text, "text/plain", _name(block), options)


def _read_generated(block: Block) -> Media:
    """Read an image that Responses made."""
    if not block.get("result"):
        return _read_other(block)
    return _from_fields(block, {"base64": block["result"]}, "image")


def _read_other(block: Block) -> Media:
    value = block.get("value")
    if block.get("type") == "non_standard" and isinstance(value, Mapping):
        inner = read_block(value)
        return inner or Media("text", "text", str(value.get("text", "")))
    kind = block.get("type") or next(iter(block), None)
    return Media("block", str(kind), dict(block))


_READERS: dict[str, Callable[[Block], Media]] = {
    **dict.fromkeys(_KINDS, _read_standard),
    "image_url": _read_image_url,
    "video_url": _read_image_url,  # vLLM's, as the next
    "audio_url": _read_image_url,
    "input_image": _read_input,
    "input_file": _read_input,
    "input_audio": _read_input_audio,
    "media": _read_media,
    "image_generation_call": _read_generated,
}


def _from_fields(block: Block, fields: Block, kind: str) -> Media:
    """Return the media whose data, URL or id is in `fields`."""
    mime = canonical_mime(str(fields.get("mime_type") or block.get("mime_type") or ""))
    source, value, told = _source(fields)
    mime = mime or told
    extras = block.get("extras")
    signature = extras.get("signature") if isinstance(extras, Mapping) else None
    return Media(
        kind=kind_of(kind, source, mime),
        source=source,
        value=value,
        mime=mime,
        name=_name(block) or fields.get("filename"),
        options=_options(block),
        signature=signature,
    )


def _options(block: Block) -> dict[str, Any]:
    held = _places(block)
    found = {name: block[name] for name in _OPTIONS if block.get(name)}
    for name in MARKS:
        value = next((place[name] for place in held if place.get(name)), None)
        if value is not None:
            found[name] = value
    return {**found, **mark_of(block)}


def _places(block: Block) -> list[Block]:
    """Return where a block may keep what goes with its content.

    Blocks of LangChain v0 have `metadata`, which langchain-core puts among the `extras`
    (1.8.3, `_convert_legacy_v0_content_block_to_v1`, read 2026-11-27).
    """
    extras = block.get("extras")
    inner = extras.get("metadata") if isinstance(extras, Mapping) else None
    places = (block, extras, block.get("metadata"), inner)
    return [place for place in places if isinstance(place, Mapping)]


def mark_of(block: Block) -> dict[str, Any]:
    """Return the cache breakpoint of a block, by its name; null counts as one."""
    extras = block.get("extras")
    for place in (block, extras):
        if isinstance(place, Mapping) and MARK in place:
            return {MARK: place[MARK]}
    return {}


def _source(fields: Block) -> tuple[str, Any, str]:
    """Return the kind of source, its value, and the MIME type it shows."""
    data = next(filter(None, map(fields.get, ("base64", "data", "file_data"))), None)
    url = fields.get("url")
    if isinstance(data, bytes):
        data = base64.b64encode(data).decode()
    if isinstance(data, str) and not data.startswith("data:"):
        plain = plain_base64(data)
        return "base64", plain, mime_of_base64(plain)
    if isinstance(data or url, str) and str(data or url).startswith("data:"):
        return _from_data_url(str(data or url))
    if isinstance(url, str) and url:
        return _url_source(url), url, mime_of_name(url)
    if fields.get("text") is not None:
        return "text", str(fields["text"]), "text/plain"
    file_id = fields.get("file_id") or fields.get("id") or ""
    return _id_source(str(file_id)), str(file_id), ""


def _from_data_url(url: str) -> tuple[str, str, str]:
    head, _, data = url.removeprefix("data:").partition(",")
    if head.endswith(";base64"):
        plain = plain_base64(data)
    else:
        plain = base64.b64encode(unquote_to_bytes(data)).decode()
    return "base64", plain, canonical_mime(head) or mime_of_base64(plain)


def _url_source(url: str) -> str:
    if url.startswith("gs://"):
        return "cloud"
    host = urlparse(url).hostname or ""
    hosted = any(host == one or host.endswith(f".{one}") for one in file_hosts())
    return "hosted" if hosted else "url"


def _id_source(file_id: str) -> str:
    if file_id.startswith("files/"):
        return "hosted"
    source = _url_source(file_id)
    return source if source in {"hosted", "cloud"} else "file_id"


def kind_of(kind: str, source: str, mime: str) -> str:
    """Return the kind of a file, by its MIME type."""
    family = mime.partition("/")[0]
    if family == "text" or mime in _TEXT_MIMES or source == "text":
        return "text"
    return family if family in {"image", "audio", "video"} else kind


def _name(block: Block) -> str | None:
    for place in [*_places(block), block.get("file")]:
        if isinstance(place, Mapping):
            for key in ("filename", "name", "title"):
                if isinstance(place.get(key), str):
                    return str(place[key])
    return None
