"""Content that is no plain text, as Gemini takes it.

Read on 2026-11-23 in gemini_parameters.md (d) and ai.google.dev's pages on image,
audio, video and document understanding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessage

from langchain_unified.content import without_native
from langchain_unified.history.media.reading import Media, read_block
from langchain_unified.history.media.rendering import bytes_of, standard_block
from langchain_unified.history.media.wires import PDF
from langchain_unified.shims.google_genai.address import VERTEX
from langchain_unified.types import MediaForm
from langchain_unified.wires import MediaForms, Verdict

_IMAGES = frozenset(
    {"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"}
)
_KINDS = ("image", "audio", "video", "file")
_CLOUD = (
    "the Gemini Developer API does not support gs:// addresses; call Vertex AI "
    "(vertexai=True), upload the file, or pass its bytes."
)


def judge_media(form: MediaForm, platform: str) -> tuple[Verdict, str] | None:
    """Tell what becomes of an address; only Vertex AI reads those of Google Cloud.

    It also fetches what stands at a public URL, told its type. Of the Gemini Developer
    API its documentation says so since 2026-01, while pydantic-ai and the AI SDK hold
    back (read 2026-11-27): there a URL is downloaded where that is allowed, which
    cannot be refused.
    """
    if form.source == "cloud" and platform != VERTEX:
        return "refuse", _CLOUD
    reads = platform == VERTEX and form.kind in _KINDS
    return ("send", "") if reads and form.source == "url" and form.mime else None


def render_media(media: Media, place: str) -> dict[str, Any]:
    """Return Gemini's `media` block; a tool's result has LangChain's own."""
    return standard_block(media) if place == "tool" else _media_block(media)


def _media_block(media: Media) -> dict[str, Any]:
    """Return the block that the integration sends without a download."""
    names = ("video_metadata", "media_resolution", "media_processing")
    block: dict[str, Any] = {"type": "media"}
    if media.mime:
        block["mime_type"] = media.mime
    block |= {name: media.options[name] for name in names if name in media.options}
    if media.signature:
        block["extras"] = {"signature": media.signature}
    if media.source == "base64":
        return {**block, "data": bytes_of(media)}
    return {**block, "file_uri": media.value}


def render_reply(message: AIMessage) -> AIMessage:
    """Put standard image blocks into the form that keeps their signature."""
    if message.response_metadata.get("output_version") == "v1":
        metadata = {**message.response_metadata}
        metadata.pop("output_version")
        message = message.model_copy(update={"response_metadata": metadata})
    content = [_reply_block(block) for block in message.content]
    message = without_native(message)
    extra = {k: v for k, v in message.additional_kwargs.items() if k != "audio"}
    return message.model_copy(update={"content": content, "additional_kwargs": extra})


def _reply_block(block: Any) -> Any:
    if not isinstance(block, Mapping):
        return block
    if block.get("type") in {"image", "image_url", "audio", "video"}:
        media = read_block(block)
        return block if media is None else _media_block(media)
    if block.get("type") == "server_tool_result":
        block = _with_named_outcome(block)
    return {key: value for key, value in block.items() if key != "annotations"}


def _with_named_outcome(block: Mapping[str, Any]) -> Mapping[str, Any]:
    """Name how code ended.

    langchain-google-genai writes a number into standard blocks that it does not read
    there (4.4.3, read 2026-11-28).
    """
    extras = block.get("extras") or {}
    named = _OUTCOMES.get(extras.get("outcome", -1))
    return {**block, "extras": {**extras, "outcome": named}} if named else block


_OUTCOMES = {0: "OUTCOME_UNSPECIFIED", 1: "OUTCOME_OK", 2: "OUTCOME_FAILED"}


FORMS = MediaForms(
    takes=frozenset(
        (kind, source) for kind in _KINDS for source in ("base64", "hosted", "cloud")
    ),
    mimes={"image": _IMAGES, "file": PDF},
    in_tools=frozenset(_KINDS),
    judge=judge_media,
)
