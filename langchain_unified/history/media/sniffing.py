"""MIME types detected from the first bytes."""

from __future__ import annotations

import base64
import binascii
import mimetypes

_URL_SAFE = str.maketrans("-_", "+/")
_HEAD = 64
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"BM", 0, "image/bmp"),
    (b"ftypheic", 4, "image/heic"),
    (b"ftypmif1", 4, "image/heif"),
    (b"ftypavif", 4, "image/avif"),
    (b"ftypM4A", 4, "audio/mp4"),
    (b"ftypqt", 4, "video/quicktime"),
    (b"ftyp", 4, "video/mp4"),
    (b"\x1aE\xdf\xa3", 0, "video/webm"),
    (b"AVI ", 8, "video/x-msvideo"),
    (b"WAVE", 8, "audio/wav"),
    (b"ID3", 0, "audio/mpeg"),
    (b"\xff\xfb", 0, "audio/mpeg"),
    (b"\xff\xf3", 0, "audio/mpeg"),
    (b"\xff\xf1", 0, "audio/aac"),
    (b"OggS", 0, "audio/ogg"),
    (b"fLaC", 0, "audio/flac"),
    (b"%PDF-", 0, "application/pdf"),
)
_SYNONYMS = {
    "image/jpg": "image/jpeg",
    "audio/mp3": "audio/mpeg",
    "audio/x-mp3": "audio/mpeg",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "application/x-pdf": "application/pdf",
}


def plain_base64(text: str) -> str:
    """Return base64 in the standard alphabet, padded and without white space.

    Example:
        >>> plain_base64("mk-M 9w")
        'mk+M9w=='
    """
    joined = "".join(text.split()) if any(map(str.isspace, text[:_HEAD])) else text
    joined = joined.strip().translate(_URL_SAFE) if {"-", "_"} & set(joined) else joined
    joined = joined.strip()
    return joined + "=" * (-len(joined) % 4)


def mime_of_base64(text: str) -> str:
    """Return the MIME type the first bytes show, or an empty string."""
    try:
        head = base64.b64decode(text[: _HEAD * 4 // 3 // 4 * 4])
    except (binascii.Error, ValueError):
        return ""
    return mime_of_bytes(head)


def mime_of_bytes(head: bytes) -> str:
    """Return the MIME type the first bytes show, or an empty string.

    Example:
        >>> mime_of_bytes(b"%PDF-1.7")
        'application/pdf'
    """
    for magic, offset, mime in _SIGNATURES:
        if head[offset : offset + len(magic)] == magic:
            return mime
    return ""


def mime_of_name(name: str) -> str:
    """Return the MIME type the extension of a path or URL shows, or an empty string."""
    path = name.partition("?")[0].partition("#")[0]
    return canonical_mime(mimetypes.guess_type(path)[0] or "")


def canonical_mime(mime: str) -> str:
    """Return a MIME type in lower case, without parameters, under its usual name.

    Example:
        >>> canonical_mime("image/JPG; q=1")
        'image/jpeg'
    """
    plain = mime.partition(";")[0].strip().casefold()
    return _SYNONYMS.get(plain, plain)
