"""An assistant message, split into portable content and content of one model.

The block types of all providers are sorted here once; everything that is not known is
kept as text, so that nothing gets lost because it is new.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from langchain_core.messages import AIMessage

from langchain_unified.content import kept_blocks, with_native_content
from langchain_unified.history.media import Media, read_block
from langchain_unified.history.media.reading import TEXT

_SIGNATURES = "_signatures__"


def signatures_in(extra: Mapping[str, Any]) -> list[str]:
    """Return where an integration keeps the signatures of function calls, by their ids.

    Example:
        >>> signatures_in({"__function_call_thought_signatures__": {}, "refusal": ""})
        ['__function_call_thought_signatures__']
    """
    return [name for name in extra if name.endswith(_SIGNATURES)]


BOUND = frozenset(
    {
        "compaction",
        "function_call_signature",
        "item_reference",
        "reasoning",
        "reasoning_content",
        "redacted_thinking",
        "thinking",
    }
)
"""Block types that only the model that made them understands."""

_THOUGHTS = ("reasoning", "reasoning_content", "reasoning_details")
"""Where reasoning is kept beside the content."""

CALLS = frozenset(
    {
        "custom_tool_call",
        "function_call",
        "invalid_tool_call",
        "tool_call",
        "tool_call_chunk",
        "tool_use",
        "input_json_delta",
    }
)
"""Block types whose content is also in `message.tool_calls`."""

_CODE = frozenset({"code_interpreter_call", "executable_code"})
_SEALED = frozenset(
    {
        "caller",
        "encrypted_content",
        "encrypted_index",
        "extras",
        "id",
        "index",
        "signature",
        "status",
        "tool_call_id",
        "tool_use_id",
        "type",
    }
)
_MEDIA = frozenset({"image", "audio", "video", "file"})


class Spoken(NamedTuple):
    """The content of an assistant message.

    Attributes:
        text: Everything that is text or can be told as text.
        media: Pictures and other media.
        bound: Whether it carried something only its own model understands.
    """

    text: str
    media: tuple[Media, ...]
    bound: bool


def read_reply(message: AIMessage) -> Spoken:
    """Split an assistant message into its parts.

    Args:
        message: A reply of any provider, model or version.
    """
    extra = message.additional_kwargs
    blocks = list(_blocks(message))
    bound = any(extra.get(name) for name in (*signatures_in(extra), *_THOUGHTS))
    paragraphs, media = [""], list(_audio(message))
    for block in blocks:
        kind = block.get("type")
        bound = bound or kind in BOUND or bool(_signature(block))
        if kind in BOUND or kind in CALLS:
            continue
        said = _said(block)
        if isinstance(said, Media):
            media.append(said)
        elif kind in TEXT:
            paragraphs[-1] += said
        elif said:
            paragraphs += [said, ""]
    if not any(paragraphs):
        paragraphs = [_refusal_or_transcript(message)]
    text = "\n\n".join(part for part in paragraphs if part)
    return Spoken(text, tuple(media), bound)


def _blocks(message: AIMessage) -> Iterator[Mapping[str, Any]]:
    content = with_native_content(message).content
    if isinstance(content, str):
        content = [content]
    for block in [*content, *message.additional_kwargs.get("tool_outputs", ())]:
        if isinstance(block, Mapping):
            yield block
        elif block:
            yield {"type": "text", "text": str(block)}


def _signature(block: Mapping[str, Any]) -> Any:
    extras = block.get("extras")
    inner = extras.get("signature") if isinstance(extras, Mapping) else None
    return block.get("signature") or block.get("thought_signature") or inner


def _said(block: Mapping[str, Any]) -> str | Media:
    """Return what a block shows or says."""
    kind = str(block.get("type"))
    if kind in TEXT or (kind == "None" and "text" in block):
        return str(block.get("text") or "")
    if kind == "refusal":
        return str(block.get("refusal") or "")
    if kind == "non_standard" and isinstance(block.get("value"), Mapping):
        value = block["value"]
        hidden = value.get("type") in BOUND | CALLS
        return "" if hidden else _said(value)
    if kind == "server_tool_call" or kind.endswith(("_call", "_tool_use")):
        return _told_call(block) if not block.get("result") else _told_media(block)
    if kind in _CODE:
        return _told_call(block)
    return _told_media(block)


def _told_media(block: Mapping[str, Any]) -> str | Media:
    media = read_block(block)
    if media is not None and media.kind in _MEDIA and media.value:
        return media
    return _told_result(block)


def _told_call(block: Mapping[str, Any]) -> str:
    """Tell a call of a built-in tool: its code, or its name and arguments."""
    names = ("args", "input", "arguments", "action")
    args: Any = next((block[name] for name in names if block.get(name)), {})
    args = args if isinstance(args, Mapping) else {"input": args}
    code = block.get("executable_code") or block.get("code") or args.get("code")
    if code:
        language = str(block.get("language") or args.get("language") or "python")
        told = f"```{language.casefold()}\n{code}\n```"
        outputs = _told(block.get("outputs"))
        return f"{told}\n\n{outputs}" if outputs else told
    name = block.get("name") or str(block.get("type")).removesuffix("_call")
    shown = {key: v for key, v in args.items() if key not in _SEALED and v}
    rest = {
        key: block[key] for key in ("queries", "results", "output") if block.get(key)
    }
    return f"[{name}: {_told({**shown, **rest})}]" if shown or rest else ""


def _told_result(block: Mapping[str, Any]) -> str:
    """Tell the result of a built-in tool, or a block nobody knows."""
    for key in ("code_execution_result", "output", "text", "content", "outputs"):
        if block.get(key):
            return _told(block[key])
    return _told(block)


def _told(value: Any) -> str:
    """Return a value as text, without ids and sealed data."""
    if isinstance(value, str):
        return value
    value = _unsealed(value)
    return json.dumps(value, ensure_ascii=False, default=str) if value else ""


def _unsealed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _unsealed(v) for k, v in value.items() if k not in _SEALED and v}
    if isinstance(value, (list, tuple)):
        return [item for item in map(_unsealed, value) if item]
    return value


def _refusal_or_transcript(message: AIMessage) -> str:
    extra = message.additional_kwargs
    audio = extra.get("audio")
    spoken = audio.get("transcript") if isinstance(audio, Mapping) else None
    return str(extra.get("refusal") or spoken or "")


def _audio(message: AIMessage) -> Iterator[Media]:
    """Yield speech that has no transcript, so that it is not lost."""
    audio = message.additional_kwargs.get("audio")
    if isinstance(audio, bytes):
        audio = {"data": audio}
    if not isinstance(audio, Mapping) or audio.get("transcript"):
        return
    held = _has_audio(kept_blocks(message)) or _has_audio(message.content)
    if audio.get("data") and not held:
        heard = {"type": "audio", "base64": audio["data"], "mime_type": "audio/wav"}
        yield from filter(None, [read_block(heard)])


def _has_audio(blocks: Any) -> bool:
    return isinstance(blocks, list) and any(
        isinstance(block, Mapping) and block.get("type") == "audio" for block in blocks
    )
