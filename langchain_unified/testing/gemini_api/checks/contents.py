"""The conversation: roles, parts, media, and the order of turns."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.errors import google_refuse

if TYPE_CHECKING:
    from langchain_unified.testing.gemini_api.call import GeminiCall

REQUEST = "* GenerateContentRequest"
_DATA = (
    *("text", "inlineData", "fileData", "functionCall", "functionResponse"),
    *("executableCode", "codeExecutionResult", "toolCall", "toolResponse"),
)
NOT_FETCHED = (
    "Cannot fetch content from the provided URL. Please ensure the URL is valid and "
    "accessible by Vertex AI. Vertex AI respects robots.txt rules, so confirm the URL "
    "is allowed to be crawled. Status: URL_ROBOTED-ROBOTED_DENIED"
)
_FUNCTION = {
    "functionCall": "function_call",
    "functionResponse": "function_response",
}
_ALONE = ("thoughtSignature", "videoMetadata")
"""What a part may hold without data (recorded 2026-08 on Vertex)."""

_KINDS = {"image": "Image", "audio": "Audio", "video": "Video", "pdf": "Document"}


def check_contents(call: GeminiCall) -> None:
    """Refuse empty contents, empty parts, wrong roles and unsupported media."""
    if not call.contents:
        google_refuse(f"{REQUEST}.contents: contents is not specified\n")
    for index, content in enumerate(call.contents):
        _check_role(call, content.get("role"))
        parts = content.get("parts") or []
        if not parts:
            google_refuse(
                f"{REQUEST}.contents[{index}].parts: contents.parts must not be "
                "empty.\n"
            )
        for number, part in enumerate(parts):
            _check_part(call, part, f"contents[{index}].parts[{number}]")


def check_turns(call: GeminiCall) -> None:
    """Refuse a prefill, and several turns, where the model takes neither."""
    if not call.rules.multi_turn and len(call.contents) > 1:
        google_refuse(f"Multiturn chat is not enabled for {call.this_model}")
    if call.contents[-1].get("role") == "model" and not call.rules.prefill:
        google_refuse("Requests ending with a model turn are not supported.")


def check_function_turns(call: GeminiCall) -> None:
    """Refuse function calls and responses that do not follow each other."""
    previous: dict[str, Any] = {}
    for content in _turns(call.contents):
        made, given = (
            _count(previous, "functionCall"),
            _count(content, "functionResponse"),
        )
        if given and not made:
            google_refuse(
                "Please ensure that function response turn comes immediately after a "
                "function call turn."
            )
        if made != given:
            google_refuse(
                "Please ensure that the number of function response parts is equal to "
                "the number of function call parts of the function call turn."
            )
        if _count(content, "functionCall") and previous.get("role", "model") == "model":
            google_refuse(
                "Please ensure that function call turn comes immediately after a user "
                "turn or after a function response turn."
            )
        previous = {"role": "user", **content}


def check_system_instruction(call: GeminiCall) -> None:
    """Refuse a system instruction the model does not take."""
    if call.body.get("systemInstruction") and not call.rules.system_roles:
        google_refuse(f"Developer instruction is not enabled for {call.this_model}")


_BESIDE_CACHED = (
    "Tool config, tools and system instruction should not be set in the request when "
    "using cached content."
)


def check_cached_content(call: GeminiCall) -> None:
    """Refuse what belongs into the cached content."""
    others = ("tools", "toolConfig", "systemInstruction")
    if call.body.get("cachedContent") and any(call.body.get(name) for name in others):
        google_refuse(_BESIDE_CACHED)


def modality_of(mime: str) -> str:
    """Return the modality of a mime type."""
    family = mime.split("/", maxsplit=1)[0]
    if family in ("image", "audio", "video"):
        return family
    return "text" if family == "text" or mime == "application/json" else "pdf"


def _check_role(call: GeminiCall, role: str | None) -> None:
    if role in (None, "user", "model"):
        return
    if role == "function" and call.rules.function_role:
        return
    if role == "function":
        google_refuse(
            "Role 'function' is not supported. Please use a valid role: SYSTEM, "
            "SYSTEM_1, USER, ASSISTANT, DEVELOPER, CONTEXT, USER_CONTEXT, MODEL."
        )
    google_refuse("Please use a valid role: user, model.")


def _check_part(call: GeminiCall, part: dict[str, Any], path: str) -> None:
    present = [name for name in _DATA if name in part]
    if not present and not any(name in part for name in _ALONE):
        google_refuse(
            f"{REQUEST}.{path}.data: required oneof field 'data' must have one "
            "initialized field\n"
        )
    if len(present) > 1:
        text = f"Invalid value at '{path}' (oneof), oneof field 'data' is already set. "
        google_refuse(f"{text}Cannot set '{present[1]}'")
    _check_media(call, part, path)
    _check_function_part(part, path)


def _check_media(call: GeminiCall, part: dict[str, Any], path: str) -> None:
    _check_addresses(call, part)
    blob = part.get("inlineData") or part.get("fileData")
    if blob is None:
        return
    if "inlineData" in part:
        _check_base64(blob.get("data") or "", f"{path}.inline_data.data")
    mime = blob.get("mimeType") or ("" if "fileData" in part else "missing")
    if mime == "missing" or (mime and "/" not in mime):
        google_refuse(f"Unsupported MIME type: {blob.get('mimeType', '')}")
    modality = modality_of(mime) if mime else "text"
    if modality != "text" and modality not in call.rules.inputs:
        google_refuse(
            f"{_KINDS[modality]} input modality is not enabled for {call.this_model}"
        )


def _check_addresses(call: GeminiCall, part: dict[str, Any]) -> None:
    """Refuse addresses that cannot be fetched, in results of functions too."""
    inner = (part.get("functionResponse") or {}).get("parts") or []
    for holder in (part, *inner):
        data = holder.get("fileData") or holder.get("file_data") or {}
        address = str(data.get("fileUri") or data.get("file_uri") or "")
        if address.startswith(call.settings.unreachable_urls or ("\0",)):
            google_refuse(NOT_FETCHED)


def _check_base64(data: str, path: str) -> None:
    try:
        base64.b64decode(data.translate(str.maketrans("-_", "+/")) + "==")
    except (binascii.Error, ValueError):
        google_refuse(f"Invalid value at '{path}' (TYPE_BYTES), Base64 decoding failed")


def _check_function_part(part: dict[str, Any], path: str) -> None:
    for name, spelled in _FUNCTION.items():
        held = part.get(name)
        if held is None:
            continue
        if not held.get("name"):
            google_refuse(f"{REQUEST}.{path}.{spelled}.name: Name cannot be empty.\n")


def _turns(contents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join calls in contents that follow each other, and the responses to them.

    Two contents with calls may be answered in one (recorded 2026-07).
    """
    turns: list[dict[str, Any]] = []
    for content in contents:
        parts = content.get("parts") or []
        if turns and any(
            _count(turns[-1], name) and _count(content, name) for name in _FUNCTION
        ):
            turns[-1] = {**content, "parts": [*turns[-1]["parts"], *parts]}
        else:
            turns.append({**content, "parts": parts})
    return turns


def _count(content: dict[str, Any], name: str) -> int:
    return sum(name in part for part in content.get("parts") or [])
