"""What servers say to a setting they do not take: learned from, in every shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import ProviderInvalidRequestError
from langchain_unified.learning import Lessons
from langchain_unified.registry import Registry
from langchain_unified.registry.loader import load_shipped
from langchain_unified.testing.wire import HttpReply
from tests.unit_tests.servers.loopback import CompatibleServer, json_reply, say

VALUES: dict[str, Any] = {"temperature": 0.3, "seed": 7, "logit_bias": {"50": 1}}


def _error(message: str, **fields: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", **fields}}


def _detail(name: str, kind: str = "extra_forbidden") -> list[dict[str, Any]]:
    said = "Extra inputs are not permitted"
    return [{"type": kind, "loc": ["body", name], "msg": said, "input": 1}]


SHAPES: dict[str, Callable[[str], Any]] = {
    "OpenAI": lambda name: _error(
        f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter"
    ),
    "vLLM": lambda name: {"object": "error", "message": str(_detail(name))},
    "Mistral": lambda name: {"message": {"detail": _detail(name)}},
    "FastAPI": lambda name: {"detail": _detail(name)},
    "FastAPI of old": lambda name: {"detail": _detail(name, "value_error.extra")},
    "LiteLLM": lambda name: _error(
        "litellm.BadRequestError: OpenAIException - Unsupported parameter: "
        f"'{name}' is not supported with this model.. Received Model Group=m-1\n"
        "Available Model Group Fallbacks=None",
        code="400",
    ),
    "LiteLLM itself": lambda name: _error(
        "litellm.UnsupportedParamsError: hosted_vllm does not support parameters: "
        f"['{name}'], for model=m-1. To drop these, set `litellm.drop_params=True` or "
        "for proxy:\n\n`litellm_settings:\n drop_params: true`\n."
    ),
    "Azure": lambda name: _error(
        "No.", param=name, code="unsupported_parameter", innererror={"code": "x"}
    ),
    "Azure of old": lambda name: _error(
        f"Unrecognized request argument supplied: {name}", param=None
    ),
    "Anthropic": lambda name: {
        "type": "error",
        **_error(f"{name}: Extra inputs are not permitted"),
    },
    "a text": lambda name: {"error": f"Unsupported parameter: '{name}'"},
    "Groq": lambda name: _error(
        f"property '{name}' is unsupported, did you mean 'other'?"
    ),
    "xAI": lambda name: {"error": f"Argument not supported on this model: {name}"},
}


class Picky:
    """Refuses one setting, in the words of a server; may go on refusing."""

    def __init__(self, shape: str, name: str, *, always: bool = False) -> None:
        self.shape, self.name, self.always = shape, name, always
        self.refused = 0

    def __call__(self, body: dict[str, Any]) -> HttpReply:
        if self.name in body or self.always:
            self.refused += 1
            return json_reply(SHAPES[self.shape](self.name), 400)
        return say("fine")(body)


def _ask(server: CompatibleServer, **settings: Any) -> str:
    llm = UnifiedChatModel(
        model="m-1", api_key="k", base_url=server.url, max_retries=0, **settings
    )
    return str(llm.invoke("hello").content)


def _kept(folder: Path) -> Registry:
    """Return a registry as another process has it, with lessons kept in files."""
    return Registry(load_shipped(), lessons=Lessons.at(folder))


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_left_out_and_remembered(shape: str, name: str) -> None:
    """One refusal, then none; what else was asked for is sent all along."""
    picky = Picky(shape, name)
    asked = {name: VALUES[name], "top_p": 0.5}
    with CompatibleServer(picky) as server:
        said = [_ask(server, **asked) for _ in range(2)]

    assert ["fine", "fine"] == said
    assert 1 == picky.refused
    assert [True, False, False] == [name in body for body in server.bodies]
    assert {0.5} == {body["top_p"] for body in server.bodies}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_setting_that_was_not_sent_teaches_nothing(shape: str) -> None:
    """A refusal about something else leaves every later request as it was."""
    picky = Picky(shape, "seed", always=True)
    with CompatibleServer(picky) as server:
        with pytest.raises(ProviderInvalidRequestError):
            _ask(server, temperature=0.3)
        picky.always = False
        said = _ask(server, temperature=0.3)

    assert "fine" == said
    assert {0.3} == {body["temperature"] for body in server.bodies}


@pytest.mark.parametrize("by", ["argument", "environment"])
def test_learning_can_be_switched_off(by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal is raised as ChatOpenAI raises it, each time."""
    picky = Picky("OpenAI", "seed")
    off = {"learning": "off"} if by == "argument" else {}
    if by == "environment":
        monkeypatch.setenv("LANGCHAIN_UNIFIED_LEARNING", "off")
    with CompatibleServer(picky) as server:
        for _ in range(2):
            with pytest.raises(ProviderInvalidRequestError):
                _ask(server, seed=7, **off)

    assert 2 == picky.refused


def _rewritten(folder: Path, change: Callable[[Any], Any]) -> None:
    """Change every file that lessons are kept in."""
    for path in folder.iterdir():
        path.write_text(json.dumps(change(json.loads(path.read_text()))))


def test_a_lesson_ages(tmp_path: Path) -> None:
    """After a week in a store the setting is tried again."""
    picky = Picky("OpenAI", "seed")
    with CompatibleServer(picky) as server:
        for _ in range(2):
            _ask(server, seed=7, registry=_kept(tmp_path))
        _rewritten(tmp_path, _aged)
        _ask(server, seed=7, registry=_kept(tmp_path))

    assert 2 == picky.refused


def _aged(found: dict[str, Any]) -> dict[str, Any]:
    then = datetime.now(timezone.utc) - timedelta(days=8)
    lessons = [{**one, "learned": then.isoformat()} for one in found["lessons"]]
    return {**found, "lessons": lessons}


@pytest.mark.parametrize(
    "damage",
    [
        lambda found: {**found, "version": 1},
        lambda found: {**found, "version": 99},
        lambda found: {"version": found["version"], "lessons": "none"},
        lambda found: {"version": found["version"], "lessons": [{"do": "resize"}]},
        lambda _: [],
    ],
    ids=["older", "newer", "no list", "no lesson", "a list"],
)
def test_a_store_of_another_version_is_ignored(
    damage: Callable[[Any], Any], tmp_path: Path
) -> None:
    """With a warning, and learned anew."""
    picky = Picky("OpenAI", "seed")
    with CompatibleServer(picky) as server:
        _ask(server, seed=7, registry=_kept(tmp_path))
        _rewritten(tmp_path, damage)
        with pytest.warns(UserWarning, match="learned"):
            said = _ask(server, seed=7, registry=_kept(tmp_path))

    assert "fine" == said
    assert 2 == picky.refused
