"""Files arrive as they were, whatever wire they go over."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.prompt_values import ChatPromptValue
from langchain_core.prompts import ChatPromptTemplate

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import UnsupportedError
from langchain_unified.history.media import completed
from langchain_unified.history.media.sniffing import mime_of_bytes
from langchain_unified.testing import ProviderEmulator
from tests.unit_tests.media.forms import FILES, FORMS, MIMES, TARGETS, data_of

KINDS = {
    "blue.png": "image",
    "answer.pdf": "file",
    "tone.wav": "audio",
    "blue.mp4": "video",
}
TAKES = {
    "OpenAI (gpt-4o)": ("blue.png", "answer.pdf"),
    "OpenAI (gpt-audio-mini)": ("tone.wav",),
    "OpenAI (gpt-5.4, Responses)": ("blue.png", "answer.pdf"),
    "Gemini 3": tuple(KINDS),
}
Make = Callable[..., UnifiedChatModel]


def arrived(body: Any) -> list[bytes]:
    """Return every base64 value of a recorded body, decoded."""
    found: list[bytes] = []
    if isinstance(body, dict):
        for key, value in body.items():
            if isinstance(value, str) and (
                key in {"data", "file_data", "image_url", "url"}
            ):
                data = value.rpartition(",")[2].translate(str.maketrans("-_", "+/"))
                found.append(base64.b64decode(data + "=="))
            else:
                found += arrived(value)
    elif isinstance(body, list):
        found = [data for item in body for data in arrived(item)]
    return found


@pytest.mark.parametrize("name", KINDS)
def test_the_files_are_what_they_say(name: str) -> None:
    """The first bytes of a file show its MIME type."""
    assert MIMES[name] == mime_of_bytes((FILES / name).read_bytes())


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("target", TARGETS)
def test_a_file_arrives_byte_for_byte(
    model: Make, provider_emulator: ProviderEmulator, target: str, name: str
) -> None:
    """A picture, a PDF, a WAV and an MP4 arrive unchanged, or are refused before."""
    block = {"type": KINDS[name], "base64": data_of(name), "mime_type": MIMES[name]}
    message = HumanMessage([{"type": "text", "text": "What is it?"}, block])
    if name not in TAKES[target]:
        with pytest.raises(UnsupportedError, match="Models that do"):
            model().invoke([message], **TARGETS[target])
        assert [] == provider_emulator.requests
        return
    model().invoke([message], **TARGETS[target])

    sent = arrived(provider_emulator.requests[-1].body)
    assert [(FILES / name).read_bytes()] == sent


def test_gemini_takes_all_four_at_once(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """All four files go to Gemini in one message, in their order."""
    blocks = [
        {"type": KINDS[name], "base64": data_of(name), "mime_type": MIMES[name]}
        for name in KINDS
    ]
    model().invoke([HumanMessage(blocks)], model="gemini-2.5-flash")
    body = provider_emulator.requests[-1].body

    assert [(FILES / name).read_bytes() for name in KINDS] == arrived(body)


def test_white_space_and_the_other_alphabet_do_no_harm(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """Base64 in lines, or in the URL-safe alphabet, arrives as the same bytes."""
    data = data_of("blue.png").replace("+", "-").replace("/", "_")
    lines = "\n".join(data[at : at + 20] for at in range(0, len(data), 20))
    block = {"type": "image", "base64": lines, "mime_type": "image/png"}
    model().invoke([HumanMessage([block])])

    sent = arrived(provider_emulator.requests[-1].body)
    assert [(FILES / "blue.png").read_bytes()] == sent


def test_a_prompt_template_with_an_image(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """What ImagePromptTemplate makes goes to every provider."""
    prompt = ChatPromptTemplate(
        [
            (
                "human",
                [{"type": "image_url", "image_url": "data:image/png;base64,{data}"}],
            )
        ]
    )
    for target in ("gpt-4o", "gemini-2.5-flash"):
        chain = prompt | model(target)
        chain.invoke({"data": data_of("blue.png")})
        sent = arrived(provider_emulator.requests[-1].body)
        assert [(FILES / "blue.png").read_bytes()] == sent


def test_a_text_file_is_sent_as_text_with_its_name(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A text file becomes text headed by its name, and the record says so."""
    note = base64.b64encode("Größe: 42".encode()).decode()
    block = {
        "type": "file",
        "base64": note,
        "mime_type": "text/markdown",
        "extras": {"filename": "note.md"},
    }
    answer = model().invoke([HumanMessage([block])], model="gpt-4o")
    body = json.dumps(provider_emulator.requests[-1].body, ensure_ascii=False)

    assert "note.md:\\n\\nGröße: 42" in body
    changes = answer.response_metadata["unified"]["changes"]
    assert ["text"] == [c["sent"] for c in changes if c["parameter"] == "messages"]


@pytest.mark.parametrize("target", ["gpt-4o", "gpt-5.4", "gemini-2.5-flash"])
def test_a_picture_in_a_tool_result_is_not_lost(
    model: Make, provider_emulator: ProviderEmulator, target: str
) -> None:
    """A tool that returns a picture shows it to any model."""
    llm = model()

    def draw(colour: str) -> str:
        """Draw a colour."""
        return colour

    asked = llm.invoke("Call draw for blue", model=target, tools=[draw])
    call = asked.tool_calls[0]
    result = ToolMessage(
        [{"type": "text", "text": "done"}, FORMS["image, base64"]],
        tool_call_id=call["id"],
    )
    llm.invoke(["Call draw for blue", asked, result], model=target, tools=[draw])

    assert [] == provider_emulator.errors
    sent = arrived(provider_emulator.requests[-1].body)
    assert [(FILES / "blue.png").read_bytes()] == sent


def test_a_missing_mime_type_is_read_from_the_bytes() -> None:
    """A base64 block that names no MIME type gets the one its bytes show."""
    block = {"type": "audio", "base64": data_of("tone.wav")}
    value = completed(ChatPromptValue(messages=[HumanMessage([block])]))

    assert "audio/wav" == value.to_messages()[0].content[0]["mime_type"]


def test_a_refusal_names_models_that_can(model: Make) -> None:
    """Content that a model cannot read is refused, and models that can are named."""
    with pytest.raises(UnsupportedError, match="Models that do: 'gemini"):
        model().invoke([HumanMessage([FORMS["video, base64"]])], model="gpt-4o")


def test_an_unknown_block_is_refused_before_sending(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A block that no wire knows is refused with its type."""
    message = HumanMessage([{"type": "hologram", "data": "x"}])
    with pytest.raises(UnsupportedError, match="hologram"):
        model().invoke([message], model="gemini-2.5-flash")

    assert [] == provider_emulator.requests
