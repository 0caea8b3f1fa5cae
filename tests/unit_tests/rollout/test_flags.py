from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from openfeature import api
from openfeature.flag_evaluation import FlagResolutionDetails
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import InvalidParameterError
from langchain_unified.rollout import ENVIRONMENT, Mirror, Mode, Rollout, rollout
from langchain_unified.rollout.flags import FLAG, FileFlag
from tests.benchmarks.counting import count_calls

LOGGER = "langchain_unified"


class BrokenProvider(InMemoryProvider):
    """An OpenFeature provider whose flag service is down."""

    def __init__(self) -> None:
        super().__init__({})
        self.down = False

    def resolve_string_details(self, *args: Any, **kwargs: Any) -> Any:
        if self.down:
            raise ConnectionError
        return super().resolve_string_details(*args, **kwargs)


def client(provider: InMemoryProvider, domain: str) -> Any:
    api.set_provider(provider, domain)
    return api.get_client(domain)


def flag(mode: str, **options: Any) -> InMemoryFlag[str]:
    return InMemoryFlag("on", {"on": mode}, **options)


def said(control: Rollout) -> str | None:
    found = control.read()
    return None if found is None else f"{found[0]} from {found[1]}"


def test_the_first_source_that_speaks_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Context, instance, callable, file, environment, OpenFeature, default."""
    path = tmp_path / "flag"
    path.write_text("shadow")
    monkeypatch.setenv(ENVIRONMENT, "canary:30")
    answers: list[Any] = ["canary:20"]
    features = client(InMemoryProvider({FLAG: flag("canary:40")}), "order")
    control = Rollout(
        "legacy",
        call=lambda: answers[0],
        file=path,
        openfeature=features,
        default="canary:50",
    )
    seen = []
    with rollout("canary:1"):
        seen.append(said(control))
    seen.append(said(control))
    control.mode = None
    seen.append(said(control))
    answers[0] = None
    seen.append(said(control))
    path.write_text("")
    os.utime(path, (time.time() - 60, time.time() - 60))
    seen.append(said(control))
    monkeypatch.delenv(ENVIRONMENT)
    seen.append(said(control))
    features = client(InMemoryProvider({FLAG: flag("")}), "order")
    seen.append(said(control))

    assert [
        "canary:1 from context",
        "legacy from instance",
        "canary:20 from callable",
        "shadow from file",
        "canary:30 from environment",
        "canary:40 from openfeature",
        "canary:50 from default",
    ] == seen


def test_context_managers_nest() -> None:
    """The inner block counts; leaving it brings the outer one back."""
    control = Rollout(default=None)
    seen = []
    with rollout("legacy"):
        with rollout("shadow"):
            seen.append(said(control))
        seen.append(said(control))
    seen.append(said(control))

    assert ["shadow from context", "legacy from context", None] == seen


def test_a_file_flips_without_a_restart(tmp_path: Path) -> None:
    """Every change of the file is seen by the next call, however fast they come."""
    path = tmp_path / "flag"
    control = Rollout(file=path)
    seen = []
    for mode in ("legacy", "shadow", "legacy", "unified"):
        path.write_text(mode)
        seen.append(said(control))

    assert [f"{m} from file" for m in ("legacy", "shadow", "legacy", "unified")] == seen


def test_a_settled_file_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old file costs one stat for each call, no read."""
    path = tmp_path / "flag"
    path.write_text("legacy")
    os.utime(path, (time.time() - 60, time.time() - 60))
    control = FileFlag(path, print)
    control.read()
    reads: list[Path] = []
    monkeypatch.setattr(Path, "read_bytes", reads.append)
    for _ in range(100):
        control.read()

    assert [] == reads
    assert "legacy" == str(control.read())


def test_a_file_being_written_keeps_its_word(tmp_path: Path) -> None:
    """A file that was truncated a moment ago still says what it said."""
    path = tmp_path / "flag"
    path.write_text("legacy")
    control = Rollout(file=path)
    control.read()
    path.write_text("")

    assert "legacy from file" == said(control)


