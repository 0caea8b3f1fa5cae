"""The demo: one prompt through several models with the same settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk
from rich.console import Console
from rich.table import Table

from langchain_unified.chat_model import UnifiedChatModel
from langchain_unified.data import read_toml
from langchain_unified.display import compact
from langchain_unified.errors import UnifiedError
from langchain_unified.types import CallPlan

SETTINGS: dict[str, Any] = {"temperature": 0, "max_tokens": 100, "stop": ["\n\n"]}
_KEYS = {
    "OPENAI_API_KEY": ("OPENAI_API_KEY",),
    "GOOGLE_API_KEY": ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
}


def run(prompt: str, console: Console | None = None) -> int:
    """Ask every model of the demo; return the exit code."""
    console = console or Console()
    models = read_toml("demo.toml")
    with _providers(console) as settings:
        llm = UnifiedChatModel(
            model=models["models"][0], on_unsupported="ignore", **SETTINGS, **settings
        )
        console.print(f"Settings for all: {compact(SETTINGS)}\nPrompt: {prompt}\n")
        answers = [
            _ask(console, llm, model, prompt, stream=model == models["streamed"])
            for model in models["models"]
        ]
    return 0 if all(answers) else 1


@contextmanager
def _providers(console: Console) -> Iterator[dict[str, Any]]:
    """Give real providers or the emulator to all models; never a mixture."""
    missing = [
        name
        for name, spellings in _KEYS.items()
        if not any(os.environ.get(spelling) for spelling in spellings)
    ]
    if not missing:
        console.print("Calling the real providers with the keys of the environment.")
        yield {}
        return
    from langchain_unified.testing import ProviderEmulator  # noqa: PLC0415

    console.print(
        f"No {' and no '.join(missing)} in the environment: all models are played by "
        "the local emulator, which enforces each model's parameter rules."
    )
    with ProviderEmulator() as emulator:
        yield {
            "providers": {
                "openai": {
                    "api_key": "emulator",
                    "base_url": emulator.openai_base_url,
                },
                "google_genai": {
                    "api_key": "emulator",
                    "base_url": emulator.google_base_url,
                },
            }
        }


def _ask(
    console: Console, llm: UnifiedChatModel, model: str, prompt: str, *, stream: bool
) -> bool:
    """Ask one model and show what was sent, changed and answered."""
    plan = llm.explain(prompt, model=model, stream=stream)
    console.rule(f"[bold]{model}[/bold]", align="left")
    _show_plan(console, plan)
    try:
        answer = _answer(console, llm, model, prompt, stream=stream)
    except UnifiedError as error:
        console.print(f"[red]failed:[/red] {error}\n")
        return False
    usage = answer.usage_metadata
    console.print(
        f"[dim]{usage['output_tokens']} output tokens[/dim]\n" if usage else ""
    )
    return True


def _answer(
    console: Console, llm: UnifiedChatModel, model: str, prompt: str, *, stream: bool
) -> AIMessage:
    if not stream:
        answer = llm.invoke(prompt, model=model)
        console.print("answer  ", end="")
        console.print(answer.text, markup=False)
        return answer
    console.print("streamed ", end="")
    whole: AIMessageChunk | None = None
    for chunk in llm.stream(prompt, model=model):
        console.print(chunk.text, end="", markup=False)
        whole = chunk if whole is None else whole + chunk
    console.print()
    return whole or AIMessage("")


def _show_plan(console: Console, plan: CallPlan) -> None:
    console.print(f"sent     {plan.endpoint} ", end="")
    console.print(compact(plan.body), markup=False)
    table = Table(show_header=False, box=None, padding=(0, 1, 0, 0))
    for change in plan.changes:
        sent = compact(change.sent) if change.sent is not None else "-"
        table.add_row(change.kind, change.parameter, sent, change.reason)
    console.print(table if plan.changes else "changed  nothing")
