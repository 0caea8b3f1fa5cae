"""Text: a prompt or a conversation in, one answer out."""

from __future__ import annotations

from typing import Any

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage

from langchain_unified.service.asking import (
    AUTO,
    Ask,
    Asking,
    Config,
    Images,
    Prompt,
    Talk,
    asynchronous,
    langchain_config,
    synchronous,
)
from langchain_unified.service.results import TextResult, facts_of


class TextFace(Asking):
    """Answers prompts and conversations."""

    def _text(
        self,
        /,
        prompt: str,
        model: str = AUTO,
        system_message: str | None = None,
        images: Images | None = None,
        *,
        config: Config | None = None,
        **settings: Any,
    ) -> Ask[TextResult]:
        """Answer a prompt.

        Args:
            prompt: What to ask.
            model: Any model the registry understands, or `auto`.
            system_message: Instructions that go before the prompt.
            images: URLs, data URLs, bytes or `pathlib.Path`s.
            config: LangChain's config: tags, metadata, `configurable` with `user_id`.
            **settings: Settings of the call, for example `max_tokens`.

        Returns:
            The answer, as a `TextResult`.

        Raises:
            ProviderError: If the provider fails.
            UnsupportedError: If the model cannot do what is asked for.
            UnknownParameterError: If there is no such setting.
        """
        asked = Prompt(prompt, system_message, images)
        return self._answered(asked, model, config, settings)

    def _chat(
        self,
        /,
        messages: LanguageModelInput,
        model: str = AUTO,
        *,
        config: Config | None = None,
        **settings: Any,
    ) -> Ask[TextResult]:
        """Answer a conversation.

        Args:
            messages: `{"role": ..., "content": ...}` dictionaries, tuples of both, or
                LangChain messages.
            model: Any model the registry understands, or `auto`.
            config: LangChain's config.
            **settings: Settings of the call.

        Returns:
            The answer, as a `TextResult`.

        Raises:
            ProviderError: If the provider fails.
            UnsupportedError: If the model cannot do what is asked for.
        """
        return self._answered(Talk(messages), model, config, settings)

    generate_text = asynchronous("generate_text", _text)
    generate_text_sync = synchronous("generate_text_sync", _text)
    generate_chat = asynchronous("generate_chat", _chat)
    generate_chat_sync = synchronous("generate_chat_sync", _chat)

    def _answered(
        self,
        asked: Prompt | Talk,
        model: str,
        config: Config | None,
        settings: dict[str, Any],
    ) -> Ask[TextResult]:
        settings = self._settings(model, settings)
        return Ask(self.llm, asked, _result, langchain_config(config), settings)


def _result(message: AIMessage, seconds: float) -> TextResult:
    return TextResult(**facts_of(message, seconds))
