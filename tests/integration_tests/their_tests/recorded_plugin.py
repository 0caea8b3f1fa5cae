"""A pytest plugin that plays recorded OpenAI traffic to `UnifiedChatModel`.

The tests and the recordings are langchain-openai's. The answers of a recording are
played in turn, each once: what is asked may differ from what ChatOpenAI asked, the
number of turns may not.

`THEIR_CLASS=theirs` leaves `ChatOpenAI` in its place, for the comparison.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from langchain_openai import ChatOpenAI
from vcr.cassette import Cassette

from langchain_unified import UnifiedChatModel

COMPARED = ("json_body", "uri", "scheme", "host", "port", "path", "query")


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Leave the tests with recordings of the class, and give them the other one."""
    items[:] = [item for item in items if _is_recorded(item)]
    if os.environ.get("THEIR_CLASS") == "theirs":
        return
    for item in items:
        names = vars(item.module)
        names.update({k: UnifiedChatModel for k, v in names.items() if v is ChatOpenAI})


def _is_recorded(item: Any) -> bool:
    recorded = item.get_closest_marker("vcr") is not None
    return recorded and hasattr(item.module, "ChatOpenAI")


def _in_turn(one: Any, other: Any) -> None:
    assert one.method == other.method


@pytest.hookimpl(trylast=True)
def pytest_recording_configure(config: Any, vcr: Any) -> None:
    """Compare no more of a request than its method."""
    del config
    for name in COMPARED:
        vcr.register_matcher(name, _in_turn)


@pytest.fixture(autouse=True)
def _once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Play every answer once, whatever the suite's own settings say."""
    before = Cassette.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        before(self, *args, **{**kwargs, "allow_playback_repeats": False})

    monkeypatch.setattr(Cassette, "__init__", init)
