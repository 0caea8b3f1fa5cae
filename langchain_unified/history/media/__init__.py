"""Content that is no plain text: read from any form, written in the wire's own."""

from langchain_unified.history.media.completing import completed
from langchain_unified.history.media.reading import Media, read_block
from langchain_unified.history.media.rendering import render_media

__all__ = ["Media", "completed", "read_block", "render_media"]
