"""What a package can bring: rules, tool shapes, media, settings, prices and errors."""

from __future__ import annotations

import asyncio
import json
import pickle
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from langchain_unified import UnifiedChatModel, errors
from langchain_unified.cost import estimate_usd
from langchain_unified.data import parse_toml
from langchain_unified.providers import error_from_response
from langchain_unified.registry import Registry
from langchain_unified.registry.loader import load_shipped
from langchain_unified.registry.packages import why_missing
from langchain_unified.shims import load_shim
from langchain_unified.shims.foreign import translated
from langchain_unified.wires import load_wire
from tests.third_party.conftest import HERE, forget_packages

PAGE = HERE.parents[1] / "notebooks" / "write_a_provider.md"
FILES = (
    "pyproject.toml",
    "langchain_acme/acme.toml",
    "langchain_acme/wire.py",
    "langchain_acme/shim.py",
    "test_acme.py",
)


def weather(city: str) -> str:
    """Tell the weather of a city."""
    return city


def _llm(**settings: Any) -> UnifiedChatModel:
    return UnifiedChatModel(
        model="acme-small",
        registry=Registry(),
        providers={"acme": {"api_key": "key", "base_url": "http://127.0.0.1:9"}},
        **settings,
    )


@pytest.mark.parametrize("name", FILES)
def test_the_page_has_the_package_word_for_word(name: str) -> None:
    """Who types what the page says has the package that these tests are about."""
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(rf"`{re.escape(name)}`:\n\n```\w+\n(.*?)```", text, re.DOTALL)

    assert [(HERE / name).read_text(encoding="utf-8")] == blocks


def test_the_package_needs_public_names_alone() -> None:
    """Nothing in the package imports what begins with an underscore or lies deep."""
    public = {"langchain_unified.providers", "langchain_unified.testing.conformance"}
    texts = [(HERE / name).read_text(encoding="utf-8") for name in FILES]
    used = {
        m for text in texts for m in re.findall(r"from (langchain_unified\S*)", text)
    }

    assert public == used


def test_a_rule_of_its_own_is_on_record() -> None:
    """The package's rule drops a setting, as the plan and its record say."""
    plan = _llm().explain(acme_mode="careful", temperature=0.5, max_tokens=9)
    dropped = [(c.parameter, c.kind) for c in plan.changes if c.kind == "dropped"]

    assert {"mode": "careful", "length": 9} == dict(plan.body)
    assert [("temperature", "dropped")] == dropped


def test_tools_have_the_shape_of_the_wire() -> None:
    """The package writes tools and tool choice in words of its own."""
    llm = _llm().bind_tools([weather], tool_choice="weather")
    plan = _llm().explain(**llm.kwargs)

    assert "weather" == plan.body["must_call"]
    assert ["about", "call", "takes"] == sorted(plan.body["abilities"][0])
    with pytest.raises(errors.UnsupportedError, match="no built-in tools"):
        _llm().explain(tools=[{"type": "web_search"}])


def test_its_media_forms_decide_before_sending() -> None:
    """What the wire has no form for is refused by the plan, and names a reason."""
    image = {"type": "image", "base64": "aGk=", "mime_type": "image/webp"}
    with pytest.raises(errors.UnsupportedError, match="image/webp is none of"):
        _llm().explain([("user", [image])], model="acme-eyes")
    audio = {"type": "audio", "base64": "aGk=", "mime_type": "audio/wav"}
    with pytest.raises(errors.UnsupportedError, match="audio inputs"):
        _llm().explain([("user", [audio])], model="acme-eyes")


def test_settings_of_its_own_are_settings_of_every_call() -> None:
    """Other models drop on record what only this provider has, and bad values fail."""
    other = _llm().explain(model="gpt-4o", acme_mode="fast")

    assert [("acme_mode", "dropped")] == [(c.parameter, c.kind) for c in other.changes]
    with pytest.raises(errors.InvalidParameterError, match="'fast', 'careful'"):
        _llm().explain(acme_mode="slow")
    with pytest.raises(errors.UnknownParameterError, match="acme_mode"):
        _llm().explain(acme_mod="fast")


def test_connection_settings_of_its_own_are_the_providers_alone() -> None:
    """`region` is known for this provider, and a slip for another one."""
    for provider, name in (("openai", "region"), ("acme", "regoin")):
        with pytest.raises(errors.UnknownParameterError):
            UnifiedChatModel(model="gpt-4o", providers={provider: {name: "eu"}})


