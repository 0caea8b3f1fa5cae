"""The bytes and addresses of images and files."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from langchain_unified.testing.errors import refuse
from langchain_unified.testing.rules import load_fields

if TYPE_CHECKING:
    from langchain_unified.testing.openai_api.call import OpenAICall

_WEB = ("https://", "http://")
_FIRST_CHARACTERS = 64
_SHOWN_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")
_SEE_FILES = (
    " Please see "
    "https://platform.openai.com/docs/assistants/tools/file-search#supported-files for "
    "supported file types."
)


def check_image(call: OpenAICall, url: str, path: str) -> None:
    """Refuse an address that cannot be downloaded, and data that is no image.

    Args:
        call: The request.
        url: A web address or a data URL.
        path: Place of the address, such as `input[0].content[1].image_url`.
    """
    if url.startswith(_WEB):
        _check_download(call, url)
        return
    mime, data = _data_url(url)
    if mime is None:
        refuse(
            f"Invalid '{path}'. Expected a valid URL, but got a value with an invalid "
            f"format.",
            param=path,
            code="invalid_value",
        )
    facts = load_fields("openai")["images"]
    if mime not in facts["types"] or not _starts_with_any(data, facts["beginnings"]):
        _no_image(call)


def check_file_data(call: OpenAICall, url: str, path: str) -> None:
    """Refuse a file of a type the endpoint does not read."""
    mime, _ = _data_url(url)
    facts = load_fields("openai")["files"][call.endpoint]
    if mime is None or _is_one_of(mime, facts["types"]):
        return
    kind, example, more = "a valid file", "text/plain", _SEE_FILES
    if call.on_chat:
        kind, example, more = "an application/pdf", "application/pdf", ""
    text = (
        f"Invalid file data: '{path}'. Expected a base64-encoded data URL with {kind} "
        f"MIME type (e.g. 'data:{example};base64,SGVsbG8sIFdvcmxkIQ=='), but got "
        f"unsupported MIME type '{mime}'.{more}"
    )
    refuse(text, param=path, code="invalid_value")


def check_file_url(call: OpenAICall, url: str) -> None:
    """Refuse the address of a file that the endpoint does not read."""
    _check_download(call, url)
    ending = urlsplit(url).path.rpartition(".")[2].lower()
    if ending in load_fields("openai")["files"]["refused_endings"]:
        refuse(
            "The file type you uploaded is not supported. Please try again with a pdf",
            param="input",
            code="unsupported_file",
        )


def _check_download(call: OpenAICall, url: str) -> None:
    if url.startswith(call.settings.unreachable_urls or ("\0",)):
        param = None if call.on_chat else "url"
        refuse(f"Error while downloading {url}.", param=param, code="invalid_image_url")


def _no_image(call: OpenAICall) -> NoReturn:
    if call.on_chat:
        refuse(
            "You uploaded an unsupported image. Please make sure your image has of one "
            "the following formats: ['png', 'jpeg', 'gif', 'webp'].",
            code="invalid_image_format",
        )
    refuse(
        "The image data you provided does not represent a valid image. Please check "
        "your input and try again with one of the supported image formats: "
        f"{list(_SHOWN_TYPES)}.",
        param="input",
        code="invalid_value",
    )


def _data_url(url: str) -> tuple[str | None, str]:
    if not url.startswith("data:"):
        return None, ""
    head, _, data = url[5:].partition(",")
    return head.partition(";")[0], data


def _starts_with_any(data: str, beginnings: list[Any]) -> bool:
    """Tell whether base64 data begins as one of some formats, given in hexadecimal."""
    try:
        raw = base64.b64decode(data[:_FIRST_CHARACTERS])
    except (binascii.Error, ValueError):
        return False
    return any(raw.startswith(bytes.fromhex(start)) for start in beginnings)


def _is_one_of(mime: str, types: list[str]) -> bool:
    """Tell whether a MIME type is on a list, in which `!audio/*` bars a family."""
    family = mime.partition("/")[0]
    if f"!{family}/*" in types or f"!{mime}" in types:
        return False
    return mime in types or "*" in types
