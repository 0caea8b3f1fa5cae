"""Responses streams: from event dictionaries to LangChain message chunks."""

from __future__ import annotations

from collections.abc import Mapping

from langchain_unified.shims.openai.responses_stream.older import OlderStreamParser
from langchain_unified.shims.openai.responses_stream.parsers import (
    BlockStreamParser,
    ResponseStreamParser,
    TextStreamParser,
)

__all__ = ["ResponseStreamParser", "response_stream_parser"]


def response_stream_parser(
    *, output_version: str | None = None, headers: Mapping[str, str] | None = None
) -> ResponseStreamParser:
    """Return a parser for the events of one streamed Responses answer.

    Args:
        output_version: `responses/v1` and `v1` stream native blocks as `content`, `v0`
            streams ChatOpenAI's older shape; without a version `content` is the text,
            as chat would give it.
        headers: Response headers, to be kept on the first chunk.

    Returns:
        A parser whose `parse` takes one event and returns a chunk or `None`.
    """
    if output_version is None:
        return TextStreamParser(headers)
    if output_version == "v0":
        return OlderStreamParser(headers)
    return BlockStreamParser(headers)
