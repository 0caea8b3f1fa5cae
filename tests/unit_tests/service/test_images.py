from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from langchain_unified.errors import InvalidParameterError
from langchain_unified.service import UnifiedInferenceService
from langchain_unified.service.images import image_blocks
from langchain_unified.testing import ProviderEmulator

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "YPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
ENCODED = base64.b64encode(PNG).decode()
INLINE = {"type": "image", "base64": ENCODED, "mime_type": "image/png"}


def test_every_form_of_an_image(tmp_path: Path) -> None:
    """Bytes, data URLs and paths become base64 blocks, URLs stay URLs."""
    path = tmp_path / "dot.png"
    path.write_bytes(PNG)
    url = "https://example.org/dot.png"
    given: list[Any] = [PNG, f"data:image/png;base64,{ENCODED}", path, url]

    assert [INLINE, INLINE, INLINE, {"type": "image", "url": url}] == image_blocks(
        given
    )
    assert [INLINE] == image_blocks(PNG)


@pytest.mark.parametrize(
    ("start", "mime_type"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBP", "image/webp"),
        (b"\x00\x00\x00\x18ftypheic", "image/heic"),
    ],
)
def test_bytes_say_what_they_are(start: bytes, mime_type: str) -> None:
    """The type of bytes is read from their beginning."""
    assert mime_type == image_blocks(start + b"rest")[0]["mime_type"]


@pytest.mark.parametrize(
    "image", ["/etc/passwd", "dot.png", b"%PDF-1.7", b"", 7, "data:text/plain,hi"]
)
def test_what_is_no_image_is_refused(image: Any) -> None:
    """Text is never read as a path, so a request from outside names no local file."""
    with pytest.raises(InvalidParameterError, match="images"):
        image_blocks([image])


@pytest.mark.parametrize("name", ["gpt-4o", "gpt-6-sol", "gemini-2.5-flash"])
async def test_images_reach_every_provider(
    service: UnifiedInferenceService,
    provider_emulator: ProviderEmulator,
    tmp_path: Path,
    name: str,
) -> None:
    """An image file is sent inline in the form of the model's provider."""
    path = tmp_path / "dot.png"
    path.write_bytes(PNG)
    result = await service.generate_text("What is it?", name, images=[path, PNG])
    twin = service.generate_text_sync("What is it?", name, images=path)

    assert result.success
    assert twin.success
    assert 3 == sum(
        request.raw.count(ENCODED.encode()) for request in provider_emulator.requests
    )
