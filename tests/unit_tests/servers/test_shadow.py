"""Shadow mode shows a name that the two paths would ask for differently."""

from __future__ import annotations

import pytest

from langchain_unified import UnifiedChatModel
from tests.unit_tests.servers.loopback import CompatibleServer, say


def test_shadow_shows_another_name_of_the_model() -> None:
    """An alias of the user's own is unknown to `ChatOpenAI`: the report says so."""
    from langchain_unified.registry import Registry

    registry = Registry()
    registry.alias("quick", "gpt-4o-mini")
    with CompatibleServer(say("fine")) as server:
        llm = UnifiedChatModel(
            model="quick",
            api_key="k",
            base_url=server.url,
            registry=registry,
            rollout="shadow",
        )
        llm.invoke("hi")
        shown = llm.shadow_report().differences

    assert ('"quick"', '"gpt-4o-mini"') in {
        (one.legacy, one.unified) for one in shown if one.parameter == "model"
    }


@pytest.mark.parametrize("mode", ["legacy", "shadow", "unified"])
def test_every_mode_calls_the_server_of_the_environment(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model made for another `OPENAI_BASE_URL` has no client of the one before."""
    for said in ("first", "second"):
        with CompatibleServer(say(said)) as server:
            monkeypatch.setenv("OPENAI_BASE_URL", server.url)
            llm = UnifiedChatModel(model="some/model", api_key="k", rollout=mode)

            assert said == llm.invoke("hi").text
