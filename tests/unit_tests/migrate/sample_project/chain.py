"""What the application does with its models."""

from __future__ import annotations

from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool
from models import judge, reader, writer


@tool
def weather(city: str) -> str:
    """Return the weather in a city."""
    return f"sunny in {city}"


def write(topic: str) -> str:
    """Write about a topic."""
    chain = ChatPromptTemplate.from_template("Write about {topic}") | writer()
    return chain.invoke({"topic": topic}).text


def read(text: str) -> str:
    """Read a text, piece by piece."""
    return "".join(chunk.text for chunk in reader().stream(text))


def act(question: str) -> list[str]:
    """Return the tools the judge wants to call."""
    bound = judge().bind_tools([weather], tool_choice="weather")
    return [call["name"] for call in bound.invoke(question).tool_calls]
