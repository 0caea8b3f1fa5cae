"""A FastAPI application as it was written against the old service.

No line of it changes during the migration: it knows a service with the old methods, the
exceptions of the OpenAI SDK, and a hook that counts.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Protocol

import openai
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from pydantic import BaseModel, Field


class Service(Protocol):
    """All the application knows of the service behind it."""

    async def generate_text(
        self, prompt: str, model: str = "auto", **kwargs: Any
    ) -> dict[str, Any]:
        """Answer a prompt."""
        ...

    def __getattr__(self, name: str) -> Any:
        """Return a further method."""
        ...


class Asked(BaseModel):
    """What a client sends."""

    prompt: str = Field(min_length=1)
    model: str = "auto"
    max_tokens: int | None = None
    user: str | None = None


class Answer(BaseModel):
    """What a client gets."""

    text: str
    model_used: str


class Chat(BaseModel):
    """What a client of the OpenAI API sends."""

    model: str
    messages: list[dict[str, Any]]
    user: str | None = None


def create_app(service: Service, counts: Counter[str] | None = None) -> FastAPI:
    """Return the application; what it answers is counted for `/metrics`."""
    app = FastAPI()
    counted: Counter[str] = Counter() if counts is None else counts

    @app.exception_handler(openai.APIError)
    async def failed(request: Request, error: openai.APIError) -> JSONResponse:
        status = getattr(error, "status_code", None)
        counted[f'errors_total{{status="{status}"}}'] += 1
        told = status if status in {400, 404, 429} else 502
        return JSONResponse({"detail": error.message}, status_code=told)

    @app.post("/generate")
    async def generate(asked: Asked) -> Answer:
        settings = asked.model_dump(exclude={"prompt", "model"}, exclude_none=True)
        answer = await service.generate_text(
            asked.prompt, model=asked.model, **settings
        )
        counted["answers_total"] += 1
        return Answer(text=answer["text"], model_used=answer["model_used"])

    @app.post("/stream")
    async def stream(asked: Asked) -> StreamingResponse:
        pieces = service.stream_text(asked.prompt, model=asked.model)
        return StreamingResponse(pieces, media_type="text/plain")

    @app.post("/v1/chat/completions")
    async def complete(chat: Chat) -> dict[str, Any]:
        named = {} if chat.user is None else {"user": chat.user}
        answer = await service.generate_chat(chat.messages, model=chat.model, **named)
        counted["answers_total"] += 1
        message = {"role": "assistant", "content": answer["text"]}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        return {
            "id": "chatcmpl-example",
            "object": "chat.completion",
            "created": 0,
            "model": answer["model_used"],
            "choices": [choice],
        }

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> str:
        return "".join(f"{name} {count}\n" for name, count in sorted(counted.items()))

    return app
