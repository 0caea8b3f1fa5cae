"""Content parts: their types, their keys and the media in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_unified.testing.errors import one_of, refuse
from langchain_unified.testing.openai_api.checks.names import (
    require,
    require_keys,
    require_type,
)
from langchain_unified.testing.rules import load_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_unified.testing.openai_api.call import OpenAICall

_MODALITY = {
    "image_url": "image",
    "input_image": "image",
    "input_audio": "audio",
    "file": "pdf",
    "input_file": "pdf",
}
_IMAGE_TYPES = ("image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp")


def check_part(
    call: OpenAICall, part: Any, allowed: Sequence[str], path: str, dotted: str
) -> None:
    """Refuse a content part of a wrong type, with wrong keys or unsupported media.

    Args:
        call: The request.
        part: The part.
        allowed: Types that may stand here.
        path: Place of the part, such as `messages[0].content[1]`.
        dotted: The same place in the dotted form of some errors.
    """
    require_type(part, "object", path)
    kind = require(part, "type", path)
    if kind not in allowed:
        refuse(
            f"Invalid value: '{kind}'. Supported values are: {one_of(allowed)}.",
            param=f"{path}.type",
            code="invalid_value",
        )
    table = "chat_parts" if call.on_chat else "response_parts"
    require_keys(part, load_fields("openai")[table][kind], path)
    modality = _MODALITY.get(kind)
    if modality and modality not in call.rules.inputs:
        refuse(
            f"Invalid content type. {kind} is only supported by certain models.",
            param=f"{dotted}.type",
        )
    _CHECKS.get(kind, _check_nothing)(part, path)


def _check_nothing(part: dict[str, Any], path: str) -> None:
    pass


def _check_text(part: dict[str, Any], path: str) -> None:
    require_type(part.get("text"), "string", f"{path}.text")


def _check_refusal(part: dict[str, Any], path: str) -> None:
    require_type(part.get("refusal"), "string", f"{path}.refusal")


def _check_image_url(part: dict[str, Any], path: str) -> None:
    holder = require(part, "image_url", path)
    require_type(holder, "object", f"{path}.image_url")
    require_keys(holder, ("url", "detail"), f"{path}.image_url")
    _check_image(require(holder, "url", f"{path}.image_url"), f"{path}.image_url.url")


def _check_input_image(part: dict[str, Any], path: str) -> None:
    if part.get("file_id") is None:
        url = require(part, "image_url", path)
        require_type(url, "string", f"{path}.image_url")
        _check_image(url, f"{path}.image_url")


def _check_image(url: str, path: str) -> None:
    if url.startswith(("https://", "http://")):
        return
    mime = url[5:].split(";", maxsplit=1)[0] if url.startswith("data:") else None
    if mime is None:
        refuse(
            f"Invalid '{path}'. Expected a valid URL, but got a value with an invalid "
            f"format.",
            param=path,
            code="invalid_value",
        )
    if mime not in _IMAGE_TYPES:
        refuse(
            "You uploaded an unsupported image. Please make sure your image has of one "
            "the following formats: ['png', 'jpeg', 'gif', 'webp'].",
            code="invalid_image_format",
        )


def _check_input_audio(part: dict[str, Any], path: str) -> None:
    holder = require(part, "input_audio", path)
    require(holder, "data", f"{path}.input_audio")
    kind = require(holder, "format", f"{path}.input_audio")
    if kind not in ("wav", "mp3"):
        refuse(
            f"Invalid value: '{kind}'. Supported values are: 'wav' and 'mp3'.",
            param=f"{path}.input_audio.format",
            code="invalid_value",
        )


def _check_file(part: dict[str, Any], path: str) -> None:
    holder = require(part, "file", path)
    require_type(holder, "object", f"{path}.file")
    require_keys(holder, ("file_data", "file_id", "filename"), f"{path}.file")
    _check_file_source(holder, f"{path}.file", ("file_data", "file_id"))


def _check_input_file(part: dict[str, Any], path: str) -> None:
    _check_file_source(part, path, ("file_data", "file_id", "file_url"))


def _check_file_source(
    holder: dict[str, Any], path: str, sources: Sequence[str]
) -> None:
    if not any(holder.get(name) for name in sources):
        require(holder, sources[1], path)
    data = holder.get("file_data")
    if data is None:
        return
    require(holder, "filename", path)
    if not data.startswith("data:application/pdf"):
        refuse(
            "The file type you uploaded is not supported. Please try again with a pdf",
            code="unsupported_file",
        )


_CHECKS = {
    "text": _check_text,
    "input_text": _check_text,
    "output_text": _check_text,
    "refusal": _check_refusal,
    "image_url": _check_image_url,
    "input_image": _check_input_image,
    "input_audio": _check_input_audio,
    "file": _check_file,
    "input_file": _check_input_file,
}
