"""Images in any form a caller has them, as LangChain's standard content blocks."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from langchain_unified.errors import InvalidParameterError
from langchain_unified.history.media.sniffing import mime_of_bytes, mime_of_name

Image = str | bytes | Path
"""A URL, a data URL, the bytes of a file, or the path of one."""

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)(?:;[^,]*)?;base64,(.+)")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_ACCEPTED = (
    "give a URL or data URL as a string, the bytes of the image, or a pathlib.Path. A "
    "string is never read as a path, so that a request from outside cannot name a "
    "local file."
)


def image_blocks(images: Image | Iterable[Image]) -> list[dict[str, Any]]:
    """Return one content block for each image.

    Raises:
        InvalidParameterError: If one is no image, or in no form known.
        OSError: If a file cannot be read.
    """
    alone = isinstance(images, (str, bytes, Path))
    return [_block(image) for image in ([images] if alone else images)]  # type: ignore[union-attr]


def _block(image: object) -> dict[str, Any]:
    if isinstance(image, str):
        if found := _DATA_URL.fullmatch(image.replace("\n", "")):
            return {"type": "image", "base64": found[2], "mime_type": found[1]}
        if _URL.match(image):
            return {"type": "image", "url": image}
        raise InvalidParameterError("images", image[:60], _ACCEPTED)
    if not isinstance(image, (bytes, Path)):
        raise InvalidParameterError("images", type(image).__name__, _ACCEPTED)
    data = image if isinstance(image, bytes) else image.read_bytes()
    mime = mime_of_bytes(data) or ("" if data is image else mime_of_name(str(image)))
    if not mime.startswith("image/"):
        what = "the bytes are not an image of a known type."
        raise InvalidParameterError("images", data[:12], what)
    encoded = base64.b64encode(data).decode("ascii")
    return {"type": "image", "base64": encoded, "mime_type": mime}
