"""Odd input: an error of ours, before sending, that catches as ChatOpenAI's does."""

from __future__ import annotations

import pickle
from typing import Any

import openai
import pytest
from langchain_core.messages import AIMessage, HumanMessage, RemoveMessage, ToolMessage
from langchain_openai import ChatOpenAI

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import (
    InvalidParameterError,
    InvalidTypeError,
    ProviderConnectionError,
    UnifiedError,
    invalid_as,
)
from langchain_unified.testing import ProviderEmulator

LONE = "\ud800x"
NAN = float("nan")
CIRCLE: dict[str, Any] = {}
CIRCLE["again"] = CIRCLE
SECRET = "sk-odd-input-4711"


def _after_a_call(result: str = "r", arguments: Any = None) -> Any:
    call = {"name": "f", "args": arguments or {}, "id": "1"}
    asked = AIMessage("", tool_calls=[call])  # type: ignore[list-item]
    return [HumanMessage("q"), asked, ToolMessage(result, tool_call_id="1")]


MESSAGES: dict[str, Any] = {
    "a number": 5,
    "None": None,
    "bytes": b"hello",
    "a list of numbers": [5],
    "a list of None": [None],
    "a tuple of one": [("user",)],
    "a tuple of three": [("user", "a", "b")],
    "an unknown role": [("martian", "x")],
    "no role": [{"content": "x"}],
    "no content": [{"role": "user"}],
    "role None": [{"role": None, "content": "x"}],
    "content that is a number": [{"role": "user", "content": 5}],
    "a block that is a number": [{"role": "user", "content": [5]}],
    "a result without its call": [{"role": "tool", "content": "x"}],
    "a RemoveMessage": [RemoveMessage(id="1")],
    "a lone surrogate": LONE,
    "a lone surrogate in a result": _after_a_call(LONE),
    "an object in arguments": _after_a_call(arguments={"a": object()}),
    "a name with a lone surrogate": [HumanMessage("x", name=LONE)],
}
SETTINGS: dict[str, dict[str, Any]] = {
    "headers, a number": {"extra_headers": 5},
    "headers, a text": {"extra_headers": "a: b"},
    "headers, a list": {"extra_headers": [("a", "b")]},
    "a header that is a number": {"extra_headers": {"a": 5}},
    "a header that is None": {"extra_headers": {"a": None}},
    "a header beyond ASCII": {"extra_headers": {"a": "\N{SNOWMAN}"}},
    "a query that is a number": {"extra_query": 5},
    "a body that is a number": {"extra_body": 5},
    "a body that is a text": {"extra_body": "x"},
    "an object in the body": {"extra_body": {"k": object()}},
    "a set deep in the body": {"extra_body": {"k": [{"z": {1}}]}},
    "NaN in the body": {"extra_body": {"k": NAN}},
    "a circle in the body": {"extra_body": CIRCLE},
    "a tuple as a key": {"extra_body": {(1, 2): 3}},
    "a lone surrogate in the body": {"extra_body": {"k": LONE}},
    "temperature, an object": {"temperature": object()},
    "temperature, NaN": {"temperature": NAN},
    "stop with a lone surrogate": {"stop": [LONE]},
    "user with a lone surrogate": {"user": LONE},
    "tools, a number": {"tools": 5},
    "tools, numbers": {"tools": [5]},
    "tools, None": {"tools": [None]},
}


def _outcome(kind: Any, messages: Any, **settings: Any) -> Exception | None:
    with ProviderEmulator() as server:
        base = server.openai_base_url
        llm = kind(model="gpt-4o", api_key="sk-test", base_url=base, max_retries=0)
        try:
            llm.invoke(messages, **settings)
        except Exception as error:  # noqa: BLE001 - compared by its class
            assert [] == server.requests
            return error
    return None


def _families(error: Exception | None) -> list[type]:
    """Return the classes of Python and the SDK by which an error can be caught."""
    homes = {"builtins", "openai"}
    found = type(error).__mro__
    return [kind for kind in found if kind.__module__.partition(".")[0] in homes]


