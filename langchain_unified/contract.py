"""What LangChain and its users ask about a chat model, answered for the model used."""

from __future__ import annotations

from typing import Any

from langchain_core.language_models import LangSmithParams
from typing_extensions import override

from langchain_unified.planning import Planning


class Contract(Planning):
    """Traces, cache keys, profile, token counts, serialization and attributes."""

    @property
    def model(self) -> str:
        """Same as `model_name`."""
        return self.model_name

    @property
    def _llm_type(self) -> str:
        return "unified-chat"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name, **self._defaults()}

    @override
    def _get_ls_params(
        self, stop: list[str] | None = None, **kwargs: Any
    ) -> LangSmithParams:
        settings = self._settings(
            stop, {k: v for k, v in kwargs.items() if k != "stop"}
        )
        config = self._resolve(settings["model"])
        params = LangSmithParams(
            ls_provider=config.provider,
            ls_model_name=config.model,
            ls_model_type="chat",
        )
        if "temperature" in settings:
            params["ls_temperature"] = settings["temperature"]
        if "max_tokens" in settings:
            params["ls_max_tokens"] = settings["max_tokens"]
        if "stop" in settings:
            params["ls_stop"] = list(settings["stop"])
        return params

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Whether LangChain can serialize the model: it can."""
        return True

    @classmethod
    def get_lc_namespace(cls) -> list[str]:
        """Return the namespace LangChain serializes the model under."""
        return ["langchain_unified", "chat_model"]

    @property
    def lc_secrets(self) -> dict[str, str]:
        """Environment variable by secret keyword."""
        return {
            "openai_api_key": "OPENAI_API_KEY",
            "google_api_key": "GOOGLE_API_KEY",
        }
