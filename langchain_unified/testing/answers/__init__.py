"""What the emulated models answer, independent of any wire format."""

from langchain_unified.testing.answers.compose import compose
from langchain_unified.testing.answers.task import Answer, Task, ToolCall, ToolSpec

__all__ = ["Answer", "Task", "ToolCall", "ToolSpec", "compose"]
