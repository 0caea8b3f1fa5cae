"""A pytest plugin that writes down how each test went, by its name."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any


def pytest_sessionfinish(session: Any) -> None:
    """Write down how each test went."""
    Path(os.environ["THEIR_REPORT"]).write_text(json.dumps(_OUTCOMES))
    del session


_OUTCOMES: dict[str, str] = {}


def pytest_runtest_logreport(report: Any) -> None:
    """Note an outcome; a failure in any phase is one."""
    name = re.sub(r"\[(UnifiedChatModel|ChatOpenAI)\]", "[ChatOpenAI]", report.nodeid)
    if report.when == "call" or report.failed:
        failed = report.failed or _OUTCOMES.get(name) == "failed"
        _OUTCOMES[name] = "failed" if failed else report.outcome
