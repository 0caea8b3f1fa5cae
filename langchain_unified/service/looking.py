"""Looking around: models, capabilities and plans, without a key or the network."""

from __future__ import annotations

from typing import Any

from langchain_unified.registry import Registry, default_registry
from langchain_unified.service.asking import (
    AUTO,
    Asking,
    Config,
    Images,
    Prompt,
    configured,
)
from langchain_unified.service.capabilities import capabilities_of
from langchain_unified.service.living import living_models
from langchain_unified.types import CallPlan, ModelConfig


class LookFace(Asking):
    """Says what there is and what a call would send."""

    def list_models(self, provider: str | None = None) -> list[ModelConfig]:
        """Return the registered text models that can be called today.

        Args:
            provider: Only this provider's; all enabled ones' if left out.
        """
        return living_models(self._registry, self._providers(provider))

    def capabilities(self, model: str = AUTO) -> dict[str, Any]:
        """Return what a model can do, as plain data.

        Args:
            model: Any model the registry understands, or `auto`.
        """
        return capabilities_of(self.llm.resolve(self._name(model)))

    def provider_of(self, model: str = AUTO) -> str:
        """Return the provider id of a model.

        Args:
            model: Any model the registry understands, or `auto`.
        """
        return self.llm.resolve(self._name(model)).provider

    def explain(
        self,
        prompt: str | None = None,
        model: str = AUTO,
        system_message: str | None = None,
        images: Images | None = None,
        *,
        config: Config | None = None,
        **settings: Any,
    ) -> CallPlan:
        """Return what a call would send, and why, without a key or the network.

        Arguments are those of `generate_text`.

        Raises:
            UnsupportedError: If the model cannot do what is asked for.
        """
        messages = Prompt(prompt or "", system_message, images).messages()
        given = {**configured(config), **self._settings(model, settings)}
        return self.llm.explain(messages, **given)

    @property
    def _registry(self) -> Registry:
        return self.llm.registry or default_registry()

    def _providers(self, provider: str | None) -> list[str]:
        """Return one provider, or those that are switched on."""
        if provider is not None:
            return [provider]
        registry, enabled = self._registry, self.llm.enable
        return [name for name in registry.files if registry.is_enabled(name, enabled)]
