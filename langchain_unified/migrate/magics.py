"""IPython's magic lines: masked so that a cell is plain Python, and put back."""

from __future__ import annotations

import re

from langchain_unified.migrate.facts import facts

_MAGIC = re.compile(r"^(?P<indent>\s*)(?:[%!?]|[\w., ]+=\s*[%!]|[\w.%]+\?{1,2}\s*$)")
_MASK = "pass  # langchain-unified-magic-{}"
_MASKED = re.compile(r"^(\s*)pass  # langchain-unified-magic-(\d+)$", re.MULTILINE)


def is_foreign(source: str) -> bool:
    """Tell whether a cell magic makes a cell something else than Python."""
    first = source.lstrip().partition("\n")[0].split()
    if not first or not first[0].startswith("%%"):
        return False
    return first[0] not in facts()["notebook"]["python_magics"]


def masked(source: str, magics: list[str]) -> str:
    """Return a cell with its magic lines replaced; they are added to `magics`."""
    lines, continued, indent = [], False, ""
    for line in source.split("\n"):
        magic = continued or bool(_MAGIC.match(line))
        if magic and not continued:
            indent = line[: len(line) - len(line.lstrip())]
        continued = magic and line.endswith("\\")
        lines.append(_mask(line, indent, magics) if magic else line)
    return "\n".join(lines)


def _mask(line: str, indent: str, magics: list[str]) -> str:
    magics.append(line)
    return indent + _MASK.format(len(magics) - 1)


def unmasked(source: str, magics: list[str]) -> str:
    r"""Put the magic lines back.

    Example:
        >>> kept = []
        >>> cell = masked("!pip install x\nimport x", kept)
        >>> unmasked(cell, kept)
        '!pip install x\nimport x'
    """
    return _MASKED.sub(lambda found: magics[int(found.group(2))], source)
