"""The two entry points of the codemod: source text, or files on disk."""

from __future__ import annotations

import os
from pathlib import PurePath

from langchain_unified.migrate.notebook import migrate_notebook
from langchain_unified.migrate.source import NotUnderstoodError, migrate_module
from langchain_unified.migrate.types import Migration, Options, Report


def migrate_source(
    code: str,
    *,
    path: str | os.PathLike[str] = "<code>.py",
    options: Options | None = None,
) -> Migration:
    r"""Rewrite the code of a module or notebook to use `UnifiedChatModel`.

    Args:
        code: The source code; for a notebook, its JSON text.
        path: The path of the file; `.ipynb` means a notebook. The file is not read.
        options: How to migrate.

    Returns:
        The rewritten code, its changes and reports. Code that cannot be parsed is
        returned unchanged, with a report.

    Example:
        >>> from langchain_unified.migrate import migrate_source
        >>> done = migrate_source(
        ...     "from langchain_openai import ChatOpenAI\n"
        ...     "llm = ChatOpenAI(model='gpt-4o')\n"
        ... )
        >>> print(done.code, end="")
        from langchain_unified import UnifiedChatModel
        llm = UnifiedChatModel(model='gpt-4o')
        >>> [change.rule for change in done.changes]
        ['imports', 'openai']
    """
    try:
        return migrate_or_raise(code, path=path, options=options)
    except NotUnderstoodError as error:
        report = Report(1, "source", "untouched", str(error))
        return Migration(code, reports=(report,))


def migrate_or_raise(
    code: str,
    *,
    path: str | os.PathLike[str],
    options: Options | None = None,
) -> Migration:
    """Do as `migrate_source`, but raise for code that is not understood.

    Raises:
        NotUnderstoodError: If the code does not parse.
    """
    notebook = PurePath(path).suffix == ".ipynb"
    migrate = migrate_notebook if notebook else migrate_module
    return migrate(code, options or Options())
