"""A FastAPI application as it was written against the old service."""

from __future__ import annotations

from typing import Any, Protocol

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field


class Service(Protocol):
    """All the application knows of the service behind it."""

    async def generate_text(
        self, prompt: str, model: str = "auto", **kwargs: Any
    ) -> dict[str, Any]:
        """Answer a prompt."""
        ...


class Request(BaseModel):
    """What a client sends."""

    prompt: str = Field(min_length=1)
    model: str = "auto"
    max_tokens: int | None = None


class Response(BaseModel):
    """What a client gets."""

    text: str
    model_used: str


def create_app(service: Service) -> FastAPI:
    """Return the application."""
    app = FastAPI()

    @app.post("/generate")
    async def generate(request: Request) -> Response:
        settings = (
            {} if request.max_tokens is None else {"max_tokens": request.max_tokens}
        )
        answer = await service.generate_text(
            request.prompt, model=request.model, **settings
        )
        if not answer["success"]:
            raise HTTPException(502, answer["error"])
        return Response(text=answer["text"], model_used=answer["model_used"])

    return app
