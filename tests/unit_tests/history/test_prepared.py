"""What becomes of a history on its way to each wire."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from langchain_unified import UnifiedChatModel, default_registry
from langchain_unified.content import NATIVE, RECORD
from langchain_unified.errors import UnsupportedError
from langchain_unified.history import prepared, traits_of
from langchain_unified.history.origin import is_own
from langchain_unified.history.pairs import UNANSWERED
from langchain_unified.planner import plan
from langchain_unified.types import CallPlan, Invocation

GPT, REASONER, GEMINI = "gpt-4o", "gpt-5.4", "gemini-3-flash-preview"
ASK = HumanMessage("ask")


def planned(
    messages: list[BaseMessage],
    model: str,
    endpoint: str | None = None,
    **params: Any,
) -> CallPlan:
    """Return the plan of a call."""
    call = Invocation(
        model, params=params, traits=traits_of(messages), endpoint=endpoint
    )
    return plan(call, default_registry().resolve(model))


def sent(
    messages: list[BaseMessage],
    model: str = GPT,
    endpoint: str | None = None,
    **params: Any,
) -> list[BaseMessage]:
    """Return the messages as the shim gets them."""
    return prepared(planned(messages, model, endpoint, **params), messages)


def call(name: str = "add", call_id: str | None = "call_1") -> dict[str, Any]:
    """Return a tool call."""
    return {"name": name, "args": {"a": 1}, "id": call_id}


def changes(messages: list[BaseMessage], model: str) -> list[Any]:
    """Return what the plan says is changed about the messages."""
    noted = planned(messages, model).changes
    return [change.requested for change in noted if change.parameter == "messages"]


ENCRYPTED = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "s"}
OWN = {"model_provider": "openai", "model_name": REASONER}
SIGNED = AIMessage(
    "42",
    response_metadata={
        "model_provider": "google_genai",
        "model_name": GEMINI,
        RECORD: {
            NATIVE: [
                {"type": "thinking", "thinking": "Hm", "signature": "c2ln"},
                {"type": "text", "text": "42", "extras": {"signature": "c2ln"}},
            ]
        },
    },
)
REASONED = AIMessage(
    "42",
    response_metadata={
        **OWN,
        RECORD: {NATIVE: [ENCRYPTED, {"type": "text", "text": "42", "id": "msg_1"}]},
    },
)


def test_the_messages_given_are_not_changed() -> None:
    """Preparing works on copies."""
    history = [ASK, REASONED, SIGNED, AIMessage("", tool_calls=[call()]), ASK]
    before = copy.deepcopy(history)
    for model in (GPT, REASONER, GEMINI):
        sent(history, model)

    assert before == history


def test_its_own_reasoning_goes_back() -> None:
    """The model that reasoned gets its encrypted reasoning again, on Responses."""
    reply = sent([ASK, REASONED, ASK], REASONER, "responses")[1]

    assert ENCRYPTED in reply.content


@pytest.mark.parametrize(
    ("model", "endpoint"),
    [(REASONER, "chat"), ("gpt-5.2", "responses"), (GPT, None), (GEMINI, None)],
)
def test_reasoning_of_another_model_stays_behind(
    model: str, endpoint: str | None
) -> None:
    """Any other model or endpoint gets the text alone, and the plan says so."""
    reply = sent([ASK, REASONED, ASK], model, endpoint)[1]

    assert AIMessage("42") == reply
    noted = planned([ASK, REASONED, ASK], model, endpoint).changes
    assert f"reasoning of openai:{REASONER}" in [c.requested for c in noted]


@pytest.mark.parametrize("model", ["gemini-2.5-flash", "gemini-3.8-flash", GPT])
def test_a_signature_reaches_its_own_model_only(model: str) -> None:
    """A thought signature is not sent to another model of the same provider."""
    assert AIMessage("42") == sent([ASK, SIGNED, ASK], model)[1]
    assert "signature" in str(sent([ASK, SIGNED, ASK], GEMINI)[1].content)


def test_a_snapshot_is_the_same_model() -> None:
    """Dated ids are one model; other models of the provider are not."""
    made_by = ("openai", "gpt-5.4-2026-03-05")

    assert is_own(made_by, "openai", "gpt-5.4")
    assert not is_own(made_by, "openai", "gpt-5.4-mini")
    assert not is_own(made_by, "azure", "gpt-5.4")


def test_reasoning_that_was_stored_is_not_sent_without_the_store() -> None:
    """Without the server's store, reasoning needs its encrypted content."""
    stored = {"type": "reasoning", "id": "rs_1", "summary": []}
    made = {
        "type": "function_call",
        "id": "fc_1",
        "call_id": "call_1",
        "name": "add",
        "arguments": '{"a": 1}',
    }
    reply = AIMessage(
        "",
        tool_calls=[call()],
        response_metadata={**OWN, RECORD: {NATIVE: [stored, made]}},
    )
    result = ToolMessage("2", tool_call_id="call_1")
    content = sent([ASK, reply, result], REASONER, "responses", store=False)[1].content

    assert [{k: v for k, v in made.items() if k != "id"}] == content


