"""Calls on models that do not reason: the same wire and message as ChatOpenAI's."""

from __future__ import annotations

import copy
import re
import warnings
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from langchain_core.messages import BaseMessage
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator
from tests.integration_tests.parity_table import CASES, Case

ABSENT = "<absent>"


class Difference(NamedTuple):
    """Something that may differ: in which cases, in which field, and why."""

    cases: str
    field: str
    reason: str


_FORMATS = (
    r"call-json_\w+|tools-(bind_json|bind_class|format\w+)|[\w.-]+-json"
    r"|responses-json_schema|structured-.*"
)
_STRICT = (
    r"tools-(strict|format_too|format_dictionary_too)|responses-function_strict"
    r"|structured-nested-function_strict"
)

DIFFERENCES = (
    Difference(
        r"responses-.*",
        r"requests\[0\]\.body\.store",
        "Where the plan chose Responses, nothing is stored, as on chat: store=False.",
    ),
    Difference(
        r"responses-.*",
        r"answer(\.pieces.*|\.merged)?(\.content|\.raw\.content).*",
        "Where the plan chose Responses, content is a str (promise 4).",
    ),
    Difference(
        r"responses-.*",
        r"answer\.pieces(\[.*\.(id|chunk_position|response_metadata\.id|"
        r"additional_kwargs\.openai_\w+))?",
        "Pieces are those of chat, each with the id of the response (promise 7).",
    ),
    Difference(
        r"responses-.*",
        r"answer(\.pieces\[\d+\]|\.merged)?\.response_metadata"
        r"\.(finish_reason|token_usage)",
        "Where the plan chose Responses, an answer is told as chat tells it.",
    ),
    Difference(
        r"responses-(web_search_and_)?function",
        r"requests\[0\]\.body\.tools\[\d\]\.strict"
        r"|answer(\.pieces\[\d+\]|\.merged)?\.usage_metadata\.(input|total)_tokens",
        "Left out, Responses makes a function strict, and its optional arguments"
        " required: strict=False is said.",
    ),
    Difference(
        r"responses-(n_two|seed)",
        r"error|requests|answer",
        "ChatOpenAI raises TypeError in the SDK; n is imitated, seed dropped with a"
        " record (promises 1 and 2).",
    ),
    Difference(
        r"responses-structured",
        r"requests\[0\]\.body\.text\.format\..*",
        "ChatOpenAI words a class in two ways, whole and streamed; here it is one.",
    ),
    Difference(
        r"init-output_v1",
        r"answer\.pieces\[\d+\]\.response_metadata\.output_version",
        "Every piece tells its version, the last one too.",
    ),
    Difference(
        r"init-store_true",
        r"requests\[0\]\.body\.metadata",
        "metadata in model_kwargs is the request's; ChatOpenAI takes it for a trace's.",
    ),
    Difference(
        r"responses-reasoning_object",
        r"answer.*|requests\[0\].*",
        "An empty reasoning object asks for nothing and chooses no endpoint.",
    ),
    Difference(
        r"init-stop_string|call-stop_string",
        r"requests\[0\]\.body\.stop",
        "One stop string is sent as a list of one, LangChain's form.",
    ),
    Difference(
        r"init-model_kwargs_unfolded",
        r"requests\[0\]\.body\.parallel_tool_calls",
        "None means not set; ChatOpenAI sends null.",
    ),
    Difference(
        r"call-json_text|call-modalities_text",
        r"requests\[0\]\.body\.(response_format|modalities)",
        "Values that ask for the default ask for nothing.",
    ),
    Difference(
        _FORMATS,
        r"answer(\.pieces\[\d+\]|\.merged|\.raw)*\.additional_kwargs\.parsed",
        "The parsed object is what with_structured_output returns; a message holds"
        " JSON only, so that checkpointers and caches can keep it.",
    ),
    Difference(
        _FORMATS,
        r"answer\.(pieces.*|merged(\.raw)?\."
        r"(response_metadata\.(token_usage|id)|additional_kwargs\.refusal))",
        "ChatOpenAI streams response formats through the SDK's beta helper, which"
        " repeats the answer in one more piece; streams here are those of any call.",
    ),
    Difference(
        r"tools-(format_too|format_dictionary_too)",
        r"requests\[0\]\.body\.tools\[0\]\.function\.(strict|parameters\..*)"
        r"|requests\[0\]\.body\.response_format\.json_schema\..*",
        "The beta helper wants strict tools beside a response format and rewrites it;"
        " the API does not, and both are sent as they were given.",
    ),
    Difference(
        _STRICT,
        r"error|answer(.*_tokens)?"
        r"|requests\[0\].body.tools\[0\](\.function)?\.parameters\..*",
        "OpenAI refuses defaults in strict schemas; they are left out (promise 1).",
    ),
    Difference(
        r"responses-.*",
        r"requests\[0\]\.body\.tools\[\d+\]\.strict"
        r"|answer(\.merged|\.pieces\[\d+\])?\.usage_metadata\.(input|total)_tokens",
        "Responses requires optional arguments unless told otherwise (promise 2).",
    ),
    Difference(
        r"structured-(pydantic|nested)-schema_not_strict",
        r"requests\[0\]\.body\.response_format\.json_schema\..*",
        "strict=False is heard for pydantic classes too.",
    ),
    Difference(
        r"structured-.*-json_mode(_raw)?",
        r"error|answer(\.pieces|\.merged(\.(parsing_error|parsed))?)?",
        "A stream whose answer lacks the form ends with a typed error, not in silence.",
    ),
    Difference(
        r"stream-default_at_other_url",
        r"requests\[0\]\.body\.stream_options|answer\.(pieces|merged\.usage_metadata)",
        "Streams report usage without asking, at any URL.",
    ),
    Difference(
        r"messages-text_strings",
        r"error|answer|requests\[0\]\.body\.messages\[0\]\.content\[[01]\]",
        "Bare strings in a content list are text blocks; OpenAI refuses strings"
        " (promise 1).",
    ),
    Difference(
        r"messages-(tool_loop_blocks|assistant_text_and_calls|assistant_v1)",
        r"requests\[0\]\.body\.messages\[[12]\]\.content",
        "Blocks that are all text are sent as text.",
    ),
    Difference(
        r"messages-assistant_refusal",
        r"requests\[0\]\.body\.messages\[1\]\.content|answer.*_tokens",
        "ChatOpenAI forgets what the model refused with (promise 2).",
    ),
    Difference(
        r"fails-(unknown_keyword|no_messages|temperature_out_of_range)",
        r"error|requests",
        "Mistakes are told before anything is sent.",
    ),
    Difference(
        r"fails-(bad_role|unanswered_call|two_caps|built_in_insisted_chat|audio_out)",
        r"error|requests.*|answer.*",
        "Refused, or put right, before anything is sent.",
    ),
    Difference(
        r"fails-n_streamed",
        r"error|requests|answer",
        "The pieces of several answers cannot be told apart; refused (promise 2).",
    ),
)
"""Everything that may differ from ChatOpenAI, with the reason."""

