"""The shadow report: right about each difference, at any volume, over processes."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from langchain_unified import LangChainCompatibilityService, UnifiedChatModel
from langchain_unified.errors import InvalidParameterError
from langchain_unified.rollout import (
    Difference,
    Mirrored,
    Rollout,
    ShadowReport,
    report_sent,
)
from langchain_unified.rollout.report import ADVICE, ALL_MODELS
from langchain_unified.rollout.store import MAX_ROWS, Finding, ShadowStore
from langchain_unified.service import UnifiedInferenceService
from langchain_unified.testing import ProviderEmulator

Make = Callable[..., UnifiedChatModel]
Plant = tuple[str, Any, str, str]
"""Where a body is changed, to what, and the parameter and place that show it."""

GONE = object()
PICTURE = "data:image/png;base64,iVBORw0KGgo="
TOOL = {
    "type": "function",
    "function": {
        "name": "look",
        "description": "Look.",
        "parameters": {"type": "object", "properties": {"x": {"type": "string"}}},
    },
}
FORM = {
    "type": "json_schema",
    "json_schema": {
        "name": "joke",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"a": {"type": "string"}},
            "required": ["a"],
            "additionalProperties": False,
        },
    },
}
SETTINGS = {
    "temperature": 0.5,
    "max_tokens": 40,
    "top_p": 0.9,
    "seed": 7,
    "presence_penalty": 0.1,
    "frequency_penalty": 0.2,
    "stop": ["END"],
    "logprobs": True,
    "top_logprobs": 2,
    "logit_bias": {"5": 1},
    "user": "u1",
    "tools": [TOOL],
    "tool_choice": "auto",
    "parallel_tool_calls": False,
    "response_format": FORM,
    "service_tier": "default",
    "store": False,
}
OTHER: dict[str, Any] = {
    "temperature": 0.6,
    "max_completion_tokens": 50,
    "top_p": 0.8,
    "seed": 8,
    "presence_penalty": 0.3,
    "frequency_penalty": 0.4,
    "logprobs": False,
    "top_logprobs": 3,
    "user": "u2",
    "tool_choice": "required",
    "parallel_tool_calls": True,
    "service_tier": "flex",
    "store": True,
}
NAMES = {"max_completion_tokens": "max_tokens"}

PLANTS: list[Plant] = [
    *((name, value, NAMES.get(name, name), "") for name, value in OTHER.items()),
    *((name, GONE, NAMES.get(name, name), "") for name in OTHER),
    ("stop.0", "HALT", "stop", "stop[]"),
    ("stop", GONE, "stop", ""),
    ("logit_bias.5", 2, "logit_bias", ""),
    ("tools", GONE, "tools", ""),
    ("response_format", GONE, "response_format", ""),
    ("model", "gpt-4o-mini", "model", ""),
    ("metadata", {"a": "b"}, "metadata", ""),
    ("prompt_cache_key", "k", "prompt_cache_key", ""),
    ("safety_identifier", "s", "safety_identifier", ""),
    ("modalities", ["text"], "modalities", ""),
    ("x_house", 1, "x_house", ""),
    ("tools.0.function.description", "See.", "tools", "tools[].function.description"),
    ("tools.0.function.name", "see", "tools", "tools[].function.name"),
    ("tools.0.function.strict", True, "tools", "tools[].function.strict"),
    (
        "tools.0.function.parameters.properties.y",
        {"type": "string"},
        "tools",
        "tools[].function.parameters",
    ),
    (
        "response_format.json_schema.name",
        "wit",
        "response_format",
        "response_format.json_schema.name",
    ),
    (
        "response_format.json_schema.strict",
        False,
        "response_format",
        "response_format.json_schema.strict",
    ),
    (
        "response_format.json_schema.schema.title",
        "T",
        "response_format",
        "response_format.json_schema.schema",
    ),
    ("messages.0.content", "Be long.", "messages", "messages[].content"),
    ("messages.1.content.0.text", "ho", "messages", "messages[].content[].text"),
    (
        "messages.1.content.1.image_url.detail",
        "low",
        "messages",
        "messages[].content[].image_url.detail",
    ),
    (
        "messages.1.content.0.cache_control",
        {"type": "ephemeral"},
        "messages",
        "messages[].content[].cache_control",
    ),
    ("messages.1.name", "ann", "messages", "messages[].name"),
    ("messages.0.role", "user", "messages", "roles"),
]


def planted(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a copy of a body with one difference."""
    changed = copy.deepcopy(body)
    at: Any = changed
    *steps, last = (int(s) if s.isdigit() else s for s in path.split("."))
    for step in steps:
        at = at[str(step) if isinstance(at, dict) else step]
    last = str(last) if isinstance(at, dict) else last
    if value is GONE:
        del at[last]
    else:
        at[last] = value
    return changed


class Saying:
    """An old service that says what it sends: whatever the test hands it."""

    def __init__(self, url: str, bodies: Iterator[dict[str, Any]]) -> None:
        self.url, self.bodies = url, bodies

    async def generate_text(self, prompt: str, **_: Any) -> dict[str, Any]:
        report_sent(self.url, next(self.bodies))
        return {"text": "old", "model_used": "old", "success": True}


