"""Facts that recordings of the real APIs taught: what they take is not dropped."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from langchain_unified import UnifiedChatModel, UnsupportedError
from langchain_unified.testing import ProviderEmulator

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DEFERRED = {
    "type": "function",
    "name": "rate",
    "defer_loading": True,
    "allowed_callers": ["direct"],
    "parameters": {"type": "object", "properties": {}},
}
Make = Callable[..., UnifiedChatModel]


@pytest.mark.parametrize("mime", [DOCX, XLSX])
def test_office_files_go_to_responses(
    model: Make, provider_emulator: ProviderEmulator, mime: str
) -> None:
    """An Office file is sent as it is, to the endpoint that reads it."""
    file = {
        "type": "file",
        "base64": base64.b64encode(b"PK").decode(),
        "mime_type": mime,
        "filename": "a",
    }
    model("gpt-5-nano").invoke([HumanMessage([file])])
    sent = provider_emulator.requests[-1]

    assert "responses" == sent.endpoint
    assert (
        f"data:{mime};base64,UEs=" == sent.body["input"][0]["content"][0]["file_data"]
    )


def test_marks_of_tool_search_stay_on_responses(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """Responses knows deferred functions, and callers of a function."""
    llm = model("gpt-5.4", use_responses_api=True)
    llm.invoke("hi", tools=[DEFERRED, {"type": "tool_search"}])
    tool = provider_emulator.requests[-1].body["tools"][0]

    assert (True, ["direct"]) == (tool["defer_loading"], tool["allowed_callers"])


def test_added_tools_can_be_chosen_from(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A tool choice is kept where the messages bring the tools along."""
    function = {k: DEFERRED[k] for k in ("type", "name", "parameters")}
    added = {"type": "additional_tools", "role": "developer", "tools": [function]}
    llm = model("gpt-5.6", use_responses_api=True)
    answer = llm.invoke([HumanMessage("hi"), SystemMessage([added])], tool_choice="any")

    assert "required" == provider_emulator.requests[-1].body["tool_choice"]
    assert ["rate"] == [call["name"] for call in answer.tool_calls]


def test_image_models_take_a_search_and_no_functions(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A search is sent to an image model; a function is refused before sending."""
    llm = model("google_genai:gemini-3-pro-image")
    llm.invoke("the weather as a chart", tools=[{"google_search": {}}])
    with pytest.raises(UnsupportedError):
        llm.invoke("hi", tools=[DEFERRED])

    assert [[{"googleSearch": {}}]] == [
        sent.body["tools"] for sent in provider_emulator.requests
    ]


@pytest.mark.parametrize("top_k", [40, 40.0])
def test_a_whole_number_may_be_written_as_a_fraction(model: Make, top_k: float) -> None:
    """A whole `top_k` is one in either spelling."""
    body = model("gemini-2.5-flash").explain("hi", top_k=top_k).body

    assert 40 == body["generationConfig"]["topK"]


def test_vertex_gives_logprobs_and_ai_studio_does_not() -> None:
    """The same model takes log probabilities on one platform alone."""
    there: dict[str, Any] = {"vertexai": True, "project": "p", "location": "global"}
    on_vertex = UnifiedChatModel(
        model="gemini-2.5-flash", providers={"google_genai": {**there, "api_key": "k"}}
    )
    on_studio = UnifiedChatModel(
        model="gemini-2.5-flash", providers={"google_genai": {"api_key": "k"}}
    )
    body = on_vertex.explain("hi", logprobs=True).body

    assert True is body["generationConfig"]["responseLogprobs"]
    with pytest.raises(UnsupportedError, match="logprobs"):
        on_studio.explain("hi", logprobs=True)
