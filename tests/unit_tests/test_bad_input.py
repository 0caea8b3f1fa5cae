"""Bad input: a typed error before anything is sent, and nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from langchain_unified import (
    InvalidParameterError,
    MissingCredentialsError,
    UnifiedChatModel,
    UnknownParameterError,
    UnsupportedError,
)
from langchain_unified.testing import ProviderEmulator

Make = Callable[..., UnifiedChatModel]

VALUES = [
    ({"max_tokens": -1}, "max_tokens=-1", "at least 1"),
    ({"max_tokens": 0}, "max_tokens=0", "at least 1"),
    ({"max_tokens": "many"}, "max_tokens='many'", "an integer"),
    ({"temperature": 5}, "temperature=5", "from 0 to 2"),
    ({"temperature": -0.1}, "temperature=-0.1", "from 0 to 2"),
    ({"temperature": "hot"}, "temperature='hot'", "number"),
    ({"temperature": True}, "temperature=True", "a number"),
    ({"temperature": float("nan")}, "temperature=nan", "from 0 to 2"),
    ({"top_p": 1.5}, "top_p=1.5", "from 0 to 1"),
    ({"n": 0}, "n=0", "from 1"),
    ({"verbosity": 5}, "verbosity=5", "a string"),
    ({"stop": 3}, "stop=3", "a list of strings"),
    ({"max_retries": -1}, "max_retries=-1", "0 or more"),
    ({"on_unsupported": "shout"}, "on_unsupported='shout'", "'warn'"),
]


@pytest.mark.parametrize(("settings", "value", "accepted"), VALUES)
def test_a_bad_value_in_a_call(
    model: Make,
    provider_emulator: ProviderEmulator,
    settings: dict[str, Any],
    value: str,
    accepted: str,
) -> None:
    """A value no model takes is refused with its name, itself and what is accepted."""
    with pytest.raises(InvalidParameterError) as raised:
        model().invoke("hi", **settings)

    assert value in str(raised.value)
    assert accepted in str(raised.value)
    assert [] == provider_emulator.requests


@pytest.mark.parametrize("settings", [settings for settings, _, _ in VALUES[:2]])
def test_a_bad_value_in_the_constructor(settings: dict[str, Any]) -> None:
    """The constructor refuses what a call would refuse."""
    with pytest.raises(InvalidParameterError, match="max_tokens"):
        UnifiedChatModel(model="gpt-4o", **settings)


@pytest.mark.parametrize("name", ["", "  ", None, 3])
def test_a_model_without_a_name(name: Any) -> None:
    """A model that is no name is refused when the model object is made."""
    with pytest.raises(InvalidParameterError, match="model"):
        UnifiedChatModel(model=name)


def test_no_messages(model: Make, provider_emulator: ProviderEmulator) -> None:
    """An empty conversation is refused before anything is sent."""
    with pytest.raises(InvalidParameterError, match="messages"):
        model().invoke([])

    assert [] == provider_emulator.requests


def test_an_unknown_keyword_names_the_nearest() -> None:
    """A misspelt constructor keyword is refused with the one that was meant."""
    with pytest.raises(UnknownParameterError, match="Did you mean 'temperature'"):
        UnifiedChatModel(model="gpt-4o", temprature=0)


def test_an_unknown_call_setting_names_the_nearest(model: Make) -> None:
    """A misspelt setting of a call is refused with the one that was meant."""
    with pytest.raises(UnknownParameterError, match="Did you mean 'max_tokens'"):
        model().invoke("hi", max_token=3)


def test_two_spellings_that_disagree(model: Make) -> None:
    """Two spellings of one setting with two values are refused."""
    with pytest.raises(InvalidParameterError, match="another name"):
        model().invoke("hi", max_tokens=3, max_completion_tokens=4)


@pytest.mark.parametrize(
    ("name", "variable"),
    [("gpt-4o", "OPENAI_API_KEY"), ("gemini-2.5-flash", "GOOGLE_API_KEY")],
)
def test_a_missing_key_names_the_variable(name: str, variable: str) -> None:
    """A missing key is an error at the call that names the environment variable."""
    llm = UnifiedChatModel(model="gpt-4o")

    with pytest.raises(MissingCredentialsError, match=variable):
        llm.invoke("hi", model=name)


def test_a_missing_key_of_another_provider_does_not_matter(
    provider_emulator: ProviderEmulator,
) -> None:
    """Only the provider of the call needs a key."""
    llm = UnifiedChatModel(
        model="gpt-4o", api_key="k", base_url=provider_emulator.openai_base_url
    )

    assert "hi" == llm.invoke("hi").text


def test_an_unknown_model_works_by_its_family(model: Make) -> None:
    """An unknown member of a known family gets the family's rules, on record."""
    plan = model().explain(model="gpt-5.4-turbo-max", temperature=0)

    assert ("gpt-5.4-turbo-max", "gpt-5.4") == (plan.model, plan.config.family)
    assert ("model", "defaulted") == (plan.changes[0].parameter, plan.changes[0].kind)


def test_images_to_a_model_without_eyes_name_models_that_see(model: Make) -> None:
    """A refusal names models that could do what was asked for."""
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}
    message = {"role": "user", "content": [image]}

    with pytest.raises(UnsupportedError, match="Models that do: '") as raised:
        model().invoke([message], model="o3-mini")
    assert "image_inputs" == raised.value.feature


@pytest.mark.parametrize("timeout", [float("nan"), -1, -0.5, "soon", "sk-0123456789"])
@pytest.mark.parametrize("name", ["gpt-4o", "gpt-5.4", "gemini-2.5-flash"])
def test_a_timeout_that_is_none(
    name: str, timeout: Any, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A timeout that no HTTP client takes is refused by its name, before sending."""
    with pytest.raises(InvalidParameterError) as refused:
        model(name).invoke("hi", timeout=timeout)

    assert "timeout" == refused.value.parameter
    assert "sk-" not in str(refused.value)
    assert [] == provider_emulator.requests