def test_a_file_that_was_never_there_is_told_and_leaves_the_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing file is named once; the next source speaks, else the safe default."""
    control = Rollout(file=tmp_path / "none")
    found = [said(control), said(control)]
    monkeypatch.setenv(ENVIRONMENT, "canary:5")

    assert ["legacy from default"] * 2 == found
    assert "canary:5 from environment" == said(control)
    assert 1 == sum("none" in record.getMessage() for record in caplog.records)


def broken_file(tmp_path: Path) -> tuple[Rollout, Any]:
    path = tmp_path / "flag"
    path.write_text("canary:10")
    return Rollout(file=path), lambda: path.write_text("canary:many")


def missing_file(tmp_path: Path) -> tuple[Rollout, Any]:
    path = tmp_path / "flag"
    path.write_text("canary:10")
    return Rollout(file=path), path.unlink


def broken_callable(tmp_path: Path) -> tuple[Rollout, Any]:
    state = {"mode": "canary:10"}
    return Rollout(call=lambda: state["mode"]), lambda: state.pop("mode")


def nonsense_callable(tmp_path: Path) -> tuple[Rollout, Any]:
    state: dict[str, Any] = {"mode": "canary:10"}
    return Rollout(call=lambda: state["mode"]), lambda: state.update(mode=object())


def broken_environment(tmp_path: Path) -> tuple[Rollout, Any]:
    os.environ["F_TEST_ROLLOUT"] = "canary:10"
    return Rollout(environment="F_TEST_ROLLOUT"), lambda: os.environ.update(
        F_TEST_ROLLOUT="canry:10"
    )


def broken_openfeature(tmp_path: Path) -> tuple[Rollout, Any]:
    provider = BrokenProvider()
    provider._flags = {FLAG: flag("canary:10")}
    control = Rollout(openfeature=client(provider, "broken"))
    return control, lambda: setattr(provider, "down", True)


@pytest.mark.parametrize(
    "source",
    [
        broken_file,
        missing_file,
        broken_callable,
        nonsense_callable,
        broken_environment,
        broken_openfeature,
    ],
)
def test_a_broken_source_keeps_its_last_good_word(
    source: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A source that breaks goes on saying what it said last, and warns once."""
    control, break_it = source(tmp_path)
    before = said(control)
    break_it()
    with caplog.at_level(logging.WARNING, logger=LOGGER):
        after = [said(control) for _ in range(5)]
    os.environ.pop("F_TEST_ROLLOUT", None)
    warned = [record.getMessage() for record in caplog.records if record.name == LOGGER]

    assert [before] * 5 == after
    assert 1 == len(warned)
    assert "the previous value 'canary:10' is kept" in warned[0]


