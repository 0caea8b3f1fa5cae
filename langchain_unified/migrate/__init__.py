"""The codemod: from ChatOpenAI and its kin to `UnifiedChatModel`.

`migrate_source` works on a text, `migrate_paths` on files, `revert_paths` takes back
what `migrate_paths` wrote. What cannot be moved safely is reported and left as it is.

Needs `pip install "langchain-unified[migrate]"`.
"""

from langchain_unified.migrate.api import migrate_source
from langchain_unified.migrate.paths import migrate_paths
from langchain_unified.migrate.record import RecordError
from langchain_unified.migrate.report import render_report
from langchain_unified.migrate.reverting import revert_paths
from langchain_unified.migrate.types import (
    Change,
    Dependency,
    FileOutcome,
    Migration,
    Options,
    Report,
    Run,
    Verified,
)

__all__ = [
    "Change",
    "Dependency",
    "FileOutcome",
    "Migration",
    "Options",
    "RecordError",
    "Report",
    "Run",
    "Verified",
    "migrate_paths",
    "migrate_source",
    "render_report",
    "revert_paths",
]
