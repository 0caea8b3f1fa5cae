"""A pytest plugin that puts `UnifiedChatModel` in the place of `ChatOpenAI` in tests.

The tests are those of langchain-openai, brought to a folder by `test_their_tests.py`. A
test that looks at the request (`_get_request_payload`) is given the body of the first
HTTP request instead, so that a class without ChatOpenAI's insides can take it.

`THEIR_CLASS=theirs` leaves `ChatOpenAI` in its place, for the comparison.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
from functools import partial, partialmethod
from pathlib import Path
from typing import Any

import pytest

ANSWERS = {
    "/responses": {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": "m",
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    },
    "/chat/completions": {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": ""},
            }
        ],
    },
}

INSIDE = re.compile(
    r"\._(?!get_request_payload|use_responses_api)[a-z]\w*\(|patch|mock_|Mock"
    r"|monkeypatch\.setattr|\bAzureChatOpenAI\b|snapshot|httpx"
)
"""What a test says that looks inside the class, or plants something in it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the tests that speak of behaviour, and give them the other class."""
    kept = [item for item in items if _speaks_of_behaviour(item)]
    items[:] = kept
    if os.environ.get("THEIR_CLASS") == "theirs":
        return
    from langchain_openai import ChatOpenAI

    from langchain_unified import UnifiedChatModel

    for item in kept:
        for place in (vars(item.module), getattr(item, "callspec", None)):
            _replace(place, ChatOpenAI, UnifiedChatModel)


def _speaks_of_behaviour(item: Any) -> bool:
    module, function = item.module, item.function
    if not hasattr(module, "ChatOpenAI") or not _is_of_the_class(item):
        return False
    return INSIDE.search(inspect.getsource(function)) is None


def _is_of_the_class(item: Any) -> bool:
    """Tell whether a test, or the standard suite it belongs to, is of the class."""
    if item.cls is not None:
        return "ChatOpenAI" in inspect.getsource(item.cls)
    return "ChatOpenAI" in inspect.getsource(item.function)


def _replace(place: Any, old: type, new: type) -> None:
    if isinstance(place, dict):
        for name, value in list(place.items()):
            if value is old:
                place[name] = new
    elif place is not None:
        place.params.update({k: new for k, v in place.params.items() if v is old})


@pytest.fixture(autouse=True)
def _requests_instead_of_insides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer what a test asks the class for by the first request of a call."""
    from langchain_openai import ChatOpenAI

    from langchain_unified import UnifiedChatModel

    for kind in (ChatOpenAI, UnifiedChatModel):
        own: Any = kind
        payload = partial(_payload, getattr(own, "_get_request_payload", None))
        uses = partial(_uses, getattr(own, "_use_responses_api", None))
        for name, face in (
            ("_get_request_payload", payload),
            ("_use_responses_api", uses),
        ):
            monkeypatch.setattr(own, name, partialmethod(face), raising=False)


_SEEN: list[list[tuple[str, dict[str, Any]]]] = []
"""The requests of the call under way; the class's own steps are its own then."""


def _payload(
    before: Any, self: Any, given: Any, *, stop: Any = None, **kwargs: Any
) -> Any:
    if _SEEN:
        return before(self, given, stop=stop, **kwargs)
    return _first_request(self, given, stop, kwargs)[1]


def _uses(before: Any, self: Any, given: dict[str, Any]) -> Any:
    if _SEEN or not _is_asked_by_a_test():
        return before(self, given) if before else None
    return _first_request(self, "hi", None, given)[0].endswith("/responses")


def _is_asked_by_a_test() -> bool:
    """Tell whether a test asks, and not the class itself while it is made."""
    frames = (frame.filename for frame in inspect.stack(context=0)[2:6])
    return any("unit_tests" in Path(name).parts for name in list(frames)[:3])


def _first_request(
    model: Any, given: Any, stop: Any, kwargs: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Return path and body of the first request of a call; no request is sent."""
    seen: list[tuple[str, dict[str, Any]]] = []
    _SEEN.append(seen)
    library = importlib.import_module(
        next(b for b in _bases() if b.startswith("httpx"))
    )
    before = library.Client.send

    def send(self: Any, request: Any, **options: Any) -> Any:
        del self, options
        path = request.url.path
        seen.append((path, json.loads(request.read())))
        answer = next(body for end, body in ANSWERS.items() if path.endswith(end))
        return library.Response(200, json=answer, request=request)

    library.Client.send = send
    try:
        model.invoke(given, stop=stop, **kwargs)
    except Exception:
        if not seen:
            raise
    finally:
        library.Client.send = before
        _SEEN.pop()
    return seen[0]


def _bases() -> list[str]:
    import openai

    return [b.__module__.partition(".")[0] for b in openai.DefaultHttpxClient.__mro__]
