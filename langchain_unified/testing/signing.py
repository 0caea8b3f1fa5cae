"""Opaque tokens that only this emulator can have issued."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

_KEY = b"langchain-unified provider emulator"
_DIGEST = 16


def issue(subject: str, seed: str) -> str:
    """Return an opaque base64 token bound to a subject."""
    payload = f"{subject}\0{seed}".encode()
    return base64.b64encode(_digest(payload) + payload).decode()


def subject_of(token: str) -> str | None:
    """Return the subject of a token issued here, or None for any other text."""
    try:
        raw = base64.b64decode(token.translate(_URL_SAFE), validate=True)
    except (binascii.Error, ValueError):
        return None
    digest, payload = raw[:_DIGEST], raw[_DIGEST:]
    if not hmac.compare_digest(digest, _digest(payload)):
        return None
    return payload.decode().partition("\0")[0]


def digest_of(*parts: object) -> str:
    """Return a short hexadecimal name for some values."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


_URL_SAFE = str.maketrans("-_", "+/")


def _digest(payload: bytes) -> bytes:
    return hmac.new(_KEY, payload, hashlib.sha256).digest()[:_DIGEST]
