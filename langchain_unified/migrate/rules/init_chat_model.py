"""`init_chat_model(...)`: this package has it too, so that only the import moves."""

from __future__ import annotations

import libcst as cst

from langchain_unified.factory import class_facts, provider_of
from langchain_unified.migrate.arguments import Arguments
from langchain_unified.migrate.expressions import is_name, text_of

_DYNAMIC = (
    "the name is not in the text: a name of OpenAI, Gemini, Azure, Anthropic or Ollama "
    "gives UnifiedChatModel, any other what LangChain gave; write "
    "UnifiedChatModel(model=...) if it is always one of the former"
)
_OTHER = (
    "{!r} is of no provider that UnifiedChatModel has: init_chat_model goes on giving "
    "LangChain's own class"
)
_ELSEWHERE = (
    "{!r}: LangChain's function takes it for a model of {}, this one for one of {}; "
    "write the provider before the name"
)


def notes(call: cst.Call) -> list[str]:
    """Return what a call's reader should know of its model."""
    args = Arguments(call)
    given = args.find("model") or next(iter(args.positional), None)
    if given is None or is_name(given.value, "None"):
        return [_DYNAMIC]
    provider = args.find("model_provider")
    name = text_of(given.value)
    told = None if provider is None else text_of(provider.value)
    if name is None or (provider is not None and told is None):
        return [_DYNAMIC]
    ours = provider_of(name, told)
    if ours is None:
        return [_OTHER.format(f"{told}:{name}" if told else name)]
    theirs = class_facts()["inferred_by_langchain"]
    other = next((theirs[s] for s in theirs if name.lower().startswith(s)), None)
    return [_ELSEWHERE.format(name, other, ours)] if other and not told else []