def test_prices_stand_in_its_rows() -> None:
    """Costs, budgets and `auto` read the price that the package states."""
    config = Registry().resolve("acme-small")

    assert 2.5 == estimate_usd(config, 1_000_000, 1_000_000)
    assert "acme.example" in str(Registry().get("acme-small").why("price"))


def test_a_model_of_the_package_travels() -> None:
    """A model object can be pickled, and plans the same afterwards."""
    llm = _llm()
    there = pickle.loads(pickle.dumps(llm))

    assert dict(llm.explain(temperature=1).body) == dict(
        there.explain(temperature=1).body
    )


ROGUE = """
schema = 1
[provider]
id = "rogue"
title = "Rogue"
package = "rogue"
prefixes = ["openai", "google", "gpt-4o"]
default_model = "rogue-1"
rules_of = "openai"
fallback_family = "rogue"
[parameters]
temperature = { type = "string", importance = "guarantee" }
heat = { type = "number", importance = "tuning", aliases = ["top_p", "max_tokens"] }
[endpoints.chat]
title = "Chat"
path = "/steal"
[families.rogue]
prefixes = ["gpt-5-mini", "gemini-2.5-flash-lite-x", "claude-opus-9", "gpt-6"]
endpoints = ["chat"]
[models.gpt-4o]
family = "rogue"
aliases = ["gpt-5", "o3"]
snapshots = ["2024-11-20"]
[models.rogue-1]
family = "rogue"
"""


@pytest.fixture
def rogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Install a package that claims everything there is."""
    info = tmp_path / "rogue-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rogue\nVersion: 1\n")
    entries = ("rogue", "openai", "google_genai", "azure_openai")
    lines = [f"{name} = rogue_shim:Shim" for name in entries]
    (info / "entry_points.txt").write_text(
        "\n".join(["[langchain_unified.shims]", *lines])
    )
    (tmp_path / "rogue_shim.py").write_text("raise RuntimeError('imported')\n")
    for name in entries:
        table = ROGUE.replace('id = "rogue"', f'id = "{name}"')
        (tmp_path / f"{name}.toml").write_text(table)
    monkeypatch.syspath_prepend(tmp_path)
    forget_packages()
    yield
    forget_packages()


@pytest.mark.usefixtures("rogue")
def test_a_package_cannot_take_what_is_not_its_own() -> None:
    """Whatever its rows claim, names, words, shims and the default stay."""
    without, having = Registry(load_shipped()), Registry()
    names = [config.model for config in without.models()]
    names += [f"{prefix}:{n}" for n in names[:40] for prefix in ("openai", "google")]
    names += ["gpt-5-mini-2099", "claude-opus-9-1", "gpt-6-new", "any-name", "rog"]
    moved = [n for n in names if without.resolve(n) != having.resolve(n)]
    plan = UnifiedChatModel(model="gpt-4o", registry=having).explain(
        temperature=0.5, top_p=0.5, max_tokens=5
    )

    assert [] == moved
    assert without.default_model() == having.default_model()
    assert {"temperature": 0.5, "top_p": 0.5} == {
        name: plan.body[name] for name in ("temperature", "top_p")
    }
    assert "rogue" == having.resolve("rogue-1").provider
    assert load_shim("openai").__module__.startswith("langchain_unified.")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('"gpt-5-mini"', '""'), "too short"),
        (('"gpt-5-mini"', '"a"'), "too short"),
        (('id = "rogue"', 'id = "rouge"'), "is not the name of the entry point"),
        (("[families.rogue]", "[families.rogue]\nfrobnicate = 1"), "frobnicate"),
        (('type = "string"', 'type = "strnig"'), "did you mean 'string'"),
    ],
)
@pytest.mark.usefixtures("rogue")
def test_rows_that_make_no_sense_are_left_out(
    change: tuple[str, str],
    told: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A bad file costs the provider it is about, says why, and nothing else."""
    (tmp_path / "rogue.toml").write_text(ROGUE.replace(*change))
    forget_packages()
    registry = Registry()

    assert "rogue" not in registry.files
    assert told in caplog.text
    assert told in why_missing("rogue")
    assert "openai" == registry.resolve("gpt-4o").provider
    assert UnifiedChatModel(model="gpt-4o").explain(temperature=1).body


def test_a_provider_that_is_not_there_is_told_with_what_to_do() -> None:
    """Who has no rows learns what to write where, and who has some that they count."""
    assert "put nobody.toml beside the module of the shim" in why_missing("nobody")
    assert "exist" in why_missing("acme")


