"""A model with settings bound, which keeps them whatever is bound next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableBinding

from langchain_unified.answers.structured import structured
from langchain_unified.schemas import read_structure
from langchain_unified.schemas.tool_forms import neutral_tools
from langchain_unified.types import ToolLike


class UnifiedBinding(RunnableBinding[LanguageModelInput, AIMessage]):  # type: ignore[no-redef]
    """A `RunnableBinding` on which binding again adds instead of starting anew.

    langchain-core's binding hands `bind_tools` and `with_structured_output` to the
    bare model and so loses what was bound before (langchain-ai/langchain#35320,
    #30983, open on 2026-11-23).
    """

    @classmethod
    def lc_id(cls) -> list[str]:
        """Serialize as the class of langchain-core that it behaves like."""
        return [*cls.get_lc_namespace(), "RunnableBinding"]

    def bind_tools(
        self,
        tools: Sequence[ToolLike],
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Bind tools beside what is bound; see `UnifiedChatModel.bind_tools`."""
        return self.bind(**self.bound.bind_tools(tools, **kwargs).kwargs)  # type: ignore[attr-defined]

    def with_structured_output(
        self,
        schema: Any = None,
        *,
        method: str | None = None,
        include_raw: bool = False,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """Ask for objects; see `UnifiedChatModel.with_structured_output`."""
        structure = read_structure(schema, method=method, strict=strict)
        if "tools" in kwargs:
            kwargs["tools"] = neutral_tools(kwargs["tools"], strict=strict)
        asked = {"method": method, "strict": strict}
        told = {"kwargs": asked, "schema": structure.as_traced()}
        llm = self.bind(structure=structure, ls_structured_output_format=told, **kwargs)
        return structured(llm, structure, include_raw=include_raw)