@pytest.mark.filterwarnings("ignore:LangChainCompat:DeprecationWarning")
async def test_the_report_is_right_on_fifty_planted_differences(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """Each is found at its place, as often as it was; no change hides one."""
    flags = Rollout("unified")
    service = UnifiedInferenceService(model(rollout=flags))
    asked = {"system_message": "Be brief.", "images": PICTURE, **SETTINGS}
    await service.generate_text("hi", **asked)
    same = provider_emulator.requests[-1].body
    times = [1 + n % 3 for n in range(len(PLANTS))]
    bodies = [
        planted(same, path, value)
        for (path, value, _, _), often in zip(PLANTS, times, strict=True)
        for _ in range(often)
    ]
    url = f"{provider_emulator.openai_base_url}/chat/completions"
    old = Saying(url, iter([same] * 5 + bodies))
    shadow = Rollout("shadow")  # others of the process have reports of their own
    compat = LangChainCompatibilityService(service, legacy=old, rollout=shadow)
    for _ in range(5 + len(bodies)):
        await compat.generate_text("hi", **asked)
    report = compat.rollout.report()
    wanted: Counter[tuple[Any, ...]] = Counter()
    for (_, value, parameter, where), often in zip(PLANTS, times, strict=True):
        wanted[parameter, where, value is GONE] += often
    found: Counter[tuple[Any, ...]] = Counter()
    for row in report.differences:
        found[row.parameter, row.where, row.legacy is None] += row.calls

    assert 50 <= len(PLANTS)
    assert (5 + len(bodies), 5, 0) == (
        report.compared,
        report.identical,
        report.failed,
    )
    assert wanted == found
    assert {"unexplained", "mended"} == {
        row.kind for row in report.differences if row.legacy is not None
    }
    assert {"kept"} == {
        row.kind
        for row in report.differences
        if row.legacy is None and row.parameter in SETTINGS and not row.where
    }


def test_no_kind_is_lost_and_memory_is_bounded() -> None:
    """Beyond the bound further kinds are counted for all models together."""
    store = ShadowStore()
    for n in range(MAX_ROWS + 500):
        row = Difference(f"model-{n}", "stop", "1", None, "", kind="dropped")
        store.submit(lambda row=row: Finding([row]))
        if n % 500 == 0:
            store.report(10)
    report = store.report(10)

    assert MAX_ROWS + 500 == sum(row.calls for row in report.differences)
    assert 500 == report.of(ALL_MODELS)["stop"].calls
    assert MAX_ROWS + 1 == len(report.differences)


REPORT = ShadowReport(
    10,
    4,
    0,
    0,
    (
        Difference("m", "stop", '["x"]', None, "why", 3, "dropped"),
        Difference("m", "messages", "(given)", "(given)", "?", 2, where="messages[]"),
    ),
    (Mirrored("m", verdict=True), Mirrored("m", error="Timeout: late")),
    unseen=1,
)


def test_a_report_travels_as_json() -> None:
    """What is written is read again; programs find kind, place and advice in it."""
    plain = json.loads(REPORT.to_json())

    assert ShadowReport.from_json(REPORT.to_json()) == REPORT
    assert ADVICE["dropped"] == plain["differences"][0]["advice"]
    assert plain["differences"][1]["explained"] is False
    with pytest.raises(InvalidParameterError, match="format"):
        ShadowReport.from_json('{"format": 99}')


def test_reports_add_up() -> None:
    """Merged, equal kinds are one row with the sum of their calls."""
    merged = ShadowReport.merge([REPORT, REPORT, REPORT])

    assert (30, 12, 3, 3) == (
        merged.compared,
        merged.identical,
        merged.unseen,
        merged.processes,
    )
    assert [9, 6] == [row.calls for row in merged.differences]
    assert {"unexplained": 6, "dropped": 9} == merged.by_kind()
    assert "3 processes" in str(merged)
    assert ADVICE["unexplained"] in str(merged)
    assert ADVICE["dropped"] in merged.html()


PROCESS = """
import sys
from langchain_unified import UnifiedChatModel
from langchain_unified.rollout import Rollout

flags = Rollout("shadow", report_to=sys.argv[1])
llm = UnifiedChatModel(
    model="gpt-5.1", temperature=0.5, api_key="sk-test", base_url=sys.argv[2],
    rollout=flags, max_retries=0,
)
for _ in range(int(sys.argv[3])):
    llm.invoke("hi")
"""


def test_every_process_leaves_its_report_in_the_folder(tmp_path: Path) -> None:
    """Two processes that end without a word are whole in the merged report."""
    with ProviderEmulator() as emulator:
        for calls in ("2", "3"):
            url = emulator.openai_base_url
            subprocess.run(  # noqa: S603
                [sys.executable, "-c", PROCESS, str(tmp_path), url, calls],
                check=True,
                env={**os.environ, "PYTHONWARNINGS": "ignore"},
            )
    report = ShadowReport.load(tmp_path)

    assert (5, 2) == (report.compared, report.processes)
    assert 5 == report.of("gpt-5.1")["temperature"].calls


def test_a_function_can_take_the_report(model: Make) -> None:
    """A callback gets what is known so far; one that fails fails no call."""
    reports: list[ShadowReport] = []
    llm = model(rollout=Rollout("shadow", report_to=reports.append))
    llm.invoke("hi")
    llm.shadow_report()
    broken = model(rollout=Rollout("shadow", report_to=lambda report: 1 / 0))
    broken.invoke("hi")

    assert 1 == reports[-1].compared
    assert 1 == broken.shadow_report().compared


def test_a_gateway_s_unknown_change_is_not_explained_away(model: Make) -> None:
    """A change explains the difference it is about, and no other one."""
    flags = Rollout("shadow")
    llm = model("o3", rollout=flags, max_tokens=40)
    with pytest.raises(Exception, match="temperature"):
        llm.invoke("hi", temperature=0.2)
    kinds = {row.parameter: row.kind for row in flags.report().differences}

    assert {"temperature": "dropped"} == kinds