@pytest.mark.parametrize("model", [GPT, REASONER, GEMINI])
def test_a_result_without_its_call_is_told(model: str) -> None:
    """An orphan tool result opens a user's turn with its text."""
    history = [ASK, ToolMessage("42", tool_call_id="call_9", name="add")]
    told = sent(history, model)[1]

    assert isinstance(told, HumanMessage)
    assert "Result of add (tool call call_9):\n42" == told.content
    assert ["tool result without its call"] == changes(history, model)


@pytest.mark.parametrize("model", [GPT, REASONER, GEMINI])
def test_a_call_without_a_result_gets_one(model: str) -> None:
    """An unanswered tool call is followed by a result that says so."""
    history = [ASK, AIMessage("", tool_calls=[call()]), HumanMessage("never mind")]
    kinds = [type(message) for message in sent(history, model)]

    assert [HumanMessage, AIMessage, ToolMessage, HumanMessage] == kinds
    assert UNANSWERED == sent(history, model)[2].content
    assert ["tool call without a result"] == changes(history, model)


def test_results_follow_their_calls_in_order() -> None:
    """Results are put right after the turn that called, in the order of the calls."""
    history = [
        ASK,
        AIMessage("", tool_calls=[call("a", "1"), call("b", "2")]),
        HumanMessage("meanwhile"),
        ToolMessage("B", tool_call_id="2"),
        ToolMessage("A", tool_call_id="1"),
    ]

    assert ["ask", "", "A", "B", "meanwhile"] == [m.content for m in sent(history)]


def test_the_servers_own_history_is_left_alone() -> None:
    """With previous_response_id a result may come without its call."""
    history = [ToolMessage("42", tool_call_id="call_9")]
    stored = planned(history, REASONER, "responses", previous_response_id="resp_1")

    assert history == prepared(stored, history)
    assert "messages" not in [change.parameter for change in stored.changes]


@pytest.mark.parametrize(
    ("endpoint", "length", "kept"),
    [("chat", 40, True), ("chat", 41, False), ("responses", 64, True)],
)
def test_ids_are_made_to_fit(endpoint: str, length: int, *, kept: bool) -> None:
    """A tool call id that is too long becomes a short one, the same on both sides."""
    call_id = "x" * length
    history = [
        ASK,
        AIMessage("", tool_calls=[call(call_id=call_id)]),
        ToolMessage("2", tool_call_id=call_id),
    ]
    _, asked, result = sent(history, "gpt-5.2", endpoint)
    new = asked.tool_calls[0]["id"]

    assert kept == (new == call_id)
    assert len(new) <= 64
    assert new == result.tool_call_id
    assert new == sent(history, "gpt-5.2", endpoint)[1].tool_calls[0]["id"]


def test_an_id_used_twice_becomes_two() -> None:
    """Two turns that used the same id keep their own results."""
    turn = [AIMessage("", tool_calls=[call()]), ToolMessage("1", tool_call_id="call_1")]
    again = [turn[0], ToolMessage("2", tool_call_id="call_1")]
    _, first, one, second, two = sent([ASK, *turn, *again], GEMINI)

    assert first.tool_calls[0]["id"] == one.tool_call_id
    assert second.tool_calls[0]["id"] == two.tool_call_id
    assert one.tool_call_id != two.tool_call_id


def test_function_names_are_made_to_fit() -> None:
    """A name that only Gemini takes is spelled with what OpenAI takes."""
    history = [
        ASK,
        AIMessage("", tool_calls=[call("default_api:add.two")]),
        ToolMessage("2", tool_call_id="call_1"),
    ]

    assert "default_api_add_two" == sent(history)[1].tool_calls[0]["name"]
    assert "default_api:add.two" == sent(history, GEMINI)[1].tool_calls[0]["name"]


OLD = {"name": "add", "arguments": '{"a": 1}'}


@pytest.mark.parametrize(
    "message",
    [
        AIMessage(
            "", additional_kwargs={"tool_calls": [{"id": "call_1", "function": OLD}]}
        ),
        AIMessage([{"type": "tool_use", "name": "add", "input": {"a": 1}, "id": "t"}]),
        AIMessageChunk(
            "",
            tool_call_chunks=[
                {"name": "add", "args": '{"a": 1}', "id": "c", "index": 0}
            ],
        ),
    ],
)
def test_calls_of_older_versions_are_read(message: AIMessage) -> None:
    """Calls in additional_kwargs, content blocks and chunks become tool calls."""
    asked = sent([ASK, message, HumanMessage("go on")])[1]

    assert [("add", {"a": 1})] == [(c["name"], c["args"]) for c in asked.tool_calls]
    assert {} == asked.additional_kwargs


