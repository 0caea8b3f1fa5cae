"""Shadow mode shows a name that the two paths would ask for differently."""

from __future__ import annotations

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
