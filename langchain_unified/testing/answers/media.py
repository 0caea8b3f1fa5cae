"""Tiny valid media."""

from __future__ import annotations

import base64
import math
import struct
import zlib

RATE = 24_000


def png() -> str:
    """Return a PNG of one pixel, in base64."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00\x40\x80\xc0")
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + chunks).decode()


def pcm() -> str:
    """Return a twentieth of a second of a tone, as 16 bit mono PCM in base64."""
    samples = (
        int(8000 * math.sin(2 * math.pi * 440 * index / RATE))
        for index in range(RATE // 20)
    )
    return base64.b64encode(
        b"".join(struct.pack("<h", one) for one in samples)
    ).decode()


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)