_USED: set[Difference] = set()
_COMPARED: list[str] = []


pytestmark = pytest.mark.asyncio(loop_scope="module")
_CLIENTS: set[Any] = set()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def emulator() -> AsyncIterator[ProviderEmulator]:
    """One emulator for all cases: connecting anew costs more than the calls."""
    with ProviderEmulator() as started:
        yield started
        for client in _CLIENTS:
            await client.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_call_is_sent_and_answered_as_by_chat_openai(
    case: Case, emulator: ProviderEmulator
) -> None:
    """Request, message and error are ChatOpenAI's own, but for what the table lists."""
    unexplained = []
    for face in case.faces:
        theirs = await outcome(ChatOpenAI, case, face, emulator)
        ours = await outcome(UnifiedChatModel, case, face, emulator)
        _COMPARED.append(f"{case.name} {face}")
        unexplained += [
            (face, *found)
            for found in differences(theirs, ours)
            if not _explained(case.name, found[0])
        ]

    assert [] == unexplained


async def test_every_listed_difference_is_one() -> None:
    """Rows of the table that no case needs are out of date."""
    if len(_COMPARED) < sum(len(case.faces) for case in CASES):
        pytest.skip("not all cases ran in this process")

    assert [] == [row for row in DIFFERENCES if row not in _USED]


async def test_enough_is_compared() -> None:
    """At least 120 calls are compared, each whole and streamed where it can be."""
    assert 120 <= len({case.name for case in CASES})


