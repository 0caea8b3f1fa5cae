"""Images whose bytes are no image."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import UnsupportedError
from langchain_unified.testing import ProviderEmulator

TEXT = base64.b64encode(b"This is a text, and no image at all.").decode()
PDF = base64.b64encode(b"%PDF-1.7 and so on").decode()
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()


def block(data: str) -> dict[str, Any]:
    """Return an image block with some data."""
    return {"type": "image", "base64": data, "mime_type": "image/png"}


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5"])
@pytest.mark.parametrize("data", [TEXT, PDF, "AAAA", "!!!!"])
def test_what_is_no_image_is_refused_before_sending(model: str, data: str):
    """OpenAI refuses an image whose bytes are none; it is not even sent."""
    llm = UnifiedChatModel(model=model, api_key="k")

    with pytest.raises(UnsupportedError, match="bytes given as image/png are none of"):
        llm.explain([HumanMessage([block(data)])])


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5"])
def test_an_image_of_another_type_than_said_is_sent(model: str):
    """The bytes count, and not the type that was written beside them."""
    said = {**block(PNG), "mime_type": "image/jpeg"}
    plan = UnifiedChatModel(model=model, api_key="k").explain([HumanMessage([said])])

    assert () == tuple(plan.changes)


def test_the_users_own_server_is_sent_what_was_given():
    """What a server of the user's makes of the bytes is for it to say."""
    with ProviderEmulator(as_server="vllm") as emulator:
        llm = UnifiedChatModel(
            model="gpt-4o", api_key="k", base_url=emulator.openai_base_url
        )
        llm.invoke([HumanMessage([block(TEXT)])])
        sent = emulator.requests[-1].body["messages"][0]["content"][0]

    assert sent["image_url"]["url"].endswith(TEXT)
