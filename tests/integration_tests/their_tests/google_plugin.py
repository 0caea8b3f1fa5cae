"""A pytest plugin that runs the tests of `ChatGoogleGenerativeAI` on our class.

What a test reads of that class's insides is answered by what goes over HTTP: the
request that a method or a function would have made is the body of the first request,
and the answer it would have read is played to the class.

`THEIR_CLASS=theirs` leaves `ChatGoogleGenerativeAI` in its place, for the comparison.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import NonCallableMock

import google.genai
import langchain_google_genai.chat_models as their_module
import pytest
from google.genai.types import Candidate, Content, GenerateContentConfig
from google.genai.types import GenerateContentResponse as Response
from google.oauth2.credentials import Credentials
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.outputs import ChatGeneration, ChatResult

from langchain_unified import UnifiedChatModel
from langchain_unified.runtime import runtime

SEEN_FROM_OUTSIDE = re.compile(
    r"_prepare_request|_parse_chat_history|_response_to_result|_convert_to_parts"
    r"|_parse_response_candidate|generate_content|invoke|stream|chat_model_class"
)
"""What a test says that speaks of a request or an answer."""

INSIDE = re.compile(
    r"_convert_tool_message_to_parts|_validate_video_metadata|_ai_message_tool_messages"
    r"|_convert_from_v1|_merge_http|_handle_(client|server)|_is_gemini|_prepare_params"
    r"|_supports_thinking|_uses_fixed|_mock_chat|_model_profile|_identifying_params"
    r"|async_client|aclose|http_options|timeout|max_retries|_ClientCleanup"
    r"|Mock\(finish|= Mock\(\)\n    mock_response\."
    r"|patch\(\s*\"langchain_google_genai(?!\.chat_models\.(Client|uuid))"
    r"|patch\.object\(\s*(llm|ChatGoogleGenerativeAI), "
)
"""What a test says that only ChatGoogleGenerativeAI's own insides can answer."""

ANSWER = {
    "candidates": [
        {
            "content": {"role": "model", "parts": [{"text": "."}]},
            "finishReason": "STOP",
        }
    ]
}


class World:
    """What the HTTP clients of the process are answered."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.client: Any = None
        self.answers: list[dict[str, Any]] | None = None

    def answer(self, path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the answers to a request: one, or those of a stream."""
        self.requests.append((path, body))
        if self.answers is not None:
            return self.answers
        models = getattr(self.client, "models", None)
        streams = "stream" in path
        name = "generate_content_stream" if streams else "generate_content"
        planted = getattr(models, name, None)
        if isinstance(planted, NonCallableMock):
            told: Any = planted(**as_request(path, body))
            return ended([on_the_wire(one) for one in (told if streams else [told])])
        return [ANSWER]


WORLD = World()


def on_the_wire(response: Response) -> dict[str, Any]:
    """Return an answer as the API has it."""
    return response.model_dump(mode="json", by_alias=True, exclude_none=True)