OLD_CALL = AIMessage("", additional_kwargs={"function_call": OLD})
OLD_RESULT = FunctionMessage(name="add", content="2")


def test_functions_stay_where_the_model_takes_them() -> None:
    """A function_call and its result go as they are to a model that reads them."""
    _, asked, result = sent([ASK, OLD_CALL, OLD_RESULT])

    assert OLD == asked.additional_kwargs["function_call"]
    assert [] == asked.tool_calls
    assert OLD_RESULT == result


@pytest.mark.parametrize("model", [GEMINI, "o1-mini"])
def test_functions_become_tool_calls_elsewhere(model: str) -> None:
    """A function_call and its result are tool calls for a model that knows no other."""
    _, asked, result = sent([ASK, OLD_CALL, OLD_RESULT], model)

    assert [("add", {"a": 1})] == [(c["name"], c["args"]) for c in asked.tool_calls]
    assert {} == asked.additional_kwargs
    assert isinstance(result, ToolMessage)
    assert "2" == result.content


def test_a_function_message_answers_a_tool_call() -> None:
    """A FunctionMessage after a tool call of its name is the result of that call."""
    called = AIMessage("", tool_calls=[call("add")])
    result = sent([ASK, called, OLD_RESULT])[2]

    assert isinstance(result, ToolMessage)
    assert "call_1" == result.tool_call_id


@pytest.mark.parametrize(
    ("model", "noted"),
    [("gpt-4o", []), ("o1-mini", ["function_call", "tool call without a result"])],
)
def test_what_becomes_of_functions_is_on_record(model: str, noted: list[str]) -> None:
    """The translation of a function_call is noted where there is one."""
    changes = UnifiedChatModel(model=model).explain([ASK, OLD_CALL]).changes

    assert noted == sorted(change.requested for change in changes)


SAID = {"type": "text", "text": "ask"}
ODD = {"type": "made_up_block", "foo": "bar"}
NEW = {"type": "input_hologram", "data": "x"}


@pytest.mark.parametrize(
    ("endpoint", "block", "kept"),
    [
        ("responses", ODD, []),
        ("responses", NEW, [NEW]),
        ("chat", ODD, [ODD]),
    ],
)
def test_blocks_of_unknown_types(
    endpoint: str, block: dict[str, Any], kept: list[dict[str, Any]]
) -> None:
    """A block that Responses cannot have is left out; any other is for the server."""
    for kind in (HumanMessage, SystemMessage):
        message = sent([kind([SAID, block]), ASK], GPT, endpoint)[0]

        assert [SAID, *kept] == message.content


def test_a_block_left_out_is_on_record() -> None:
    """Leaving a block out is noted with its type."""
    message = HumanMessage([SAID, ODD])
    changes = UnifiedChatModel(model=GPT, use_responses_api=True).explain([message])

    assert [("block made_up_block", "dropped")] == [
        (change.requested, change.kind) for change in changes.changes
    ]


def test_roles_by_name() -> None:
    """ChatMessage roles become today's kinds of message."""
    roles = ("system", "user", "assistant", "developer", "user")
    history = [ChatMessage(role=role, content=role) for role in roles]
    kinds = [SystemMessage, HumanMessage, AIMessage, SystemMessage, HumanMessage]

    assert kinds == [type(message) for message in sent(history)]


def test_unreadable_arguments_are_told() -> None:
    """A call whose arguments are no JSON is told as text, with its answer."""
    invalid = {"name": "add", "args": '{"a": ', "id": "call_1", "error": "no JSON"}
    history = [
        ASK,
        AIMessage("", invalid_tool_calls=[invalid]),
        ToolMessage("try again", tool_call_id="call_1"),
    ]
    _, told, answer = sent(history, GEMINI)

    assert '[Unreadable call of add: {"a": ]' == told.content
    assert "try again" in str(answer.content)


