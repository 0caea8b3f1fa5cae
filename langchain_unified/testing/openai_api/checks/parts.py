"""Content parts: their types, their keys and the media in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_unified.testing.errors import refuse
from langchain_unified.testing.openai_api.checks.media import (
    check_file_data,
    check_file_url,
    check_image,
)
from langchain_unified.testing.openai_api.checks.names import (
    require,
    require_keys,
    require_one_of,
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
    require_one_of(kind, allowed, f"{path}.type")
    table = "chat_parts" if call.on_chat else "response_parts"
    require_keys(part, load_fields("openai")[table][kind], path)
    modality = _MODALITY.get(kind)
    if modality == "audio" and call.on_chat and modality not in call.rules.inputs:
        where = path.partition(".")[0]
        refuse(
            f"Invalid '{where}'. Content blocks are expected to be either text or "
            "image_url type.",
            param=where,
            code="invalid_value",
        )
    if modality and modality not in call.rules.inputs:
        refuse(
            f"Invalid content type. {kind} is only supported by certain models.",
            param=f"{dotted}.type",
        )
    _CHECKS[kind](call, part, path)


def _check_text(_: OpenAICall, part: dict[str, Any], path: str) -> None:
    require_type(part.get("text"), "string", f"{path}.text")


def _check_refusal(_: OpenAICall, part: dict[str, Any], path: str) -> None:
    require_type(part.get("refusal"), "string", f"{path}.refusal")


def _check_image_url(call: OpenAICall, part: dict[str, Any], path: str) -> None:
    holder = require(part, "image_url", path)
    require_type(holder, "object", f"{path}.image_url")
    require_keys(holder, ("url", "detail"), f"{path}.image_url")
    url = require(holder, "url", f"{path}.image_url")
    require_type(url, "string", f"{path}.image_url.url")
    check_image(call, url, f"{path}.image_url.url")


def _check_input_image(call: OpenAICall, part: dict[str, Any], path: str) -> None:
    if part.get("file_id") is None:
        url = require(part, "image_url", path)
        require_type(url, "string", f"{path}.image_url")
        check_image(call, url, f"{path}.image_url")


def _check_input_audio(_: OpenAICall, part: dict[str, Any], path: str) -> None:
    holder = require(part, "input_audio", path)
    require_type(holder, "object", f"{path}.input_audio")
    require(holder, "data", f"{path}.input_audio")
    kind = require(holder, "format", f"{path}.input_audio")
    require_one_of(kind, ("wav", "mp3"), f"{path}.input_audio.format")


def _check_file(call: OpenAICall, part: dict[str, Any], path: str) -> None:
    holder = require(part, "file", path)
    require_type(holder, "object", f"{path}.file")
    require_keys(holder, ("file_data", "file_id", "filename"), f"{path}.file")
    _check_file_source(call, holder, f"{path}.file", ("file_data", "file_id"))


def _check_input_file(call: OpenAICall, part: dict[str, Any], path: str) -> None:
    _check_file_source(call, part, path, ("file_data", "file_id", "file_url"))


def _check_file_source(
    call: OpenAICall, holder: dict[str, Any], path: str, sources: Sequence[str]
) -> None:
    if not any(holder.get(name) for name in sources):
        require(holder, sources[1], path)
    for name in sources:
        if holder.get(name) is not None:
            require_type(holder[name], "string", f"{path}.{name}")
    if holder.get("file_data") is not None:
        require(holder, "filename", path)
        check_file_data(call, holder["file_data"], f"{path}.file_data")
    elif holder.get("file_url") is not None:
        check_file_url(call, holder["file_url"])


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
