"""The one place of what a process keeps."""

from __future__ import annotations

import os
import threading

import pytest

from langchain_unified.runtime import Bounded, Runtime


class Kept(Bounded[str, str]):
    """Something a room keeps."""

    forgets_in_children = True


def test_a_part_is_made_once() -> None:
    """Whoever asks for a part gets the same one, from any thread."""
    runtime, found = Runtime(), []
    threads = [
        threading.Thread(target=lambda: found.append(runtime[Kept])) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 1 == len({id(part) for part in found})


def test_a_reset_forgets_everything() -> None:
    """After a reset a part is as new."""
    runtime = Runtime()
    runtime[Kept].put("key", "value")
    runtime.reset()

    assert runtime[Kept].find("key") is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_starts_anew() -> None:
    """What belongs to one process is not there in its child."""
    runtime = Runtime()
    runtime[Kept].put("key", "value")
    child = os.fork()
    if not child:
        os._exit(0 if runtime[Kept].find("key") is None else 1)

    assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert "value" == runtime[Kept].find("key")
