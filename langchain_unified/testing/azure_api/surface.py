"""The Azure OpenAI paths: dated API versions and the v1 API."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.errors import RefusalError
from langchain_unified.testing.openai_api.admission import admit
from langchain_unified.testing.openai_api.chat import chat_chunks, chat_completion
from langchain_unified.testing.openai_api.response_events import response_chunks
from langchain_unified.testing.openai_api.responses import response_body
from langchain_unified.testing.openai_api.store import ResponseStore
from langchain_unified.testing.recording import api_key_of
from langchain_unified.testing.rules import DATA
from langchain_unified.testing.signing import digest_of
from langchain_unified.testing.sse import data_event
from langchain_unified.testing.wire import HttpReply

if TYPE_CHECKING:
    from langchain_unified.testing.openai_api.call import OpenAICall
    from langchain_unified.testing.recording import RecordedRequest
    from langchain_unified.testing.settings import Settings
    from langchain_unified.testing.wire import HttpRequest

_PATH = re.compile(
    r"^/openai(?P<v1>/v1)?(?:/deployments/(?P<deployment>[^/]+))?"
    r"/(?P<method>chat/completions|responses)$"
)
_ENDPOINTS = {"chat/completions": "chat", "responses": "responses"}
_FIRST_WITH_RESPONSES = "2025-03-01-preview"
_SAFE = {
    name: {"filtered": False, "severity": "safe"}
    for name in ("hate", "self_harm", "sexual", "violence")
}
_NOT_FOUND = {"detected": False, "filtered": False}
_FILTERED = {
    **_SAFE,
    "protected_material_code": _NOT_FOUND,
    "protected_material_text": _NOT_FOUND,
}
_PROMPT_FILTERED = {**_SAFE, "jailbreak": _NOT_FOUND}
_NOT_ON_AZURE = ("service_tier",)


class AzureSurface:
    """Answers the requests below `/openai`.

    Attributes:
        deployments: OpenAI model by deployment; a model's own name is one, too.
    """

    provider = "azure_openai"

    def __init__(self) -> None:
        """Start with the shipped deployments and without kept responses."""
        self.deployments = dict(_shipped())
        self._store = ResponseStore()

    def claims(self, request: HttpRequest) -> bool:
        """Tell whether a request is for Azure OpenAI."""
        return request.path.startswith("/openai/")

    def describe(self, recorded: RecordedRequest) -> None:
        """Fill in endpoint, deployment (as the model) and streaming of a record."""
        body = recorded.body if isinstance(recorded.body, dict) else {}
        found = _PATH.match(recorded.path)
        if found is not None:
            recorded.endpoint = _ENDPOINTS[found["method"]]
            recorded.model = found["deployment"] or body.get("model")
        recorded.streaming = bool(body.get("stream"))

    def answer(
        self,
        request: HttpRequest,
        recorded: RecordedRequest,
        settings: Settings,
        number: int,
    ) -> HttpReply:
        """Answer a request.

        Raises:
            RefusalError: With the error the API would send.
        """
        _check_key(request, settings)
        _check_path(request)
        model = self._model_behind(str(recorded.model))
        if settings.books["openai"].get(model, settings.today) is None:
            refuse(
                "The API deployment for this resource does not exist. If you created "
                "the deployment within the last 5 minutes, please wait a moment and "
                "try again.",
                404,
                "DeploymentNotFound",
                kind="invalid_request_error",
            )
        body = {**(recorded.body or {}), "model": model}
        behind = replace(recorded, body=body)
        endpoint = recorded.endpoint or "chat"
        call = admit(endpoint, behind, settings, self._store)
        call.rules = replace(
            call.rules, answers_as=_answering(endpoint, recorded, call)
        )
        return _reply(endpoint, call, number)

    def _model_behind(self, deployment: str) -> str:
        """Return the model of a deployment, in OpenAI's spelling."""
        model = self.deployments.get(deployment, deployment)
        return _spellings().get(model, model)

    def headers(self, number: int) -> dict[str, str]:
        """Return the headers every reply carries."""
        return {"apim-request-id": digest_of("azure request", number)}

    def reset(self) -> None:
        """Forget the kept responses."""
        self._store.clear()


def refuse(message: str, status: int, code: str, kind: str | None = None) -> None:
    """Refuse a request.

    Raises:
        RefusalError: Always.
    """
    head = {"type": kind} if kind else {}
    raise RefusalError(status, {"error": {**head, "code": code, "message": message}})


