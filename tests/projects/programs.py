"""Programs that use a public project, run before and after its migration.

The emulator is the server, the keys open nothing. A program's output, the requests it
made and what it asked of which model must be the same.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langchain_unified.data import parse_toml
from langchain_unified.migrate.verify import dummy_environment
from langchain_unified.testing import ProviderEmulator

_SECONDS = 120
_RANDOM_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ENDING = """
import sys as _sys
_used = "langchain_unified.chat_model" in _sys.modules
open(_sys.argv[1], "w").write("ours" if _used else "theirs")
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """What one run of a program showed.

    Attributes:
        failure: The last line of its error; empty if it ended well.
        printed: What it printed.
        asked: Model and messages of each request.
        served_by: `ours` if a model of this package was made, else `theirs`.
    """

    failure: str
    printed: str
    asked: tuple[str, ...] = ()
    served_by: str = ""


def program_of(folder: Path) -> str | None:
    """Return the program of an unpacked project, if it has one."""
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    row = parse_toml(text).get(folder.name.partition("-")[0])
    return None if row is None else row["code"]


def run_program(code: str, folder: Path) -> Ran:
    """Run a program on the project in a folder, in a child process."""
    with ProviderEmulator() as emulator, tempfile.TemporaryDirectory() as scratch:
        said = Path(scratch, "said")
        paths = [str(folder), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        done = subprocess.run(  # noqa: S603 - a program of our own list
            [sys.executable, "-W", "ignore", "-c", code + _ENDING, str(said)],
            cwd=scratch,
            env={
                **os.environ,
                **dummy_environment(emulator),
                "PYTHONPATH": os.pathsep.join(filter(None, paths)),
                "HOME": scratch,
            },
            timeout=_SECONDS,
            check=False,
            capture_output=True,
            text=True,
        )
        asked = tuple(sorted(_asked(one.model, one.body) for one in emulator.requests))
        if done.returncode or not said.exists():
            lines = done.stderr.strip().splitlines() or ["it said nothing"]
            return Ran(lines[-1][:120], done.stdout, asked)
        return Ran("", done.stdout, asked, said.read_text(encoding="utf-8"))


def _asked(model: str | None, body: Any) -> str:
    """Return what a request asks, without what a switch of endpoint changes."""
    body = body if isinstance(body, dict) else {}
    said = body.get("messages") or body.get("input") or []
    texts = [m.get("content") for m in said] if isinstance(said, list) else [said]
    return _RANDOM_ID.sub("<id>", json.dumps([model, texts], sort_keys=True))


def compared(before: Ran, after: Ran) -> str:
    """Return `same`, or what differs, in a few words."""
    if before.failure:
        return f"not run: {before.failure}"
    if after.failure:
        return f"BROKEN: {after.failure}"
    if (before.served_by, after.served_by) != ("theirs", "ours"):
        return f"not moved: {before.served_by}, then {after.served_by}"
    if before.printed != after.printed:
        return "BROKEN: prints something else"
    if before.asked != after.asked:
        return "BROKEN: asks something else"
    return f"same ({len(after.asked)} calls)"