SERVER_BLOCKS = [
    (
        {"type": "executable_code", "executable_code": "1+1", "language": "PYTHON"},
        "1+1",
    ),
    ({"type": "code_execution_result", "code_execution_result": "2"}, "2"),
    ({"type": "server_tool_use", "name": "web_search", "input": {"query": "q1"}}, "q1"),
    (
        {
            "type": "web_search_tool_result",
            "content": [{"type": "web_search_result", "url": "https://a.example"}],
        },
        "https://a.example",
    ),
    (
        {
            "type": "web_search_call",
            "id": "ws_1",
            "status": "completed",
            "action": {"type": "search", "query": "q2"},
        },
        "q2",
    ),
    (
        {"type": "server_tool_call", "name": "code_interpreter", "args": {"code": "x"}},
        "x",
    ),
    ({"type": "server_tool_result", "output": "told", "tool_call_id": "1"}, "told"),
    ({"type": "mcp_call", "name": "m", "arguments": '{"k": 1}', "output": "o1"}, "o1"),
    ({"type": "non_standard", "value": {"type": "new", "says": "new1"}}, "new1"),
    ({"type": "refusal", "refusal": "I will not."}, "I will not."),
]


@pytest.mark.parametrize(("block", "word"), SERVER_BLOCKS)
@pytest.mark.parametrize("model", [GPT, REASONER, GEMINI])
def test_what_built_in_tools_said_is_kept(
    model: str, block: dict[str, Any], word: str
) -> None:
    """Server-side calls and results of another model go on as text."""
    text = {"type": "text", "text": "so it is"}
    reply = AIMessage([block, text], response_metadata={"model_provider": "anthropic"})
    told = sent([ASK, reply, ASK], model)[1].content

    assert isinstance(told, str)
    assert word in told
    assert "so it is" in told
    assert "ws_1" not in told


def test_v03_reasoning_is_not_sent_to_others() -> None:
    """The additional_kwargs of older ChatOpenAI versions are read, not passed on."""
    search = {"type": "web_search_call", "id": "ws", "action": {"query": "news"}}
    old = AIMessage(
        [{"type": "text", "text": "hi", "annotations": []}],
        additional_kwargs={"reasoning": ENCRYPTED, "tool_outputs": [search]},
        response_metadata={"model_provider": "openai", "model_name": REASONER},
    )
    told = sent([ASK, old, ASK], GEMINI)[1]

    assert {} == told.additional_kwargs
    assert "hi" in str(told.content)
    assert "news" in str(told.content)


def test_late_system_text_goes_where_the_api_takes_it() -> None:
    """OpenAI takes it in its place; for Gemini it joins the head."""
    history = [SystemMessage("one"), ASK, AIMessage("a"), SystemMessage("two"), ASK]

    assert isinstance(sent(history)[3], SystemMessage)
    assert "one\n\ntwo" == sent(history, GEMINI)[0].content
    assert ["late system text"] == changes(history, GEMINI)


def test_gemini_gets_alternating_turns() -> None:
    """Empty turns go, two of the assistant become one, and a user speaks first."""
    history = [AIMessage("a"), AIMessage("b"), HumanMessage(""), HumanMessage("c")]
    turns = sent(history, GEMINI)

    assert [HumanMessage, AIMessage, HumanMessage] == [type(turn) for turn in turns]
    assert "a\n\nb" == turns[1].content
    found = {"the assistant message comes first", "empty turn"}
    assert found <= set(changes(history, GEMINI))


def test_nothing_to_say_is_refused() -> None:
    """Messages without any text are refused before sending to Gemini."""
    with pytest.raises(UnsupportedError, match="all messages are empty"):
        planned([HumanMessage("")], GEMINI)


@pytest.mark.parametrize("rest", [[], [HumanMessage("")]])
def test_system_text_alone_is_a_users_turn(rest: list[BaseMessage]) -> None:
    """A prompt of system text only reaches Gemini as a user's turn, on record."""
    history = [SystemMessage("be"), SystemMessage("brief"), *rest]
    turns = sent(history, GEMINI)

    assert [HumanMessage] == [type(turn) for turn in turns]
    assert "be\n\nbrief" == turns[0].text.strip()
    noted = [change.parameter for change in planned(history, GEMINI).changes]
    assert "system" in noted


def test_names_are_kept_to_what_chat_takes() -> None:
    """A name with a space, as agents have, is spelled with an underscore."""
    history = [HumanMessage("hi", name="my agent")]

    assert "my_agent" == sent(history)[0].name


def test_a_plain_history_is_not_touched() -> None:
    """Messages any wire takes are passed on as they are, on record as nothing."""
    history = [SystemMessage("s"), ASK, AIMessage("a"), ASK]

    assert all(a is b for a, b in zip(history, sent(history), strict=True))
    assert [] == changes(history, GPT)


def test_traits_survive_json() -> None:
    """A plan of a history from a checkpoint is the plan of the history itself."""
    history = [ASK, SIGNED, REASONED, ASK]
    again = [
        type(m).model_validate(json.loads(json.dumps(m.model_dump()))) for m in history
    ]

    assert traits_of(history) == traits_of(again)
