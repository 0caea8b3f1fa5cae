"""`UnifiedInferenceService`: text in, typed results out, any model per call."""

from __future__ import annotations

from typing import Any

from langchain_core.language_models import LanguageModelInput

from langchain_unified.chat_model import UnifiedChatModel
from langchain_unified.rollout import Served
from langchain_unified.service.batch import BatchFace
from langchain_unified.service.health import HealthFace
from langchain_unified.service.streams import StreamFace
from langchain_unified.service.structured import StructuredFace


class UnifiedInferenceService(StreamFace, StructuredFace, BatchFace, HealthFace):
    """Text generation for applications that do not want to know LangChain.

    Every method takes the settings of a call as keywords, under the names of LangChain,
    of `ChatOpenAI` or of the wire (`max_tokens`, `max_completion_tokens`,
    `max_output_tokens`), and sends each model what it accepts. Methods are
    asynchronous; each has a synchronous twin that ends in `_sync`. Cancelling a task
    cancels its request. `model="auto"` is the model the service was made with, which
    may itself be `auto` or `auto:cheapest`: the registry's choice for the call.

    Args:
        llm: The chat model to use.
        **settings: Keywords of `UnifiedChatModel`, if no `llm` is given.

    Example:
        ```python
        service = UnifiedInferenceService(model="gpt-4o", temperature=0)
        result = await service.generate_text("hi", model="gemini-2.5-flash")
        print(result.text, result.model_used, result["usage"])
        ```
    """

    def __init__(self, llm: UnifiedChatModel | None = None, **settings: Any) -> None:
        """Keep the chat model, or make one."""
        if llm is not None and settings:
            message = "Give either a chat model or the keywords of one, not both."
            raise TypeError(message)
        self.llm = llm if llm is not None else UnifiedChatModel(**settings)

    def observe_shadow(
        self, served: Served, prompt: str, model: str, settings: dict[str, Any]
    ) -> None:
        """Have the payloads of a call compared that another service answers.

        Args:
            served: The decision for the call.
            prompt: What is asked.
            model: Any model the registry understands, or `auto`.
            settings: What `generate_text` takes besides.
        """

        def read() -> tuple[LanguageModelInput, dict[str, Any]]:
            ask = self._text(prompt, model, **settings)
            return ask.asked.messages(), ask.settings

        self.llm.observe_shadow(served, read)