def _explained(case: str, field: str) -> bool:
    rows = [
        row
        for row in DIFFERENCES
        if re.fullmatch(row.cases, case) and re.fullmatch(row.field, field)
    ]
    _USED.update(rows)
    return bool(rows)


async def outcome(llm: type, case: Case, face: str, emulator: ProviderEmulator) -> Any:
    """Return what a call sends and gives, as plain data."""
    emulator.reset()
    given = {
        "api_key": "sk-test",
        "base_url": emulator.openai_base_url,
        "max_retries": 0,
        "stream_usage": case.stream_usage,
        **copy.deepcopy(case.init),
    }
    found: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model = llm(model=case.model, **given)
            _CLIENTS.add(model.root_async_client)
            chain = case.chain(model)
            found["answer"] = plain(await _asked(chain, case, face))
        except Exception as error:  # noqa: BLE001
            found["error"] = error
    found["requests"] = [_request(sent) for sent in emulator.requests]
    return found


async def _asked(chain: Any, case: Case, face: str) -> Any:
    if face == "invoke":
        return chain.invoke(case.input, **case.call)
    if face == "ainvoke":
        return await chain.ainvoke(case.input, **case.call)
    if face == "stream":
        pieces = list(chain.stream(case.input, **case.call))
    else:
        pieces = [piece async for piece in chain.astream(case.input, **case.call)]
    if pieces and isinstance(pieces[0], dict) and "raw" in pieces[0]:
        return {"merged": {k: v for piece in pieces for k, v in piece.items()}}
    return {"pieces": pieces, "merged": _merged(pieces)}


def _merged(pieces: list[Any]) -> Any:
    if not pieces or not isinstance(pieces[0], BaseMessage):
        return pieces[-1] if pieces else None
    merged = pieces[0]
    for piece in pieces[1:]:
        merged += piece
    return merged


_UNINTERESTING = re.compile(r"x-stainless-.*|host|content-length|connection|accept.*")


def _request(sent: Any) -> dict[str, Any]:
    headers = {k: v for k, v in sent.headers.items() if not _UNINTERESTING.fullmatch(k)}
    return {
        "path": sent.path,
        "query": sent.query,
        "headers": {**headers, "key": sent.key_fingerprint},
        "timeout": round(float(sent.headers.get("x-stainless-read-timeout", -1)), 1),
        "body": sent.body,
    }


_RANDOM = re.compile(r"(run--|lc_|lc_run--|resp_|msg_|chatcmpl-|call_|ws_)[\w-]+")
_TIMES = {"created_at", "completed_at", "date", "openai-processing-ms"}


def plain(value: Any) -> Any:
    """Return a result as data, with the run's own ids and times made equal."""
    if isinstance(value, BaseMessage):
        value = value.model_dump()
        value["response_metadata"].pop("unified", None)
    if isinstance(value, BaseModel):
        return {"class": type(value).__name__, **plain(value.model_dump())}
    if isinstance(value, dict):
        return {k: "<time>" if k in _TIMES else plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return _RANDOM.sub(r"\1*", value) if isinstance(value, str) else value


def differences(
    theirs: Any, ours: Any, path: str = ""
) -> Iterator[tuple[str, Any, Any]]:
    """Yield the place and both values of everything that differs."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in {**theirs, **ours}:
            pair = theirs.get(key, ABSENT), ours.get(key, ABSENT)
            yield from differences(*pair, f"{path}.{key}".lstrip("."))
    elif _same_length(theirs, ours):
        for at, pair in enumerate(zip(theirs, ours, strict=True)):
            yield from differences(*pair, f"{path}[{at}]")
    elif isinstance(theirs, Exception) and isinstance(ours, _catchable(theirs)):
        return
    elif type(theirs) is not type(ours) or theirs != ours:
        yield path, theirs, ours


def _same_length(theirs: Any, ours: Any) -> bool:
    lists = isinstance(theirs, list) and isinstance(ours, list)
    return lists and len(theirs) == len(ours)


def _catchable(error: Exception) -> type[Exception]:
    """Return the class of the SDK or of Python that an error is caught by."""
    public = (c for c in type(error).__mro__ if "langchain_openai" not in c.__module__)
    return next(public)
