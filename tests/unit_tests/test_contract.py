"""What LangChain asks about a chat model follows the model of the call."""

from __future__ import annotations

import copy
import inspect
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any, get_type_hints

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.load import dumpd
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.rate_limiters import InMemoryRateLimiter
from langchain_core.runnables import ConfigurableField
from pydantic import BaseModel

from langchain_unified import UnifiedChatModel
from langchain_unified.drop_in.bound import UnifiedBinding
from langchain_unified.errors import InvalidParameterError, UnknownParameterError
from langchain_unified.testing import ProviderEmulator

Make = Callable[..., UnifiedChatModel]
GEMINI = "gemini-2.5-flash"


class Joke(BaseModel):
    """A joke."""

    setup: str
    punchline: str


def weather(city: str) -> str:
    """Look up the weather in a city."""
    return f"sunny in {city}"


class Recorder(BaseCallbackHandler):
    """Keeps what a run was started with."""

    def __init__(self) -> None:
        self.metadata: list[dict[str, Any]] = []
        self.params: list[dict[str, Any]] = []

    def on_chat_model_start(
        self, serialized: Any, messages: Any, **kwargs: Any
    ) -> None:
        self.metadata.append(kwargs["metadata"])
        self.params.append(kwargs["invocation_params"])


SWITCHES = {
    "call": lambda llm: llm.invoke("hi", model=GEMINI),
    "bind": lambda llm: llm.bind(model=GEMINI).invoke("hi"),
    "config": lambda llm: llm.invoke("hi", config={"configurable": {"model": GEMINI}}),
    "with_config": lambda llm: llm.with_config(configurable={"model": GEMINI}).invoke(
        "hi"
    ),
    "fields": lambda llm: llm.configurable_fields(
        model=ConfigurableField(id="which")
    ).invoke("hi", config={"configurable": {"which": GEMINI}}),
    "alternatives": lambda llm: llm.configurable_alternatives(
        ConfigurableField(id="which"), other=llm.bind(model=GEMINI)
    ).invoke("hi", config={"configurable": {"which": "other"}}),
    "retry": lambda llm: llm.with_retry().invoke("hi", model=GEMINI),
    "fallbacks": lambda llm: llm.with_fallbacks([llm]).invoke("hi", model=GEMINI),
    "chain": lambda llm: (
        ChatPromptTemplate.from_messages([("user", "{x}")]) | llm
    ).invoke({"x": "hi"}, config={"configurable": {"model": GEMINI}}),
    "tools": lambda llm: llm.bind_tools([weather]).invoke("hi", model=GEMINI),
    "tools by config": lambda llm: llm.bind_tools([weather]).invoke(
        "hi", config={"configurable": {"model": GEMINI}}
    ),
    "fallbacks with tools": lambda llm: (
        llm.with_fallbacks([llm]).bind_tools([weather]).invoke("hi", model=GEMINI)
    ),
    "batch": lambda llm: llm.batch(
        ["hi"], config=[{"configurable": {"model": GEMINI}}]
    )[0],
}


@pytest.mark.parametrize("way", SWITCHES)
def test_every_way_to_switch(model: Make, way: str) -> None:
    """The model can be switched per call in every way LangChain offers."""
    answer = SWITCHES[way](model("gpt-4o", configurable=("model",)))

    assert GEMINI == answer.response_metadata["unified"]["model"]


@pytest.mark.parametrize("face", [UnifiedChatModel, UnifiedBinding])
def test_hints_can_be_read(face: type) -> None:
    """langchain-core's fallbacks read the hints of whatever is asked of them."""
    for name, method in inspect.getmembers(face, callable):
        own = str(getattr(method, "__module__", "")).startswith("langchain_unified")
        if own and not name.startswith("_"):
            assert "return" in get_type_hints(method), name


def test_structured_output_switches_too(model: Make) -> None:
    """A structured model answers with whichever model the call names."""
    declared = model("gpt-4o", configurable=("model",))
    llm = declared.with_structured_output(Joke, include_raw=True)
    for name in ("gpt-4o", "gpt-6-sol", "gpt-4", GEMINI):
        result = llm.invoke("joke", config={"configurable": {"model": name}})
        assert isinstance(result["parsed"], Joke)
        assert name == result["raw"].response_metadata["unified"]["model"]


