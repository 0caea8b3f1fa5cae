"""Anthropic's Messages API: what is decided for it alone."""

from __future__ import annotations

from langchain_unified.history.media.wires import ANY_DOCUMENTS
from langchain_unified.shims.anthropic.answer_tool import decide_answer_tool
from langchain_unified.shims.anthropic.formats import render_format
from langchain_unified.shims.anthropic.limits import (
    decide_default_cap,
    decide_resuming,
    decide_sampling,
)
from langchain_unified.shims.anthropic.media import render_document
from langchain_unified.shims.anthropic.thinking import decide_thinking
from langchain_unified.shims.anthropic.tools import ONLY_HERE, render_tools
from langchain_unified.types import CACHE_CONTROL
from langchain_unified.wires import ProviderWire

WIRE = ProviderWire(
    early_rules=(decide_thinking,),
    tool_rules=(decide_answer_tool,),
    rules=(decide_default_cap, decide_sampling),
    late_rules=(decide_resuming,),
    render_tools=render_tools,
    render_format=render_format,
    media=ANY_DOCUMENTS,
    render_media=render_document,
    cache_mark=CACHE_CONTROL,
    tool_marks=frozenset(ONLY_HERE),
)
"""What the Messages API has that others have not."""
