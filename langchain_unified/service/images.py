"""Images in any form a caller has them, as LangChain's standard content blocks."""

from __future__ import annotations

import base64
import mimetypes
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from langchain_unified.errors import InvalidParameterError

Image = str | bytes | Path
"""A URL, a data URL, the bytes of a file, or the path of one."""

_DATA_URL = re.compile(
    r"data:(?P<mime>[\w.+-]+/[\w.+-]+)(?:;[^,]*)?;base64,(?P<data>.+)"
)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
)
_ACCEPTED = (
    "give a URL or data URL as text, the bytes of the image, or a pathlib.Path. Text "
    "is never read as a path, so that a request from outside cannot name a local file."
)


def image_blocks(images: Image | Iterable[Image]) -> list[dict[str, Any]]:
    """Return one content block for each image.

    Args:
        images: One image or several.

    Raises:
        InvalidParameterError: If one is no image, or in no form known.
        OSError: If a file cannot be read.
    """
    if isinstance(images, (str, bytes, Path)):
        images = [images]
    return [_block(image) for image in images]


def _block(image: object) -> dict[str, Any]:
    if isinstance(image, Path):
        return _inline(image.read_bytes(), mimetypes.guess_type(image.name)[0])
    if isinstance(image, bytes):
        return _inline(image, None)
    if not isinstance(image, str):
        raise InvalidParameterError("images", type(image).__name__, _ACCEPTED)
    if found := _DATA_URL.fullmatch(image.replace("\n", "")):
        return {
            "type": "image",
            "base64": found["data"],
            "mime_type": found["mime"],
        }
    if _URL.match(image):
        return {"type": "image", "url": image}
    raise InvalidParameterError("images", image[:60], _ACCEPTED)


def _inline(data: bytes, guessed: str | None) -> dict[str, Any]:
    mime_type = _sniffed(data) or guessed
    if mime_type is None or not mime_type.startswith("image/"):
        start = data[:12]
        raise InvalidParameterError("images", start, "these bytes are no known image.")
    encoded = base64.b64encode(data).decode("ascii")
    return {"type": "image", "base64": encoded, "mime_type": mime_type}


def _sniffed(data: bytes) -> str | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:12] in {b"ftypheic", b"ftypheix", b"ftypmif1"}:
        return "image/heic"
    return next((mime for start, mime in _SIGNATURES if data.startswith(start)), None)