async def test_batches_have_a_config_each(model: Make) -> None:
    """Each input of a batch can name its own model."""
    names = ["gpt-4o", "gpt-6-sol", GEMINI]
    configs = [{"configurable": {"model": name}} for name in names]
    answers = await model(configurable=("model",)).abatch(["hi"] * 3, config=configs)

    assert names == [a.response_metadata["unified"]["model"] for a in answers]


def test_bound_settings_survive(model: Make) -> None:
    """Whatever is bound first is still there after tools and structured output."""
    llm = model().bind(stop=["x"]).with_config(tags=["t"]).bind_tools([weather])
    chain = llm.bind(seed=3).with_structured_output(Joke)
    first = chain.first

    assert ["x"] == first.kwargs["stop"]
    assert 3 == first.kwargs["seed"]
    assert "weather" == first.kwargs["tools"][0]["function"]["name"]
    assert ["t"] == first.config["tags"]


def test_traces_follow_the_model_of_the_call(model: Make) -> None:
    """A trace names the provider, model and settings of the call."""
    recorder = Recorder()
    model("gpt-4o", temperature=0).invoke(
        "hi", model=GEMINI, max_tokens=9, config={"callbacks": [recorder]}
    )
    metadata = recorder.metadata[0]

    assert ("google_genai", GEMINI) == (
        metadata["ls_provider"],
        metadata["ls_model_name"],
    )
    assert (0, 9) == (metadata["ls_temperature"], metadata["ls_max_tokens"])
    assert GEMINI == recorder.params[0]["model"]


def test_the_cache_keeps_models_apart(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """One prompt and two models are two entries; switched back, it is a hit."""
    llm = model("gpt-4o", cache=InMemoryCache())
    llm.invoke("hi")
    llm.invoke("hi", model=GEMINI)
    assert 2 == len(provider_emulator.requests)

    llm.invoke("hi", model="openai:gpt-4o")
    llm.invoke("hi", model=GEMINI)
    assert 2 == len(provider_emulator.requests)


def test_profile_is_that_of_the_model() -> None:
    """The profile says what the model can do, and follows an assignment."""
    llm = UnifiedChatModel(model="gpt-4o")
    assert llm.profile["structured_output"]
    assert not llm.profile["reasoning_output"]

    llm.model_name = "gpt-5.4"
    assert llm.profile["reasoning_output"]
    assert "xhigh" in llm.profile["reasoning_effort_levels"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"use_responses_api": True}, True),
        ({"reasoning": {"effort": "low"}}, True),
        ({"use_responses_api": False}, False),
        ({}, False),
    ],
)
def test_profile_tells_of_tools_given_later(
    settings: dict[str, Any], *, expected: bool
) -> None:
    """Tools may come with a message only where every call goes to Responses."""
    profile = UnifiedChatModel(model="gpt-5.6", api_key="k", **settings).profile

    assert expected is profile["mid_conversation_tools"]
    assert profile["mid_conversation_system_messages"]
    assert "max" in profile["reasoning_effort_levels"]
    assert profile["image_url_inputs"]


def test_config_specs_name_what_can_be_configured() -> None:
    """User interfaces can read which settings a config may set, and no others."""
    llm = UnifiedChatModel(
        model="gpt-4o", configurable=("model", "seed"), config_prefix="writer"
    )
    chain = ChatPromptTemplate.from_messages([("user", "{x}")]) | llm

    assert {"writer_model", "writer_seed"} == {spec.id for spec in chain.config_specs}
    assert [] == UnifiedChatModel(model="gpt-4o").config_specs


