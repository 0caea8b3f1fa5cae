"""Structured output: a prompt in, an instance of a schema out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_unified.service.asking import (
    AUTO,
    Ask,
    Asking,
    Config,
    Images,
    Prompt,
    asynchronous,
    langchain_config,
    synchronous,
)
from langchain_unified.service.results import StructuredResult, facts_of


class StructuredFace(Asking):
    """Answers prompts in the form of a schema."""

    def _structured(
        self,
        /,
        prompt: str,
        schema: Any,
        model: str = AUTO,
        system_message: str | None = None,
        images: Images | None = None,
        *,
        config: Config | None = None,
        **settings: Any,
    ) -> Ask[StructuredResult]:
        """Answer a prompt with an instance of a schema, in `result.value`.

        Args:
            prompt: What to ask.
            schema: A pydantic class, a `TypedDict`, a dataclass or a JSON schema.
            model: Any model the registry understands, or `auto`.
            system_message: Instructions that go before the prompt.
            images: URLs, data URLs, bytes or `pathlib.Path`s.
            config: LangChain's config.
            **settings: Settings of the call; `method` and `strict` as in LangChain's
                `with_structured_output`.

        Returns:
            The answer, as a `StructuredResult`.

        Raises:
            ProviderError: If the provider fails.
            UnsupportedError: If the model cannot do what is asked for.
            RefusalError: If the model refused.
            TruncatedOutputError: If the answer was cut off.
            StructuredOutputError: If the answer has another form.
        """
        runnable = self.llm.with_structured_output(
            schema, include_raw=True, **self._settings(model, settings)
        )
        asked = Prompt(prompt, system_message, images)
        return Ask(runnable, asked, _result, langchain_config(config))

    generate_structured = asynchronous("generate_structured", _structured)
    generate_structured_sync = synchronous("generate_structured_sync", _structured)


def _result(found: Mapping[str, Any], seconds: float) -> StructuredResult:
    if (error := found.get("parsing_error")) is not None:
        raise error
    return StructuredResult(**facts_of(found["raw"], seconds), value=found["parsed"])
