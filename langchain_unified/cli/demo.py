"""The demo: one prompt through several models with the same settings."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk
from rich.console import Console

from langchain_unified.chat_model import UnifiedChatModel
from langchain_unified.cli.output import console, errors, print_json
from langchain_unified.content import RECORD
from langchain_unified.data import read_toml
from langchain_unified.errors import UnifiedError
from langchain_unified.types import CallPlan
from langchain_unified.types.display import change_lines, compact, label_lines

_KEYS = {
    "OPENAI_API_KEY": ("OPENAI_API_KEY",),
    "GOOGLE_API_KEY": ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
}


def run(
    prompt: str, models: Sequence[str] | None = None, *, as_json: bool = False
) -> int:
    """Send one prompt to several models, and print each request and response.

    Args:
        prompt: The prompt.
        models: Model names; by default, one for each kind of request.
        as_json: Print one JSON list instead of a report.

    Returns:
        The exit code: 1 if a model failed.
    """
    facts = read_toml("demo.toml")
    names, asked = models or facts["models"], facts["settings"]
    with _providers(errors if as_json else console) as settings:
        llm = UnifiedChatModel(
            model=names[0], on_unsupported="ignore", **asked, **settings
        )
        if as_json:
            rows = [_row(llm, model, prompt) for model in names]
            print_json(rows)
            return 0 if all("error" not in row for row in rows) else 1
        console.print(f"Settings for all: {compact(asked)}\nPrompt: {prompt}\n")
        answers = [
            _ask(llm, model, prompt, stream=model == facts["streamed"])
            for model in names
        ]
    return 0 if all(answers) else 1


@contextmanager
def _providers(tell: Console) -> Iterator[dict[str, Any]]:
    """Yield settings for the real providers or the emulator; never a mixture."""
    missing = [
        name
        for name, spellings in _KEYS.items()
        if not any(os.environ.get(spelling) for spelling in spellings)
    ]
    if not missing:
        tell.print("Calling the real providers with the keys of the environment.")
        yield {}
        return
    from langchain_unified.testing.playground import playground  # noqa: PLC0415

    tell.print(
        f"{' and '.join(missing)} not set: the local emulator answers for all models. "
        "It enforces each model's parameter rules, and answers by repeating the "
        "prompt."
    )
    with playground("emulator") as place:
        yield place.settings


def _row(llm: UnifiedChatModel, model: str, prompt: str) -> dict[str, Any]:
    """Return the request and the response of one model as data."""
    plan = llm.explain(prompt, model=model)
    row = {"model": model, "endpoint": plan.endpoint, "sent": dict(plan.body)}
    try:
        answer = llm.invoke(prompt, model=model)
    except UnifiedError as error:
        return {**row, "error": str(error)}
    record = answer.response_metadata[RECORD]
    usage = answer.usage_metadata
    tokens = usage["output_tokens"] if usage else None
    told = {"text": answer.text, "output_tokens": tokens}
    return {**row, "changes": record["changes"], **told}


def _ask(llm: UnifiedChatModel, model: str, prompt: str, *, stream: bool) -> bool:
    """Call one model, and print its request, the changes and its response."""
    plan = llm.explain(prompt, model=model, stream=stream)
    console.print(f"[bold]── {model} ──[/bold]", highlight=False)
    _show_plan(plan)
    try:
        answer = _answer(llm, model, prompt, stream=stream)
    except UnifiedError as error:
        console.print(f"[red]failed:[/red] {error}\n")
        return False
    usage = answer.usage_metadata
    console.print(
        f"[dim]{usage['output_tokens']} output tokens[/dim]\n" if usage else ""
    )
    return True


def _answer(
    llm: UnifiedChatModel, model: str, prompt: str, *, stream: bool
) -> AIMessage:
    if not stream:
        answer = llm.invoke(prompt, model=model)
        console.print(f"answer      {answer.text}", markup=False)
        return answer
    console.print("streamed    ", end="")
    whole: AIMessageChunk | None = None
    for chunk in llm.stream(prompt, model=model):
        console.print(chunk.text, end="", markup=False)
        whole = chunk if whole is None else whole + chunk
    console.print()
    return whole or AIMessage("")


def _show_plan(plan: CallPlan) -> None:
    rows = [("endpoint", plan.endpoint), ("parameters", compact(plan.body))]
    changes = change_lines(plan, sources=False) or ["  none"]
    text = "\n".join([*label_lines(rows), "changes", *changes])
    console.print(text, markup=False, highlight=False)