def test_keys_of_the_application_change_nothing(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A graph's own `model` and `temperature` are not ours unless they are declared."""
    config = {"configurable": {"model": GEMINI, "temperature": 1, "thread_id": "1"}}
    model().bind_tools([weather]).invoke("hi", config)
    model(configurable=("temperature",)).invoke("hi", config)
    model(configurable=("model",), config_prefix="writer").invoke("hi", config)

    assert [("gpt-4o", None), ("gpt-4o", 1), ("gpt-4o", None)] == [
        (request.body["model"], request.body.get("temperature"))
        for request in provider_emulator.requests
    ]


@pytest.mark.parametrize(
    ("declared", "prefix", "chosen"),
    [
        ("any", "", {"model": "o3", "seed": 1}),
        (("seed",), "", {"seed": 1}),
        (("seed",), "other", {}),
        (("model", "model_provider"), "w", {"model": "google_genai:x"}),
        (None, "", {}),
    ],
)
def test_what_is_declared_is_read(
    declared: Any, prefix: str, chosen: dict[str, Any]
) -> None:
    """Declared settings are read under their prefix, in `init_chat_model`'s words."""
    llm = UnifiedChatModel(model="gpt-4o", configurable=declared, config_prefix=prefix)
    own = {"model": "o3", "seed": 1, "thread_id": "1", "user": None}
    prefixed = {"w_model": "x", "w_model_provider": "google_genai"}

    assert chosen == llm.chosen_by({"configurable": {**own, **prefixed}})


def test_a_model_that_is_no_name_is_refused_unless_the_key_is_declared(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """Plain data where a name belongs is an error; `configurable=()` ends the doubt."""
    config = {"configurable": {"model": {"a": 1}}}
    with pytest.raises(InvalidParameterError, match=r"configurable=\(\)"):
        model().invoke("hi", config)
    assert [] == provider_emulator.requests
    assert "hi" == model(configurable=()).invoke("hi", config).text


def test_declaring_what_does_not_exist_is_refused() -> None:
    """A misspelt setting is named when the model is made, with the nearest one."""
    with pytest.raises(UnknownParameterError, match="temperature"):
        UnifiedChatModel(model="gpt-4o", configurable=("temprature",))
    with pytest.raises(InvalidParameterError, match="configurable"):
        UnifiedChatModel(model="gpt-4o", configurable="model")


@pytest.mark.parametrize("name", ["gpt-4o", "gpt-6-sol", "gpt-5-pro", GEMINI])
async def test_streamed_usage_without_asking(model: Make, name: str) -> None:
    """A stream reports the same usage as the whole answer."""
    llm = model(name)
    whole = llm.invoke("one two three").usage_metadata
    merged = None
    for chunk in llm.stream("one two three"):
        merged = chunk if merged is None else merged + chunk

    assert whole["total_tokens"] == merged.usage_metadata["total_tokens"]


@pytest.mark.filterwarnings("ignore:astream_events version='v1'")
@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_astream_events(model: Make, version: str) -> None:
    """Events of a run carry its pieces."""
    kinds = [
        e["event"] async for e in model().astream_events("hi you", version=version)
    ]

    assert "on_chat_model_stream" in kinds


def test_stream_events_v3(model: Make) -> None:
    """The typed event stream works, also on a model with settings bound."""
    stream = model().bind(temperature=0).stream_events("one two", version="v3")

    assert "one two" == str(stream.text)


@pytest.mark.parametrize("name", ["gpt-4o", "gpt-6-sol", "gpt-5-pro", GEMINI])
def test_output_version_1_gives_blocks(model: Make, name: str) -> None:
    """`output_version="v1"` gives standard blocks whichever wire answered."""
    answer = model(name, output_version="v1").invoke("one two")

    assert isinstance(answer.content, list)
    assert "one two" in [block.get("text") for block in answer.content]


@pytest.mark.parametrize(
    "name", ["gpt-4o", "gpt-6-sol", "gpt-5-pro", GEMINI, "gemini-3.1-pro-preview"]
)
def test_content_is_text(model: Make, name: str) -> None:
    """A text answer is a `str`, whichever endpoint or provider served it."""
    llm = model(name)

    assert "one two" == llm.invoke("one two").content
    assert all(isinstance(chunk.content, str) for chunk in llm.stream("one two"))


def test_disable_streaming_and_rate_limiter(model: Make) -> None:
    """langchain-core's own switches are honoured."""
    limiter = InMemoryRateLimiter(requests_per_second=1000, check_every_n_seconds=0.001)
    llm = model("gpt-4o", disable_streaming=True, rate_limiter=limiter)

    assert 1 == len(list(llm.stream("one two three")))


def test_attributes_of_chat_openai(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """Attributes people read on ChatOpenAI read, and where it has them, set."""
    llm = UnifiedChatModel(
        model="gpt-4o",
        temperature=0.5,
        max_completion_tokens=7,
        api_key="k",
        base_url=provider_emulator.openai_base_url,
        default_headers={"x-team": "blue"},
    )

    assert ("gpt-4o", "gpt-4o", 0.5, 7) == (
        llm.model,
        llm.model_name,
        llm.temperature,
        llm.max_tokens,
    )
    assert "k" == llm.openai_api_key.get_secret_value()
    assert provider_emulator.openai_base_url == llm.openai_api_base
    assert llm.root_client.chat.completions is not None
    assert hasattr(llm.client, "create")
    assert hasattr(llm.async_client, "create")
    assert llm.root_async_client is not None


def test_a_client_can_be_given(provider_emulator: ProviderEmulator) -> None:
    """An `openai.OpenAI` client given to the constructor is the one used."""
    import openai

    with openai.OpenAI(
        api_key="mine", base_url=provider_emulator.openai_base_url
    ) as client:
        llm = UnifiedChatModel(model="gpt-4o", root_client=client)

        assert "hi" == llm.invoke("hi").text
        assert llm.root_client is client


CODE = """
import pickle, sys
llm = pickle.loads(bytes.fromhex(sys.argv[1]))
print(llm.invoke("hi", model=sys.argv[2]).text)
"""


@pytest.mark.parametrize("name", ["gpt-4o", "gpt-6-sol", GEMINI])
def test_a_pickled_model_calls_in_another_process(
    model: Make, provider_emulator: ProviderEmulator, name: str
) -> None:
    """A model that has been used travels to a spawned process and answers there."""
    llm = model("gpt-4o", temperature=0)
    llm.invoke("hi", model=name)
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", CODE, pickle.dumps(llm).hex(), name],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "hi" == done.stdout.strip()


def test_keys_of_the_environment_do_not_travel(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pickle holds a key only if the constructor was given it."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    travelling = pickle.dumps(UnifiedChatModel(model="gpt-4o"))
    given = pickle.dumps(UnifiedChatModel(model="gpt-4o", api_key="sk-given"))

    assert b"sk-environment" not in travelling
    assert (
        "sk-environment" == pickle.loads(travelling).openai_api_key.get_secret_value()
    )
    assert "sk-given" == pickle.loads(given).openai_api_key.get_secret_value()


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_copies_work(model: Make, copied: Callable[[Any], Any]) -> None:
    """Copies answer, and change nothing on the original."""
    llm = model("gpt-4o", temperature=0)
    llm.invoke("hi")
    other = copied(llm)
    other.temperature = 1

    assert "hi" == other.invoke("hi").text
    assert 0 == llm.temperature


def test_secrets_are_never_shown(provider_emulator: ProviderEmulator) -> None:
    """No key appears in repr, in what is dumped or in a plan."""
    llm = UnifiedChatModel(
        model="gpt-4o",
        api_key="sk-secret-1",
        google_api_key="sk-secret-2",
        default_headers={"authorization": "sk-secret-3"},
        providers={"google_genai": {"api_key": "sk-secret-4"}},
    )
    shown = repr(llm) + str(llm) + str(dumpd(llm)) + str(llm.explain())

    assert "sk-secret" not in shown


def test_tokens_are_counted_somehow(model: Make) -> None:
    """Token counts work without the network, by approximation and with a warning."""
    llm = model("gpt-4o", custom_get_token_ids=lambda text: list(range(len(text))))

    assert 5 == llm.get_num_tokens("hello")


def test_previous_response_id(model: Make, provider_emulator: ProviderEmulator) -> None:
    """Only what follows the last stored response is sent, with its id."""
    llm = model("gpt-5.4", use_previous_response_id=True)
    first = llm.invoke("one")
    provider_emulator.script()
    llm.invoke([HumanMessage("one"), first, HumanMessage("two")])
    body = provider_emulator.requests[-1].body

    assert first.response_metadata["id"] == body["previous_response_id"]
    assert ["two"] == [item["content"] for item in body["input"]]
    assert isinstance(first, AIMessage)


def test_functions_become_tools_where_needed(model: Make) -> None:
    """The older `functions` are sent as tools to a model that takes no functions."""
    function = {"name": "f", "parameters": {"type": "object", "properties": {}}}
    plan = model().explain(
        model="gpt-6-astra", functions=[function], function_call="auto"
    )

    assert "f" == plan.body["tools"][0]["name"]
    assert "functions" in [c.parameter for c in plan.changes]