def _assert_caught_alike(messages: Any, **settings: Any) -> None:
    theirs = _outcome(ChatOpenAI, messages, **settings)
    ours = _outcome(UnifiedChatModel, messages, **settings)

    assert isinstance(ours, UnifiedError)
    assert [] == [k for k in _families(theirs) if not isinstance(ours, k)]
    assert theirs is not None


@pytest.mark.parametrize("name", MESSAGES)
def test_messages(name: str) -> None:
    """Who catches what ChatOpenAI raises for odd messages catches ours."""
    _assert_caught_alike(MESSAGES[name])


@pytest.mark.parametrize("name", SETTINGS)
def test_settings(name: str) -> None:
    """Who catches what ChatOpenAI raises for odd settings catches ours."""
    _assert_caught_alike("hello", **SETTINGS[name])


@pytest.mark.parametrize("headers", [{"a": "b\r\nc: d"}, {"a\nb": "c"}])
def test_a_newline_in_a_header(headers: dict[str, str]) -> None:
    """ChatOpenAI raises `APIConnectionError` once it is connected; nothing is sent."""
    error = _outcome(UnifiedChatModel, "hello", extra_headers=headers)

    assert isinstance(error, ProviderConnectionError)
    assert isinstance(error, openai.APIConnectionError)


@pytest.mark.parametrize("timeout", [[1], {}, object()])
def test_a_timeout_that_is_none(timeout: Any) -> None:
    """ChatOpenAI raises `TypeError`, and leaves a socket open."""
    error = _outcome(UnifiedChatModel, "hello", timeout=timeout)

    assert isinstance(error, InvalidTypeError)


BLOCKS: dict[str, Any] = {
    "without text": {"type": "text"},
    "of None": {"type": "text", "text": None},
    "of a number": {"type": "text", "text": 5},
}


@pytest.mark.parametrize("name", BLOCKS)
def test_a_text_block_without_text_for_gemini(name: str) -> None:
    """google-genai's own error would be no error of ours."""
    llm = UnifiedChatModel(model="gemini-2.5-flash", google_api_key="test")

    with pytest.raises(InvalidParameterError, match="messages"):
        llm.invoke([HumanMessage([BLOCKS[name]])])


@pytest.mark.parametrize("face", ["invoke", "stream"])
@pytest.mark.parametrize("key", [f"{SECRET}\n", f"{SECRET}\N{SNOWMAN}"])
def test_a_key_that_no_header_can_hold_is_not_shown(key: str, face: str) -> None:
    """h11's and Python's errors repeat the value of the header."""
    with ProviderEmulator() as server:
        base = server.openai_base_url
        llm = UnifiedChatModel(model="gpt-4o", api_key=key, base_url=base)

        with pytest.raises((InvalidParameterError, ProviderConnectionError)) as caught:
            llm.invoke("hi") if face == "invoke" else list(llm.stream("hi"))

        assert [] == server.requests
    assert SECRET not in _told(caught.value)


def _told(error: BaseException | None) -> str:
    """Return all that a log could show of an error and its causes."""
    told = ""
    while error is not None:
        told += f"{error}{error!r}{error.args!r}{getattr(error, 'object', '')!r}"
        context = None if error.__suppress_context__ else error.__context__
        error = error.__cause__ or context
    return told


@pytest.mark.parametrize(
    "raised",
    [
        KeyError("role"),
        NotImplementedError("x"),
        TypeError("x"),
        ValueError("x"),
        UnicodeEncodeError("utf-8", "a\ud800", 1, 2, "surrogates not allowed"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_combined_errors_travel(raised: Exception) -> None:
    """They are pickled with their classes, message and attributes."""
    error = invalid_as(raised, "messages", "...", "give others.")

    found = pickle.loads(pickle.dumps(error))

    assert isinstance(found, type(raised))
    assert str(error) == str(found)
    assert ("messages", "...") == (found.parameter, found.value)


def test_wrong_types_are_type_errors_as_well() -> None:
    """And still what they were."""
    error = pickle.loads(pickle.dumps(InvalidTypeError("n", "x", "give an integer.")))

    assert isinstance(error, (TypeError, ValueError))
    assert "n='x' is not valid: give an integer." == str(error)
