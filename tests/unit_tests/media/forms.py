"""Every form of content block, and the table of what becomes of each."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from langchain_core.messages import HumanMessage
from langchain_core.prompt_values import ChatPromptValue

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import UnsupportedError
from langchain_unified.history.media import completed
from langchain_unified.testing import ProviderEmulator

FILES = Path(__file__).parent / "files"
MIMES = {
    "blue.png": "image/png",
    "answer.pdf": "application/pdf",
    "tone.wav": "audio/wav",
    "blue.mp4": "video/mp4",
}
WEB = "https://example.com/"
TUBE = "https://www.youtube.com/watch?v=9hE5-98ZeCg"
STORED = "https://generativelanguage.googleapis.com/v1beta/files/abc"

TARGETS = {
    "OpenAI (gpt-4o)": {"model": "gpt-4o"},
    "OpenAI (gpt-audio-mini)": {"model": "gpt-audio-mini"},
    "OpenAI (gpt-5.4, Responses)": {"model": "gpt-5.4", "use_responses_api": True},
    "Gemini 3": {"model": "gemini-3-flash-preview"},
}


def data_of(name: str) -> str:
    """Return a file in base64."""
    return base64.b64encode((FILES / name).read_bytes()).decode()


def _base64(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "base64": data_of(name), "mime_type": MIMES[name], **more}


def _url(name: str) -> str:
    return f"data:{MIMES[name]};base64,{data_of(name)}"


PNG, PDF, WAV, MP4 = "blue.png", "answer.pdf", "tone.wav", "blue.mp4"
NOTE = base64.b64encode(b"The answer is 42.").decode()

FORMS: dict[str, dict[str, Any]] = {
    "image, base64": _base64("image", PNG),
    "image, base64 without mime": {"type": "image", "base64": data_of(PNG)},
    "image, url": {"type": "image", "url": f"{WEB}a.png"},
    "image, file_id": {"type": "image", "file_id": "file-abc"},
    "audio, base64": _base64("audio", WAV),
    "audio, url": {"type": "audio", "url": f"{WEB}a.wav"},
    "video, base64": _base64("video", MP4),
    "video, YouTube url": {"type": "video", "url": TUBE},
    "file (PDF), base64": _base64("file", PDF, extras={"filename": "a.pdf"}),
    "file (PDF), url": {"type": "file", "url": f"{WEB}a.pdf"},
    "file, OpenAI file_id": {"type": "file", "file_id": "file-abc"},
    "file, Gemini Files URI": {
        "type": "file",
        "file_id": STORED,
        "mime_type": "application/pdf",
    },
    "file (text), base64": {"type": "file", "base64": NOTE, "mime_type": "text/csv"},
    "text-plain": {"type": "text-plain", "text": "The answer is 42."},
    "v0 image, base64": {
        "type": "image",
        "source_type": "base64",
        "data": data_of(PNG),
        "mime_type": "image/png",
    },
    "v0 image, url": {"type": "image", "source_type": "url", "url": f"{WEB}a.png"},
    "image_url, data URL": {"type": "image_url", "image_url": {"url": _url(PNG)}},
    "image_url, url": {"type": "image_url", "image_url": {"url": f"{WEB}a.png"}},
    "image_url, text": {"type": "image_url", "image_url": _url(PNG)},
    "input_audio": {
        "type": "input_audio",
        "input_audio": {"data": data_of(WAV), "format": "wav"},
    },
    "file (OpenAI chat)": {
        "type": "file",
        "file": {"file_data": _url(PDF), "filename": "a.pdf"},
    },
    "input_image (Responses)": {"type": "input_image", "image_url": _url(PNG)},
    "input_file (Responses)": {
        "type": "input_file",
        "file_data": _url(PDF),
        "filename": "a.pdf",
    },
    "media (Gemini), PDF": {
        "type": "media",
        "mime_type": "application/pdf",
        "data": data_of(PDF),
    },
    "media (Gemini), image": {
        "type": "media",
        "mime_type": "image/png",
        "data": data_of(PNG),
    },
    "media (Gemini), gs://": {
        "type": "media",
        "mime_type": "video/mp4",
        "file_uri": "gs://bucket/a.mp4",
    },
    "image (Anthropic)": {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": data_of(PNG)},
    },
    "document (Anthropic), text": {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": "42"},
    },
}


def outcome(
    llm: UnifiedChatModel,
    emulator: ProviderEmulator,
    block: dict[str, Any],
    call: dict[str, Any],
) -> str:
    """Return what a block was sent as, or that it was refused and why."""
    emulator.reset()
    question = {"type": "text", "text": "What is it?"}
    content = [question, block]
    extra: dict[str, Any] = {}
    if call["model"] == "gpt-audio-mini" and "audio" not in str(block.get("type")):
        extra["modalities"] = ["text", "audio"]
        extra["audio"] = {"voice": "alloy", "format": "wav"}
    try:
        message = _complete(HumanMessage(content))
        llm.invoke([message], **call, **extra)
    except UnsupportedError as refusal:
        return f"refused: {refusal.reason.rstrip('.')}"
    assert [] == [request.error for request in emulator.errors]
    return ", ".join(_sent(emulator.requests[-1].body))


def _complete(message: HumanMessage) -> Any:
    value = completed(ChatPromptValue(messages=[message]))
    return value.to_messages()[0]


def _sent(body: dict[str, Any]) -> list[str]:
    """Name the parts of a recorded request, the question apart."""
    messages = body.get("messages") or body.get("input") or body.get("contents")
    parts = messages[-1].get("content") or messages[-1].get("parts")
    return [_name(part) for part in parts if "What is it?" not in str(part)]


def _name(part: dict[str, Any]) -> str:
    kind = part.get("type") or next(iter(set(part) - {"thoughtSignature"}))
    held = part.get(kind, part)
    held = held if isinstance(held, dict) else part
    for key in ("file_data", "file_id", "file_url", "fileUri"):
        if key in held:
            return f"`{kind}` ({key})" if kind != "fileData" else "`fileData`"
    url = held.get("url") or held.get("image_url")
    if isinstance(url, str):
        return f"`{kind}` ({'data URL' if url.startswith('data:') else 'url'})"
    return "text" if kind in {"text", "input_text"} else f"`{kind}`"


def table(llm: UnifiedChatModel, emulator: ProviderEmulator) -> str:
    """Return the table as Markdown: block form x provider."""
    lines = [
        f"| Block | {' | '.join(TARGETS)} |",
        f"| --- |{' --- |' * len(TARGETS)}",
    ]
    for name, block in FORMS.items():
        cells = [outcome(llm, emulator, block, call) for call in TARGETS.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
