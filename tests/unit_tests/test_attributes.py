"""Everything people read on a ChatOpenAI reads on a UnifiedChatModel."""

from __future__ import annotations

import pytest
from langchain_openai import ChatOpenAI

from langchain_unified import UnifiedChatModel

EXCEPTIONS = {
    "build_extra": "a validator: pydantic's, not the user's",
    "validate_environment": "a validator: pydantic's, not the user's",
    "validate_temperature": "a validator: temperature is decided in the plan",
}
"""Public names of ChatOpenAI that have no counterpart, and why."""


def _names() -> list[str]:
    llm = ChatOpenAI(model="gpt-4o", api_key="k")
    fields = type(llm).model_fields
    return sorted({n for n in {*dir(type(llm)), *fields} if not n.startswith("_")})


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20")
@pytest.mark.parametrize("name", _names())
def test_an_attribute_of_chat_openai_reads(name: str) -> None:
    """Each is there, or is listed with the reason it is not."""
    llm = UnifiedChatModel(model="gpt-4o", api_key="k")
    theirs = ChatOpenAI(model="gpt-4o", api_key="k")

    assert (name in EXCEPTIONS) is (hasattr(theirs, name) and not hasattr(llm, name))
