"""Media content, read from any form and written in the form of the API."""

from langchain_unified.history.media.completing import completed
from langchain_unified.history.media.reading import Media, read_block
from langchain_unified.history.media.rendering import render_media

__all__ = ["Media", "completed", "read_block", "render_media"]
