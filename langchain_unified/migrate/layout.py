"""Separators of arguments: line breaks and comments between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

Space = cst.BaseParenthesizableWhitespace


@dataclass(frozen=True, slots=True)
class Layout:
    """How a call lays out its arguments.

    Attributes:
        indent: Indentation of an argument on its own line; None on one line.
        nested: Whether the first argument is on its own line too.
    """

    indent: str | None
    nested: bool

    @classmethod
    def of(cls, call: cst.Call) -> Layout:
        """Read the layout of a call."""
        first = call.whitespace_before_args
        commas = [arg.comma for arg in call.args[:-1]]
        between = [c.whitespace_after for c in commas if isinstance(c, cst.Comma)]
        for space in (first, *between):
            if isinstance(space, cst.ParenthesizedWhitespace):
                broken = isinstance(first, cst.ParenthesizedWhitespace)
                return cls(space.last_line.value, broken and bool(call.args))
        return cls(None, nested=False)

    def separator(self) -> cst.Comma:
        """Return a comma and what follows it up to the next argument."""
        if self.indent is None:
            return cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        return cst.Comma(whitespace_after=line_break(self.indent))

    def deeper(self, levels: int = 1) -> str:
        """Return the indentation of what is nested in an argument."""
        base = self.indent or ""
        return base + ("\t" if "\t" in base else "    ") * levels


def line_break(
    indent: str, after: Space | None = None, *, above: Sequence[cst.EmptyLine] = ()
) -> cst.ParenthesizedWhitespace:
    """Return a line break.

    Args:
        indent: Indentation of the next line.
        after: White space whose first line's comment ends the line.
        above: Comment lines to put above the next line.
    """
    first = cst.TrailingWhitespace()
    if isinstance(after, cst.ParenthesizedWhitespace):
        first = after.first_line
    space = cst.SimpleWhitespace(indent)
    return cst.ParenthesizedWhitespace(
        first,
        [line.with_changes(whitespace=space) for line in above],
        indent=True,
        last_line=space,
    )


def without_comment(space: Space) -> Space:
    """Return white space without the comment that ends its first line."""
    if not isinstance(space, cst.ParenthesizedWhitespace):
        return space
    return space.with_changes(first_line=_bare(space.first_line))


def merged(before: Space, after: Space, *, end: Space, comment: bool = True) -> Space:
    """Return the white space around a removed argument, in one.

    Args:
        before: White space before the argument.
        after: White space after it.
        end: The one whose last line stays.
        comment: Whether the comment that ends the argument's line stays.
    """
    lines: list[cst.EmptyLine] = []
    first = None
    if isinstance(before, cst.ParenthesizedWhitespace):
        first = before.first_line
        lines += before.empty_lines
    if isinstance(after, cst.ParenthesizedWhitespace):
        lines += _own_line(after, before) if comment else []
        lines += after.empty_lines
        first = first or _bare(after.first_line)
    kept = bool(lines) or (first is not None and first.comment is not None)
    if isinstance(end, cst.ParenthesizedWhitespace):
        return end.with_changes(first_line=first, empty_lines=lines)
    if not kept or first is None:
        return end
    return cst.ParenthesizedWhitespace(first_line=first, empty_lines=lines, indent=True)


def _own_line(space: cst.ParenthesizedWhitespace, before: Space) -> list[cst.EmptyLine]:
    """Turn the comment that ends a line into a line of its own."""
    comment = space.first_line.comment
    if comment is None:
        return []
    outer = before if isinstance(before, cst.ParenthesizedWhitespace) else space
    return [
        cst.EmptyLine(
            indent=True,
            whitespace=outer.last_line,
            comment=comment,
            newline=space.first_line.newline,
        )
    ]


def _bare(line: cst.TrailingWhitespace) -> cst.TrailingWhitespace:
    return line.with_changes(whitespace=cst.SimpleWhitespace(""), comment=None)


def shifted(call: cst.Call, indent: str, columns: int) -> cst.Call:
    """Return a call whose lines are moved, as its name became longer or shorter.

    Args:
        call: The call; its arguments stand below the first one.
        indent: Their indentation until now.
        columns: By how many columns the first argument moved.
    """
    shift = _Shift(len(indent), columns)
    args = [cst.ensure_type(arg.visit(shift), cst.Arg) for arg in call.args]
    return call.with_changes(args=args)


class _Shift(cst.CSTTransformer):
    """Moves the lines that are indented at least so far."""

    def __init__(self, least: int, columns: int) -> None:
        super().__init__()
        self._least, self._columns = least, columns

    def leave_ParenthesizedWhitespace(  # noqa: N802 - libcst's
        self,
        original_node: cst.ParenthesizedWhitespace,
        updated_node: cst.ParenthesizedWhitespace,
    ) -> cst.ParenthesizedWhitespace:
        lines = [
            line.with_changes(whitespace=self._moved(line.whitespace))
            if line.comment
            else line
            for line in updated_node.empty_lines
        ]
        last = self._moved(original_node.last_line)
        return updated_node.with_changes(empty_lines=lines, last_line=last)

    def _moved(self, space: cst.SimpleWhitespace) -> cst.SimpleWhitespace:
        if len(space.value) < self._least:
            return space
        width = max(len(space.value) + self._columns, 0)
        return cst.SimpleWhitespace((space.value + " " * width)[:width])
