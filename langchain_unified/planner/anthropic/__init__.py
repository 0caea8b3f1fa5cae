"""Anthropic's Messages API: what is decided for it alone."""

from __future__ import annotations

from langchain_unified.planner.anthropic.answer_tool import decide_answer_tool
from langchain_unified.planner.anthropic.formats import render_format
from langchain_unified.planner.anthropic.limits import (
    decide_default_cap,
    decide_resuming,
    decide_sampling,
)
from langchain_unified.planner.anthropic.thinking import ENDPOINT, decide_thinking
from langchain_unified.planner.anthropic.tools import ONLY_HERE, render_tools

__all__ = [
    "ENDPOINT",
    "ONLY_HERE",
    "decide_answer_tool",
    "decide_default_cap",
    "decide_resuming",
    "decide_sampling",
    "decide_thinking",
    "render_format",
    "render_tools",
]
