"""An inference service as it was written before the migration: around ChatOpenAI."""

from __future__ import annotations

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
        """Answer a prompt; a failure is an answer too."""
        self.calls += 1
        name = self.default_model if model == "auto" else model
        try:
            llm = self.models.get(name) or ChatOpenAI(model=name, **self.connection)
            self.models[name] = llm
            message = await llm.ainvoke(prompt, **kwargs)
        except Exception as error:  # noqa: BLE001
            return {
                "text": "",
                "model_used": name,
                "success": False,
                "error": str(error),
            }
        return {"text": message.text, "model_used": name, "success": True}