def test_a_wire_that_is_not_there_is_an_error_with_its_name() -> None:
    """A slip in `wire = ...` names the object that cannot be loaded."""
    for name in ("langchain_acme.wier:WIRE", "langchain_acme.wire:WRIE", "json:loads"):
        with pytest.raises(errors.RegistryError, match=re.escape(name)):
            load_wire(name)


CASES: list[tuple[int, Any, type[errors.ProviderError]]] = [
    (400, {"error": {"message": "no"}}, errors.ProviderInvalidRequestError),
    (400, "prompt is too long", errors.ProviderContextOverflowError),
    (413, {"message": "maximum context length"}, errors.ProviderContextOverflowError),
    (401, None, errors.ProviderAuthenticationError),
    (403, b"<html>", errors.ProviderPermissionError),
    (404, [], errors.ProviderModelNotFoundError),
    (408, {}, errors.ProviderTimeoutError),
    (409, "", errors.ProviderInvalidRequestError),
    (
        422,
        {"detail": [{"loc": ["body"], "msg": 3}]},
        errors.ProviderInvalidRequestError,
    ),
    (429, {"error": "slow"}, errors.ProviderRateLimitError),
    (500, {"error": {"message": ["odd"]}}, errors.ProviderUnavailableError),
    (529, 17, errors.ProviderUnavailableError),
]


@pytest.mark.parametrize(("status", "body", "kind"), CASES)
def test_a_status_and_a_body_make_an_error(
    status: int, body: Any, kind: type[errors.ProviderError]
) -> None:
    """Any body, however odd, becomes the error of its status."""
    headers = {"X-Request-Id": "r1", "Retry-After": "3", "x-should-retry": "true"}
    error = error_from_response(status, body, headers=headers)

    assert kind is type(error)
    assert (status, "r1", 3.0, True) == (
        error.status,
        error.request_id,
        error.retry_after,
        error.should_retry,
    )
    assert str(error).startswith(f"{status}: ")


def test_what_stands_elsewhere_in_a_body_can_be_given() -> None:
    """A provider with a form of its own says where message, code and field are."""
    error = error_from_response(
        400, "{}", message="no heat", code="c", parameter="heat"
    )

    assert ("400: no heat", "c", "heat") == (str(error), error.code, error.parameter)


def _status(code: int, body: bytes) -> httpx.HTTPStatusError:
    request = httpx.Request("POST", "http://acme/say")
    response = httpx.Response(code, content=body, request=request)
    return httpx.HTTPStatusError("refused", request=request, response=response)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectError("no"), errors.ProviderConnectionError),
        (httpx.ReadError("no"), errors.ProviderConnectionError),
        (httpx.RemoteProtocolError("no"), errors.ProviderConnectionError),
        (httpx.ProxyError("no"), errors.ProviderConnectionError),
        (httpx.ReadTimeout("no"), errors.ProviderTimeoutError),
        (httpx.ConnectTimeout("no"), errors.ProviderTimeoutError),
        (httpx.PoolTimeout("no"), errors.ProviderTimeoutError),
        (httpx.DecodingError("no"), errors.MalformedResponseError),
        (ConnectionResetError("no"), errors.ProviderConnectionError),
        (BrokenPipeError("no"), errors.ProviderConnectionError),
        (TimeoutError("no"), errors.ProviderTimeoutError),
        (asyncio.TimeoutError(), errors.ProviderTimeoutError),
        (json.JSONDecodeError("no", "x", 0), errors.MalformedResponseError),
        (_status(503, b"busy"), errors.ProviderUnavailableError),
        (
            _status(429, b'{"error": {"message": "slow"}}'),
            errors.ProviderRateLimitError,
        ),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_what_an_http_library_raises_is_ours(
    error: Exception, kind: type[errors.ProviderError]
) -> None:
    """Nothing has to be caught by the package: the same call is tried again."""
    assert kind is type(translated(error))


@pytest.mark.parametrize(
    "error", [ValueError("a bug"), KeyError("text"), RuntimeError("no"), OSError("no")]
)
def test_a_mistake_of_the_package_stays_what_it_is(error: Exception) -> None:
    """A bug is no fault of the network: it is raised as it is, and not tried again."""
    assert translated(error) is None


def test_the_rows_of_the_page_are_read() -> None:
    """The table that readers type is a provider file."""
    table = parse_toml((HERE / FILES[1]).read_text(encoding="utf-8"))

    assert "acme" == table["provider"]["id"]
