"""The classes we are compared with; one that is not installed is left out."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from langchain_unified import UnifiedChatModel
from tests.benchmarks.server import Server

KEY = "benchmark"


def ours(server: Server, model: str, **settings: Any) -> UnifiedChatModel:
    """Return a `UnifiedChatModel` that talks to the server."""
    paced = settings.pop("paced", False)
    providers = {
        "openai": {"api_key": KEY, "base_url": server.openai(paced=paced)},
        "google_genai": {"api_key": KEY, "base_url": server.google(paced=paced)},
    }
    return UnifiedChatModel(model=model, providers=providers, **settings)


def openai(server: Server, model: str, **settings: Any) -> Any:
    """Return a `ChatOpenAI`."""
    from langchain_openai import ChatOpenAI

    base_url = server.openai(paced=settings.pop("paced", False))
    fields = {"stream_usage": True, **settings}
    return ChatOpenAI(model=model, api_key=KEY, base_url=base_url, **fields)


def google(server: Server, model: str, **settings: Any) -> Any:
    """Return a `ChatGoogleGenerativeAI`."""
    from langchain_google_genai import ChatGoogleGenerativeAI

    base_url = server.google(paced=settings.pop("paced", False))
    return ChatGoogleGenerativeAI(
        model=model, google_api_key=KEY, base_url=base_url, **settings
    )


def initialised(server: Server) -> Any | None:
    """Return what `init_chat_model` gives for models chosen per call."""
    if not installed("langchain"):
        return None
    from langchain.chat_models import init_chat_model

    return init_chat_model(
        configurable_fields=("model", "model_provider", "base_url"),
        api_key=KEY,
        base_url=server.openai(),
    )


def litellm(server: Server, model: str) -> Any | None:
    """Return a `ChatLiteLLM`."""
    if not installed("langchain_litellm"):
        return None
    from langchain_litellm import ChatLiteLLM

    return ChatLiteLLM(
        model=f"openai/{model}", api_key=KEY, api_base=server.openai(), max_retries=0
    )


def pydantic_ai(server: Server, model: str) -> Any | None:
    """Return a function that runs one request of pydantic-ai's OpenAI model."""
    if not installed("pydantic_ai"):
        return None
    from pydantic_ai.direct import model_request_sync
    from pydantic_ai.messages import ModelRequest
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    provider = OpenAIProvider(base_url=server.openai(), api_key=KEY)
    asked = OpenAIChatModel(model, provider=provider)
    messages = [ModelRequest.user_text_prompt("hi")]
    return lambda: model_request_sync(asked, messages)


def raw(server: Server, model: str) -> Any:
    """Return a function that does what no client can do without: httpx and json."""
    client = httpx.Client()
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    headers = {"authorization": f"Bearer {KEY}"}
    url = f"{server.openai()}/chat/completions"
    return lambda: json.loads(client.post(url, json=body, headers=headers).content)


def raw_stream(server: Server, model: str) -> Any:
    """Return a function that reads a stream with httpx and json."""
    client = httpx.Client()
    messages = [{"role": "user", "content": "hi"}]
    body = {"model": model, "messages": messages, "stream": True}
    url = f"{server.openai()}/chat/completions"

    def run() -> None:
        with client.stream("POST", url, json=body) as response:
            for line in response.iter_lines():
                if line.startswith("data: {"):
                    json.loads(line[6:])

    return run


def installed(package: str) -> bool:
    """Tell whether a peer is there."""
    return importlib.util.find_spec(package) is not None


def present(contenders: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the contenders that are not there."""
    return {name: run for name, run in contenders.items() if run is not None}


@contextmanager
def environment() -> Iterator[None]:
    """Switch tracing off, which would be measured too."""
    os.environ.update(LANGSMITH_TRACING="false", LANGCHAIN_TRACING_V2="false")
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    yield