def ended(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give a stream the finish reason that the API never leaves out."""
    candidates = [one for answer in answers for one in answer.get("candidates", ())]
    if candidates and not any("finishReason" in one for one in candidates):
        candidates[-1]["finishReason"] = "STOP"
    return answers


def as_request(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return a body of the wire as the arguments of google-genai's methods."""
    settings = {**body, **body.get("generationConfig", {})}
    contents = [Content.model_validate(one) for one in body["contents"]]
    known = {f.alias or n for n, f in GenerateContentConfig.model_fields.items()}
    told = {name: value for name, value in settings.items() if name in known}
    config = GenerateContentConfig.model_validate(told)
    model = path.partition("/models/")[2].partition(":")[0]
    return {"model": model, "contents": contents, "config": config}


def pytest_configure() -> None:
    """Serve every HTTP client that google-genai uses."""
    library: Any = importlib.import_module(
        "httpx2" if google.genai.__version__ >= "3" else "httpx"
    )

    def served(request: Any) -> Any:
        answers = WORLD.answer(request.url.path, json.loads(request.read()))
        if "stream" in request.url.path:
            text = "".join(f"data: {json.dumps(one)}\n\n" for one in answers)
            kind = {"content-type": "text/event-stream"}
            return library.Response(200, text=text, headers=kind, request=request)
        return library.Response(200, json=answers[0], request=request)

    def send(self: Any, request: Any, **options: Any) -> Any:
        del self, options
        return served(request)

    async def asend(self: Any, request: Any, **options: Any) -> Any:
        del self, options
        await request.aread()
        return served(request)

    library.Client.send = send
    library.AsyncClient.send = asend


class Ours(UnifiedChatModel):
    """`UnifiedChatModel` as the tests make it: of Google's, whatever the name."""

    def __init__(self, **kwargs: Any) -> None:
        """Name the provider where the registry does not know the model."""
        name = str(kwargs["model"]).removeprefix("models/")
        prefix = "" if name.startswith("gemini-") else "google_genai:"
        super().__init__(**{**_credentials(kwargs), "model": f"{prefix}{name}"})
        made: Any = their_module.Client
        planted = isinstance(made, NonCallableMock)
        WORLD.client = made.return_value if planted else _no_client()

    @property
    def client(self) -> Any:
        """What a test plants answers on."""
        return WORLD.client

    def _prepare_request(
        self, messages: list[BaseMessage], *, stop: Any = None, **kwargs: Any
    ) -> dict[str, Any]:
        return first_request(self, messages, stop=stop, **kwargs)


def _credentials(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Add what Vertex AI wants, where a test leaves that to the machine's account."""
    if not kwargs.get("vertexai"):
        return kwargs
    account = Credentials(token="t")  # type: ignore[no-untyped-call]
    needed = {"project": "p", "location": "l", "credentials": account}
    given = {name: value for name, value in kwargs.items() if "key" not in name}
    return {**needed, **given}


def _no_client() -> Any:
    return SimpleNamespace(
        models=SimpleNamespace(generate_content=None, generate_content_stream=None)
    )


def first_request(model: Any, messages: Any, **kwargs: Any) -> dict[str, Any]:
    """Return the first request of a call in google-genai's words."""
    WORLD.requests = []
    try:
        model.invoke(messages, **kwargs)
    except Exception:
        if not WORLD.requests:
            raise
    return as_request(*WORLD.requests[0])


def _model(**kwargs: Any) -> Any:
    return Ours(**{"model": "gemini-3.5-flash", "api_key": "k", **kwargs})


def _parse_chat_history(
    messages: Any, *, model: str = "gemini-3.5-flash", use_vertexai: bool = False
) -> tuple[Any, list[Content]]:
    """Return system text and contents of a conversation that the API would take.

    One that begins with a model's turn, ends with one, or leaves calls unanswered is
    completed for the call; what was added is taken off again.
    """
    before, after = _completing(messages)
    llm = _model(model=model, vertexai=use_vertexai)
    told = [_stamped(one, model) for one in messages]
    request = first_request(llm, [*before, *told, *after])
    contents = request["contents"][len(before) :]
    return request["config"].system_instruction, contents[: len(contents) - bool(after)]


def _stamped(message: BaseMessage, model: str) -> BaseMessage:
    """Name the model of a reply of Google's: those of the API always have one."""
    told = message.response_metadata
    if not str(told.get("model_provider")).startswith("google"):
        return message
    named = {"model_name": model, **told, "model_provider": "google_genai"}
    return message.model_copy(update={"response_metadata": named})


def _completing(messages: Any) -> tuple[list[BaseMessage], list[BaseMessage]]:
    turns = [one for one in messages if not isinstance(one, SystemMessage)]
    before: list[BaseMessage] = []
    after: list[BaseMessage] = []
    if turns and isinstance(turns[0], AIMessage):
        before = [HumanMessage("(before)")]
    if turns and isinstance(turns[-1], AIMessage):
        calls = turns[-1].tool_calls
        after = [HumanMessage("(after)")]
        if calls:
            after = [ToolMessage("{}", tool_call_id=str(call["id"])) for call in calls]
    return before, after


def _convert_to_parts(content: Any, *, model: Any = None, **options: Any) -> Any:
    del options  # of a function of theirs; none is a setting of a call
    llm = _model(model=model or "gemini-3.5-flash")
    return first_request(llm, [HumanMessage(content)])["contents"][-1].parts


@contextmanager
def _playing(*responses: Response) -> Iterator[None]:
    WORLD.answers = ended([on_the_wire(one) for one in responses])
    try:
        yield
    finally:
        WORLD.answers = None


def _response_to_result(response: Response, *, stream: bool = False) -> ChatResult:
    with _playing(response):
        if stream:
            merged = list(_model().stream("hi"))
            message: Any = merged[0]
            for more in merged[1:]:
                message += more
            return ChatResult(generations=[ChatGeneration(message=message)])
        result = _model().generate([[HumanMessage("hi")]])
    return ChatResult(generations=result.generations[0], llm_output=result.llm_output)


def _parse_response_candidate(
    candidate: Candidate, *, streaming: bool = False, model_name: str | None = None
) -> Any:
    response = Response(candidates=[candidate], model_version=model_name)
    return _response_to_result(response, stream=streaming).generations[0].message


INSTEAD = {
    "ChatGoogleGenerativeAI": Ours,
    "_parse_chat_history": _parse_chat_history,
    "_convert_to_parts": _convert_to_parts,
    "_response_to_result": _response_to_result,
    "_parse_response_candidate": _parse_response_candidate,
}


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Leave the tests that speak of requests and answers, with the other class."""
    items[:] = [item for item in items if _speaks_of_behaviour(item)]
    if os.environ.get("THEIR_CLASS") == "theirs":
        return
    for item in items:
        names = vars(item.module)
        names.update({name: new for name, new in INSTEAD.items() if name in names})


def _speaks_of_behaviour(item: Any) -> bool:
    text = inspect.getsource(item.cls or item.function)
    return bool(SEEN_FROM_OUTSIDE.search(text)) and INSIDE.search(text) is None


@pytest.fixture(autouse=True)
def _own_connections() -> None:
    """Let no client made in one test serve another."""
    runtime.reset()
