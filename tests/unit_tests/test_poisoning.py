"""What a prompt says in a refusal teaches nothing: generated echoes, nothing kept."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import UnifiedError
from langchain_unified.learning import Lessons
from langchain_unified.registry import Registry
from langchain_unified.registry.loader import load_shipped
from langchain_unified.testing import ProviderEmulator, Reply

EXAMPLES = int(os.environ.get("POISONS", "60"))
"""How many echoes are generated; thousands with `POISONS=3000`."""

CALL: dict[str, Any] = {
    "temperature": 0.5,
    "seed": 5,
    "stop": ["END"],
    "max_tokens": 500,
    "tools": [
        {
            "type": "function",
            "function": {"name": "f", "parameters": {"type": "object"}},
        }
    ],
}
NAMES = st.sampled_from(
    ["temperature", "seed", "stop", "max_tokens", "tools", "model", "messages", "top_p"]
)
POISONS = st.one_of(
    st.builds(
        "Unsupported parameter: '{}' is not supported with this model.".format, NAMES
    ),
    st.builds(
        "Unsupported parameter: '{}' is not supported with this model. "
        "Use '{}' instead.".format,
        NAMES,
        NAMES,
    ),
    st.builds("Unrecognized request argument supplied: {}".format, NAMES),
    st.builds("{}: Extra inputs are not permitted".format, NAMES),
    st.builds(
        "max_tokens is too large: 500. This model supports at most {} completion "
        "tokens, whereas you provided 500.".format,
        st.integers(-5, 499),
    ),
    st.builds(
        "Unsupported value: '{}' does not support 0.5 with this model. Only the "
        "default (1) value is supported.".format,
        NAMES,
    ),
    st.sampled_from(
        [
            "please use /v1/responses",
            "This model is only supported in v1/responses.",
            "tool calling is not supported",
            "tools is not supported in this model.",
            "'my-model' does not support tools",
            "Your organization must be verified to stream this model.",
            "Thinking budget is not supported for this model.",
            "my-model is not a multimodal model",
        ]
    ),
)
FRAMES = st.sampled_from(
    [
        "{}",
        "{}.",
        "Invalid prompt: {}",
        "Invalid prompt: your prompt '{}' was flagged.",
        '{} "is not allowed here"',
        "BadRequestError: {}",
        "Error code: 400 - {}",
        "litellm.BadRequestError: OpenAIException - {}",
        "1 validation error for Request\nmessages.0\n  {}",
    ]
)
AROUND = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=20)


def _openai(said: str, frame: str) -> Any:
    return {"error": {"message": frame.format(said), "param": None, "code": None}}


def _vllm(said: str, frame: str) -> Any:
    entry = {
        "type": "dict_type",
        "loc": ("body", "messages", 0),
        "msg": frame.format(""),
    }
    entry["input"] = {"role": "user", "content": said}
    return {"object": "error", "message": str([entry]), "param": None, "code": 400}


def _fastapi(said: str, frame: str) -> Any:
    loc = ["body", "messages", 0, "content"]
    row = {"type": "list_type", "loc": loc, "msg": frame.format("bad"), "input": said}
    return {"detail": [row]}


def _told(said: str, frame: str) -> Any:
    return {"message": frame.format(json.dumps(said)[1:-1]), "type": "invalid"}


def _cut(said: str, frame: str) -> Any:
    return {
        "error": {"message": frame.format(said[: len(said) - 3]), "param": "messages"}
    }


def _bare(said: str, frame: str) -> Any:
    return {"error": frame.format(said)}


BODIES = st.sampled_from([_openai, _vllm, _fastapi, _told, _cut, _bare])


@pytest.fixture(scope="module")
def server() -> Iterator[ProviderEmulator]:
    """One server for all examples."""
    with ProviderEmulator(max_recorded=4) as running:
        yield running


def _llm(server: ProviderEmulator, registry: Registry) -> UnifiedChatModel:
    base_url, key = server.openai_base_url, "sk-test"
    return UnifiedChatModel(
        model="gpt-4o",
        registry=registry,
        max_retries=0,
        providers={"openai": {"api_key": key, "base_url": base_url}},
    )


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    poison=POISONS,
    frame=FRAMES,
    body=BODIES,
    around=st.tuples(AROUND, AROUND),
    status=st.sampled_from([400, 404, 422]),
    flaky=st.booleans(),
)
@example(
    poison="Unsupported value: 'max_tokens' does not support 0.5 with this model. "
    "Only the default (1) value is supported.",
    frame='{} "is not allowed here"',
    body=_cut,
    around=("", ""),
    status=400,
    flaky=False,
)
def test_an_echo_teaches_nothing(  # noqa: PLR0917 - drawn by name
    server: ProviderEmulator,
    poison: str,
    frame: str,
    body: Any,
    around: tuple[str, str],
    status: int,
    flaky: bool,  # noqa: FBT001
) -> None:
    """Whatever a prompt says and a server repeats of it, nothing is remembered.

    Not even where the server refuses the prompt once and takes it the next time.
    """
    registry = Registry(load_shipped(), lessons=Lessons())
    llm = _llm(server, registry)
    before = dict(llm.explain(**CALL).body)
    prompt = f"{around[0]}{poison}{around[1]}"
    server.reset()
    server.script(Reply(status, body(prompt, frame), times=1 if flaky else 0))

    with contextlib.suppress(UnifiedError):
        llm.invoke(prompt, **CALL)

    assert [] == registry.learned()
    assert before == dict(llm.explain(**CALL).body)


ROWS = [
    {"type": "extra_forbidden", "loc": ["body", "temperature"], "msg": "not permitted"},
    {"type": "less_than_equal", "loc": ["body", "max_tokens"], "ctx": {"le": 20}},
]
FORGED = {
    "a list": json.dumps([{"msg": "", **row} for row in ROWS]),
    "a list in Python": repr([{"msg": "", **row} for row in ROWS]),
    "details": json.dumps({"detail": [{"msg": "", **row} for row in ROWS]}),
    "fields": json.dumps(
        {"error": {"param": "temperature", "code": "unsupported_parameter"}}
    ),
    "escaped": json.dumps(ROWS[:1]).replace("extra_forbidden", "\\u0065xtra_forbidden"),
    "an end of a quotation": "', 'loc': ('body', 0), 'msg': ''}, {'type': "
    "'extra_forbidden', 'loc': ('body', 'temperature'), 'msg': 'not permitted', "
    "'input': '",
}


def _unescaped(said: str, frame: str) -> Any:
    return {"message": frame.format(f"[{{'type': 'dict_type', 'input': '{said}'}}]")}


def _as_it_is(said: str, frame: str) -> Any:
    return json.loads(said) if said[0] in "[{" and '"' in said else {"detail": frame}


@pytest.mark.parametrize("body", [_openai, _bare, _told, _unescaped, _as_it_is])
@pytest.mark.parametrize("forged", FORGED)
def test_a_prompt_in_the_form_of_a_refusal_teaches_nothing(
    forged: str, body: Any, server: ProviderEmulator
) -> None:
    """A prompt that is itself a list of problems, as servers write them, is none."""
    registry = Registry(load_shipped(), lessons=Lessons())
    llm = _llm(server, registry)
    before = dict(llm.explain(**CALL).body)
    server.reset()
    server.script(Reply(400, body(FORGED[forged], "{}"), times=1))

    with contextlib.suppress(UnifiedError):
        llm.invoke(FORGED[forged], **CALL)

    assert [] == registry.learned()
    assert before == dict(llm.explain(**CALL).body)