@cache
def _shipped() -> dict[str, str]:
    text = (DATA / "azure_openai.json").read_text(encoding="utf-8")
    deployments: dict[str, str] = json.loads(text)["deployments"]
    return deployments


@cache
def _spellings() -> dict[str, str]:
    text = (DATA / "azure_openai.json").read_text(encoding="utf-8")
    spellings: dict[str, str] = json.loads(text)["spellings"]
    return spellings


def _check_key(request: HttpRequest, settings: Settings) -> None:
    key = api_key_of(request)
    if not key or not settings.accepts_key("azure_openai", key):
        refuse(
            "Access denied due to invalid subscription key or wrong API endpoint. Make "
            "sure to provide a valid key for an active subscription and use a correct "
            "regional API endpoint for your resource.",
            401,
            "401",
        )


def _check_path(request: HttpRequest) -> None:
    found = _PATH.match(request.path)
    if found is None or request.method != "POST":
        refuse("Resource not found", 404, "404")
        return
    dated, version = found["v1"] is None, request.query.get("api-version", "")
    on_chat = found["method"] == "chat/completions"
    if (dated and not version) or bool(found["deployment"]) != (dated and on_chat):
        refuse("Resource not found", 404, "404")
    if dated and not on_chat and version < _FIRST_WITH_RESPONSES:
        refuse(
            "Azure OpenAI Responses API is enabled only for api-version "
            f"{_FIRST_WITH_RESPONSES} and later",
            400,
            "BadRequest",
        )


def _reply(endpoint: str, call: OpenAICall, number: int) -> HttpReply:
    stream = {"content-type": "text/event-stream; charset=utf-8"}
    wants_stream = call.body.get("stream")
    if endpoint == "responses":
        if wants_stream:
            return HttpReply(200, stream, chunks=response_chunks(call, number))
        body = response_body(call, number)
        body.pop("billing")
        return _json({**body, "content_filters": _content_filters()})
    if wants_stream:
        chunks = [_prompt_chunk(), *map(_filtered_chunk, chat_chunks(call, number))]
        return HttpReply(200, stream, chunks=chunks)
    body = _filtered(chat_completion(call, number))
    return _json({**body, "prompt_filter_results": _prompt_results()})


def _answering(endpoint: str, recorded: RecordedRequest, call: OpenAICall) -> str:
    """Return the model an answer names: on Responses it is the deployment."""
    if endpoint == "responses":
        return str(recorded.model)
    own = {model: spelling for spelling, model in _spellings().items()}
    return own.get(call.rules.id) or call.rules.answers_as or call.rules.id


def _filtered(body: dict[str, Any]) -> dict[str, Any]:
    for choice in body["choices"]:
        choice["content_filter_results"] = _FILTERED
    return {k: v for k, v in body.items() if k not in _NOT_ON_AZURE}


def _filtered_chunk(chunk: bytes) -> bytes:
    """Return a chunk as Azure sends it; the filter is silent where no text is."""
    text = chunk.decode().removeprefix("data: ").strip()
    if text == "[DONE]":
        return chunk
    body = _filtered(json.loads(text))
    for choice in body["choices"]:
        if not choice["delta"].get("content"):
            choice["content_filter_results"] = {}
    return data_event(body)


def _content_filters() -> list[dict[str, Any]]:
    places = {"start_offset": 0, "end_offset": 0, "check_offset": 0}
    return [
        {
            "blocked": False,
            "content_filter_offsets": places,
            "content_filter_raw": [],
            "content_filter_results": results,
            "source_type": source,
        }
        for source, results in (("prompt", _PROMPT_FILTERED), ("completion", _FILTERED))
    ]


def _prompt_chunk() -> bytes:
    """Return Azure's first chunk: no choices, only what the filter thought."""
    return data_event(
        {
            "id": "",
            "object": "",
            "created": 0,
            "model": "",
            "choices": [],
            "prompt_filter_results": _prompt_results(),
        }
    )


def _prompt_results() -> list[dict[str, Any]]:
    return [{"prompt_index": 0, "content_filter_results": _PROMPT_FILTERED}]


def _json(value: Any) -> HttpReply:
    body = json.dumps(value, ensure_ascii=False).encode()
    return HttpReply(200, {"content-type": "application/json"}, body)
