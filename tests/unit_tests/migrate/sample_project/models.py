"""The models of a small application, as they were before the migration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from langchain.chat_models import init_chat_model
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_openai import ChatOpenAI

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


def writer() -> ChatOpenAI:
    """Return the model that writes."""
    return ChatOpenAI(
        model="gpt-4o",
        base_url=os.environ["SAMPLE_OPENAI_URL"],
        api_key="test",
        max_tokens=100,
        model_kwargs={
            "prompt_cache_key": "writer",  # shared
            "user": "sample",
        },
    )


def reader() -> "ChatGoogleGenerativeAI":  # noqa: UP037 - a string to migrate
    """Return the model that reads."""
    return ChatGoogleGenerativeAI(
        model="models/gemini-2.5-flash",
        google_api_key="test",
        base_url=os.environ["SAMPLE_GOOGLE_URL"],
        max_output_tokens=200,
        stop_sequences=["END"],
    )


def judge() -> BaseChatModel:
    """Return the model that judges."""
    return init_chat_model(
        "gpt-4o-mini",
        model_provider="openai",
        base_url=os.environ["SAMPLE_OPENAI_URL"],
        api_key="test",
        temperature=0,
    )