def test_a_source_broken_from_the_start_means_the_default(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A source that never said anything good means the declared default."""
    control = Rollout(call=lambda: 1 / 0, default="legacy")
    found = [said(control) for _ in range(3)]

    assert ["legacy from default"] * 3 == found
    assert 1 == len(caplog.records)
    assert "no valid value was read yet: ZeroDivisionError" in caplog.text


def test_a_source_can_recover(tmp_path: Path) -> None:
    """A repaired file speaks again at the next call."""
    path = tmp_path / "flag"
    path.write_text("legacy")
    control = Rollout(file=path)
    control.read()
    path.write_text("nonsense")
    control.read()
    path.write_text("shadow")

    assert "shadow from file" == said(control)


def test_openfeature_targets_the_key_of_the_call() -> None:
    """The flag service sees who the call is for, and can answer by it."""

    def by_user(flag: InMemoryFlag[str], context: Any) -> Any:
        ann = context.targeting_key == "ann"
        return FlagResolutionDetails("legacy" if ann else "unified")

    provider = InMemoryProvider({FLAG: flag("unified", context_evaluator=by_user)})
    control = Rollout(openfeature=client(provider, "target"))
    ann, bob = (
        control.decide("openai", {"configurable": {"user_id": user}})
        for user in ("ann", "bob")
    )

    assert ("legacy", "unified") == (ann, bob)


def test_without_an_openfeature_provider_the_safe_default_counts() -> None:
    """An OpenFeature client that nobody set up switches nobody."""
    control = Rollout(openfeature=api.get_client("nobody-set-this-up"))

    assert "legacy from default" == said(control)


def test_a_wrong_constant_is_refused_at_once() -> None:
    """A mode written in code is checked where it is written."""
    with pytest.raises(InvalidParameterError):
        Rollout("legcy")
    with pytest.raises(InvalidParameterError):
        Rollout(default="legcy")
    with pytest.raises(InvalidParameterError), rollout("legcy"):
        pass
    UnifiedChatModel(api_key="k", rollout=True)
    with pytest.raises(InvalidParameterError):  # It equals True, and is no flag.
        UnifiedChatModel(api_key="k", rollout=1)


@pytest.mark.parametrize(
    "mode",
    [
        Mode("lgacy"),
        Mode("off"),
        Mode("canary", 500.0),
        Mode("canary", float("nan")),
        Mode("legacy", providers=(("opnai", Mode("off")),)),
    ],
    ids=str,
)
def test_a_wrong_value_is_refused_as_its_text_is(mode: Mode) -> None:
    """A mode made by hand can hold a typo too."""
    with pytest.raises(InvalidParameterError):
        Rollout(mode)


FORKED = """
import os, signal
from langchain_unified.rollout import Guard, Mirror, Rollout

guard, mirror = Guard(errors=0.5), Mirror(1.0)
flags = Rollout("unified", guard=guard, mirror=mirror)
held = [flags._teller._lock, guard._lock, mirror._lock]
for lock in held:
    lock.acquire()
child = os.fork()
if not child:
    signal.alarm(30)
    flags.mode = "legacy"
    flags.decide("openai")
    os._exit(not all(one.acquire(timeout=1) for one in (guard._lock, mirror._lock)))
print(os.waitpid(child, 0)[1])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forking is for POSIX")
def test_a_forked_process_does_not_wait_for_its_parent_s_locks() -> None:
    """A server that forks while a thread counts or logs goes on in the child."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-W", "ignore", "-c", FORKED],
        check=True,
        capture_output=True,
        text=True,
    )

    assert "0" == done.stdout.strip()


@pytest.mark.parametrize("part", ["call", "key", "on_event", "report_to", "compare"])
def test_an_asynchronous_function_is_refused(part: str) -> None:
    """Nobody would await it: a flag, a key or a judge would be lost in silence."""

    async def late(*_: Any) -> str:
        return "legacy"

    with pytest.raises(InvalidParameterError, match="synchronous"):
        Mirror(1.0, compare=late) if part == "compare" else Rollout(**{part: late})


def test_reading_is_cheap(tmp_path: Path) -> None:
    """All sources together, the file's stat included, take few function calls."""
    path = tmp_path / "flag"
    path.write_text("")
    os.utime(path, (time.time() - 60, time.time() - 60))
    control = Rollout(call=lambda: None, file=path)

    assert 150 >= count_calls(
        lambda: control.decide("openai", {"configurable": {"user_id": "a"}})
    )


def test_modes_are_values() -> None:
    """A mode can be given as a value instead of text."""
    assert "canary:5 from instance" == said(Rollout(Mode("canary", 5.0)))


def test_an_unset_variable_forgets_its_last_word(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A typo after the variable was taken away has no good word before it."""
    llm, seen = model(), []
    for text in ("unified", None, "lgacy"):
        if text is None:
            monkeypatch.delenv(ENVIRONMENT)
        else:
            monkeypatch.setenv(ENVIRONMENT, text)
        record = llm.invoke("hi").response_metadata["unified"]
        seen.append((record.get("rollout") or {}).get("served_by"))

    assert ["unified", None, "legacy"] == seen
