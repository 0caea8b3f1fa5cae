"""The conversation: roles, parts, media, and the order of turns."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.errors import google_refuse
from langchain_unified.testing.gemini_api.fields import unknown_name

if TYPE_CHECKING:
    from langchain_unified.testing.gemini_api.call import GeminiCall

REQUEST = "* GenerateContentRequest"
_DATA = (
    *("text", "inlineData", "fileData", "functionCall", "functionResponse"),
    *("executableCode", "codeExecutionResult", "toolCall", "toolResponse"),
)
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
    for content in call.contents:
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


def check_cached_content(call: GeminiCall) -> None:
    """Refuse what belongs into the cached content."""
    others = ("tools", "toolConfig", "systemInstruction")
    if call.body.get("cachedContent") and any(call.body.get(name) for name in others):
        google_refuse(
            "Tool config, tools and system instruction should not be set in the "
            "request when using cached content."
        )


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
    if not present:
        google_refuse(
            f"{REQUEST}.{path}.data: required oneof field 'data' must have one "
            "initialized field\n"
        )
    if len(present) > 1:
        text = f"Invalid value at '{path}' (oneof), oneof field 'data' is already set. "
        google_refuse(f"{text}Cannot set '{present[1]}'")
    _check_media(call, part, path)
    _check_function_part(call, part, path)


def _check_media(call: GeminiCall, part: dict[str, Any], path: str) -> None:
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


def _check_base64(data: str, path: str) -> None:
    try:
        base64.b64decode(data.translate(str.maketrans("-_", "+/")) + "==")
    except (binascii.Error, ValueError):
        google_refuse(f"Invalid value at '{path}' (TYPE_BYTES), Base64 decoding failed")


def _check_function_part(call: GeminiCall, part: dict[str, Any], path: str) -> None:
    for name, spelled in (
        ("functionCall", "function_call"),
        ("functionResponse", "function_response"),
    ):
        held = part.get(name)
        if held is None:
            continue
        if "id" in held and not call.rules.function_call_ids:
            unknown_name("id", f"{path}.{spelled}")
        if not held.get("name"):
            google_refuse(f"{REQUEST}.{path}.{spelled}.name: Name cannot be empty.\n")


def _count(content: dict[str, Any], name: str) -> int:
    return sum(name in part for part in content.get("parts") or [])
