"""Binding tools, settings and a schema: the methods of the model that do it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableBinding, RunnableConfig

from langchain_unified.schemas.formats import neutral_format
from langchain_unified.schemas.tool_forms import neutral_tools
from langchain_unified.types import ToolLike

Bound: TypeAlias = RunnableBinding[LanguageModelInput, AIMessage]


def bind(model: BaseChatModel, /, **kwargs: Any) -> Bound:
    """Bind settings; binding again, tools and structured output keep them."""
    from langchain_unified.drop_in.bound import UnifiedBinding  # noqa: PLC0415

    return UnifiedBinding(bound=model, kwargs=kwargs, config={})


def with_config(
    model: BaseChatModel, /, config: RunnableConfig | None = None, **kwargs: Any
) -> Bound:
    """Bind a config; tools and structured output bound later keep it."""
    return model.bind().with_config(config, **kwargs)  # type: ignore[return-value]


def bind_tools(
    model: Any,
    /,
    tools: Sequence[ToolLike],
    *,
    tool_choice: dict[str, Any] | str | bool | None = None,
    strict: bool | None = None,
    **kwargs: Any,
) -> Runnable[LanguageModelInput, AIMessage]:
    """Bind tools; they are put in the wire's form when the model is known.

    Args:
        model: The chat model.
        tools: Functions, pydantic classes, `BaseTool`s or dictionaries.
        tool_choice: `auto`, `none`, `any` or `required`, the name of a tool, `True`
            for any, or a provider's dictionary.
        strict: Whether arguments must match the schema; beside `response_format` they
            must unless `False` is given, as for ChatOpenAI.
        **kwargs: Further settings to bind, for example `parallel_tool_calls` or
            `response_format`.
    """
    form = kwargs.get("response_format")
    if form and strict is not False and not model.use_responses_api:
        # Chat completions takes a form of the answer beside strict tools only.
        strict = True
    if form and not isinstance(form, type):
        kwargs["response_format"] = neutral_format(form, strict=strict)
    settings = {"tools": neutral_tools(tools, strict=strict), **kwargs}
    if tool_choice:
        settings["tool_choice"] = tool_choice
    bound: Runnable[LanguageModelInput, AIMessage] = model.bind(**settings)
    return bound


def with_structured_output(
    model: Any,
    /,
    schema: Any = None,
    *,
    method: str | None = None,
    include_raw: bool = False,
    strict: bool | None = None,
    **kwargs: Any,
) -> Runnable[LanguageModelInput, Any]:
    """Return a runnable that gives objects of a schema.

    How the form is asked for is decided at each call, for the model of the call: its
    native schema, else a tool call, else JSON described in words; the answer is checked
    on the client in every case.

    Args:
        model: The chat model.
        schema: A pydantic class, a `TypedDict`, a dataclass or a JSON Schema.
        method: `json_schema`, `function_calling` or `json_mode` to insist; where the
            model of the call cannot do it, the best it can do is used and the change
            put on record.
        include_raw: Whether to give `{"raw", "parsed", "parsing_error"}`.
        strict: Whether the answer must match to the letter.
        **kwargs: Further settings to bind, for example `tools`.

    Raises:
        RefusalError: At the call, if the model refused.
        TruncatedOutputError: At the call, if the answer was cut off.
        StructuredOutputError: At the call, if the answer has another form.
    """
    asked: Runnable[LanguageModelInput, Any] = model.bind().with_structured_output(
        schema, method=method, include_raw=include_raw, strict=strict, **kwargs
    )
    return asked
