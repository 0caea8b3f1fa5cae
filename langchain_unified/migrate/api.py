"""The library's two doors: one text, or files on disk."""

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
    r"""Move the code of a module or notebook to `UnifiedChatModel`.

    Args:
        code: The code; of a notebook, its JSON text.
        path: Where it comes from; `.ipynb` makes it a notebook. Nothing is read.
        options: How to migrate.

    Returns:
        The code after the migration, what was changed and what to look at. Code that
        does not parse comes back as it is, with a report.

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
