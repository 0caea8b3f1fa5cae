"""The SDK's responses as LangChain results, with what the integration leaves out.

langchain-google-genai 4.4.3 reads neither `finish_message`, `citation_metadata` nor
`url_context_metadata`, counts no tokens of a blocked prompt and none by modality,
leaves out the tier and the result of code that printed nothing, and keeps of `toolCall`
and `toolResponse` parts what a reader wants but not what goes back (read 2026-11-27).
"""

from __future__ import annotations

from typing import Any

from google.genai.types import GenerateContentResponse, Outcome, Part
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata, add_usage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_unified.shims.google_genai.parts import PART
from langchain_unified.shims.google_genai.seam import (
    StreamBlockIndexer,
    response_to_result,
)

_KEPT = ("finish_message", "citation_metadata", "url_context_metadata")
_RESULT = "code_execution_result"
_SERVER_PARTS = {"server_tool_call": "tool_call", "server_tool_result": "tool_response"}


def read_response(response: GenerateContentResponse) -> ChatResult:
    """Return a whole answer."""
    result = response_to_result(response)
    _complete(result, response)
    counts = _media_counts(response)
    for generation in result.generations if counts else ():
        _count_media(generation.message, counts)
    result.llm_output = {**(result.llm_output or {}), **_tier(response)}
    if not response.candidates:
        _, counted = _piece(response, None)
        for generation in result.generations:
            if isinstance(generation.message, AIMessage):
                generation.message.usage_metadata = counted.usage_metadata
    return result


class StreamReader:
    """Reads the pieces of one stream, whose token counts are running totals."""

    def __init__(self) -> None:
        """Start before the first piece."""
        self._counted: UsageMetadata | None = None
        self._media: dict[str, dict[str, int]] = {}
        self._tier: dict[str, str] = {}
        self._indexer = StreamBlockIndexer()

    def read(self, response: GenerateContentResponse) -> ChatGenerationChunk:
        """Return a piece."""
        piece, message = _piece(response, self._counted)
        self._indexer.assign(message)
        # The tier is told once: what pieces say alike would be added up.
        if not self._tier and (tier := _tier(response)):
            self._tier = tier
            piece.generation_info = {**(piece.generation_info or {}), **tier}
        if counts := _media_counts(response):
            _count_media(message, counts, self._media)
            self._media = counts
        self._counted = add_usage(self._counted, message.usage_metadata)
        return piece


_SIDES = {
    "input_token_details": "prompt_tokens_details",
    "output_token_details": "candidates_tokens_details",
}
"""Where LangChain and the SDK tell tokens by modality."""
_MEDIA = {"AUDIO": "audio", "IMAGE": "image"}
"""Modalities whose tokens have prices of their own, by LangChain's names."""
_TRAFFIC = {"ON_DEMAND_FLEX": "flex", "ON_DEMAND_PRIORITY": "priority"}
"""Vertex AI's words for service tiers (google-genai 3.6.1, read 2026-11-28)."""


_HEADER = "x-gemini-service-tier"
"""Where the Developer API names the tier (Gemini API page on priority inference, read
2026-11-28); google-genai 3.6.1 has no field for the one in `usageMetadata`."""
_TIERS = frozenset({"standard", "flex", "priority"})


def _tier(response: GenerateContentResponse) -> dict[str, str]:
    """Return the service tier an answer names, as metadata; empty if it names none."""
    http = response.sdk_http_response
    named = (http.headers or {}).get(_HEADER, "").lower() if http else ""
    traffic = getattr(response.usage_metadata, "traffic_type", None)
    tier = (
        named if named in _TIERS else _TRAFFIC.get(str(getattr(traffic, "value", "")))
    )
    return {"service_tier": tier} if tier else {}


def _media_counts(response: GenerateContentResponse) -> dict[str, dict[str, int]]:
    """Return the tokens of audio and images so far, read and written."""
    usage = response.usage_metadata
    found: dict[str, dict[str, int]] = {}
    for side, field in _SIDES.items():
        for one in getattr(usage, field, None) or ():
            name = _MEDIA.get(one.modality.value) if one.modality else None
            if name and one.token_count:
                found.setdefault(side, {})[name] = one.token_count
    return found


def _count_media(
    message: BaseMessage,
    counts: dict[str, dict[str, int]],
    before: dict[str, dict[str, int]] | None = None,
) -> None:
    """Add to a message's usage what it holds of audio and images."""
    usage: Any = getattr(message, "usage_metadata", None)
    for side, counted in counts.items() if usage else ():
        told = (before or {}).get(side, {})
        for name, count in counted.items():
            usage.setdefault(side, {})[name] = max(0, count - told.get(name, 0))


def _piece(
    response: GenerateContentResponse, counted: UsageMetadata | None
) -> tuple[ChatGenerationChunk, AIMessageChunk]:
    result = response_to_result(response, stream=True, prev_usage=counted)
    _complete(result, response)
    piece: Any = result.generations[0]
    return piece, piece.message


def _complete(result: ChatResult, response: GenerateContentResponse) -> None:
    for generation, candidate in zip(
        result.generations, response.candidates or (), strict=False
    ):
        message = generation.message
        for name in _KEPT:
            value = getattr(candidate, name, None)
            if value:
                message.response_metadata[name] = _plain(value)
        parts = (candidate.content.parts if candidate.content else None) or []
        for part in parts:
            if part.code_execution_result is not None:
                _keep_silent_results(message, parts)
                break
        if isinstance(message.content, list):
            _keep_parts(message.content, parts)


def _keep_silent_results(message: BaseMessage, parts: list[Part]) -> None:
    """Put in its place what code that printed nothing came to: it may have failed."""
    ran = 0
    for part in parts:
        ran += part.executable_code is not None
        result = part.code_execution_result
        if result is None or result.output:
            continue
        blocks = list(message.content) if isinstance(message.content, list) else []
        if isinstance(message.content, str) and message.content:
            blocks = [{"type": "text", "text": message.content}]
        fine = result.outcome in (None, Outcome.OUTCOME_OK)
        block = {"type": _RESULT, _RESULT: "", "outcome": 1 if fine else 2}
        blocks.insert(_place_after(blocks, ran), {**block, "tool_call_id": ""})
        message.content = blocks


def _place_after(blocks: list[Any], ran: int) -> int:
    """Return the place after a number of blocks of code."""
    kinds = [block.get("type") if isinstance(block, dict) else "" for block in blocks]
    places = [at + 1 for at, kind in enumerate(kinds) if kind == "executable_code"]
    return places[ran - 1] if 0 < ran <= len(places) else 0


def _keep_parts(blocks: list[Any], parts: list[Part]) -> None:
    """Keep beside each block of a server's tool the part it was read from."""
    for kind, field in _SERVER_PARTS.items():
        found = [part for part in parts if getattr(part, field, None) is not None]
        shown = [b for b in blocks if isinstance(b, dict) and b.get("type") == kind]
        for block, part in zip(shown, found, strict=False):
            block["extras"] = {**(block.get("extras") or {}), PART: _plain(part)}


def _plain(value: Any) -> Any:
    """Return an object of the SDK as the wire has it."""
    if not hasattr(value, "model_dump"):
        return value
    return value.model_dump(mode="json", by_alias=True, exclude_none=True)
