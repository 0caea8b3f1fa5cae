"""An inference service as it was written before the migration: around ChatOpenAI."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from langchain_openai import ChatOpenAI


class LangChainService:
    """Answers prompts with one model per name, built when first asked for."""

    def __init__(self, default_model: str, **connection: Any) -> None:
        self.default_model = default_model
        self.connection = connection
        self.models: dict[str, ChatOpenAI] = {}
        self.calls = 0

    async def generate_text(
        self, prompt: str, model: str = "auto", **kwargs: Any
    ) -> dict[str, Any]:
        """Answer a prompt."""
        return await self._answer(prompt, model, kwargs)

    async def generate_chat(
        self, messages: list[Any], model: str = "auto", **kwargs: Any
    ) -> dict[str, Any]:
        """Answer a conversation."""
        return await self._answer(messages, model, kwargs)

    async def stream_text(
        self, prompt: str, model: str = "auto", **kwargs: Any
    ) -> AsyncIterator[str]:
        """Yield the answer to a prompt in pieces."""
        self.calls += 1
        async for piece in self._model(model).astream(prompt, **kwargs):
            if piece.text:
                yield piece.text

    async def _answer(
        self, asked: Any, model: str, kwargs: dict[str, Any]
    ) -> dict[str, Any]:
        self.calls += 1
        message = await self._model(model).ainvoke(asked, **kwargs)
        used = message.response_metadata["model_name"]
        return {"text": message.text, "model_used": used, "success": True}

    def _model(self, model: str) -> ChatOpenAI:
        name = self.default_model if model == "auto" else model
        if name not in self.models:
            self.models[name] = ChatOpenAI(model=name, **self.connection)
        return self.models[name]
