"""The arguments of a call: finding, renaming, replacing and removing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from langchain_unified.migrate.layout import (
    Layout,
    Space,
    line_break,
    merged,
    without_comment,
)


@dataclass(frozen=True, slots=True)
class Setting:
    """A connection setting taken out of the arguments.

    Attributes:
        name: Its name in `providers`.
        value: Its value.
        after: The white space that followed it, with the comment that ended its line.
        above: The comment lines above it.
    """

    name: str
    value: cst.BaseExpression
    after: Space | None = None
    above: tuple[cst.EmptyLine, ...] = ()


_EQUAL = cst.AssignEqual(
    whitespace_before=cst.SimpleWhitespace(""),
    whitespace_after=cst.SimpleWhitespace(""),
)


def keyword(name: str, value: cst.BaseExpression) -> cst.Arg:
    """Return `name=value`."""
    return cst.Arg(keyword=cst.Name(name), value=value, equal=_EQUAL)


class Arguments:
    """The arguments of a call, edited in place; comments stay with them."""

    def __init__(self, call: cst.Call) -> None:
        """Take the call's arguments."""
        self._call = call
        self._layout = Layout.of(call)
        self._first = call.whitespace_before_args
        self._args = list(call.args)

    @property
    def names(self) -> list[str]:
        """Return the keywords, in order."""
        return [arg.keyword.value for arg in self._args if arg.keyword]

    @property
    def positional(self) -> list[cst.Arg]:
        """Return the arguments given by position."""
        return [a for a in self._args if not a.keyword and not a.star]

    def starred(self, star: str) -> bool:
        """Tell whether there is a `*` or a `**` argument."""
        return any(arg.star == star for arg in self._args)

    def find(self, *names: str) -> cst.Arg | None:
        """Return the first argument with one of some keywords."""
        found = (a for a in self._args if a.keyword and a.keyword.value in names)
        return next(found, None)

    def rename(self, arg: cst.Arg, name: str) -> None:
        """Give an argument another keyword; one given by position gets one."""
        changed = arg.with_changes(
            keyword=cst.Name(name), equal=arg.equal if arg.keyword else _EQUAL
        )
        self._args[self._args.index(arg)] = changed

    def set(self, arg: cst.Arg, value: cst.BaseExpression) -> cst.Arg:
        """Give an argument another value."""
        changed = arg.with_changes(value=value)
        self._args[self._args.index(arg)] = changed
        return changed

    def prepend(self, arg: cst.Arg) -> None:
        """Put an argument before all others."""
        if self._args:
            arg = arg.with_changes(comma=self._layout.separator())
        self._args.insert(0, arg)

    def append(self, arg: cst.Arg) -> None:
        """Put an argument after all others that are not starred."""
        plain = [a for a in self._args if not a.star]
        if plain:
            self.add_after(plain[-1], [arg])
        else:
            self.prepend(arg)

    def add_after(self, arg: cst.Arg, new: Sequence[cst.Arg]) -> None:
        """Put arguments after another."""
        self.replace(arg, [arg, *new])

    def replace(self, arg: cst.Arg, new: Sequence[cst.Arg]) -> None:
        """Put arguments in the place of another; its comment goes to the first."""
        if not new:
            self.remove(arg)
            return
        at = self._args.index(arg)
        tail = {
            "comma": arg.comma,
            "whitespace_after_arg": arg.whitespace_after_arg,
        }
        if len(new) == 1:
            self._args[at] = new[0].with_changes(**tail)
            return
        separator = self._layout.separator()
        items = [
            a.with_changes(comma=separator, whitespace_after_arg=_NONE) for a in new
        ]
        items[-1] = items[-1].with_changes(**tail)
        if self._layout.indent is not None and isinstance(arg.comma, cst.Comma):
            after = arg.comma.whitespace_after
            ended = line_break(self._layout.indent, after)
            items[0] = items[0].with_changes(comma=cst.Comma(whitespace_after=ended))
            bare = arg.comma.with_changes(whitespace_after=without_comment(after))
            items[-1] = items[-1].with_changes(comma=bare)
        self._args[at : at + 1] = items

    def remove(self, arg: cst.Arg, *, comment: bool = True) -> None:
        """Take an argument out; comments stay unless they end its line and may go."""
        at = self._args.index(arg)
        before, after = self._space_before(at), _space_after(arg)
        if at + 1 < len(self._args):
            broken = isinstance(before, cst.ParenthesizedWhitespace) or at == 0
            end = before if broken else after
            space = merged(before, after, end=end, comment=comment)
            self._set_space_before(at, space)
        else:
            self._close(at, arg, merged(before, after, end=after, comment=comment))
        del self._args[self._args.index(arg)]

    def take(self, name: str, setting: str) -> Setting | None:
        """Take an argument out, with its comments if they can go along."""
        arg = self.find(name)
        if arg is None:
            return None
        above: tuple[cst.EmptyLine, ...] = ()
        at, after = self._args.index(arg), _space_after(arg)
        if self._layout.nested:
            before = self._space_before(at)
            if isinstance(before, cst.ParenthesizedWhitespace):
                above = tuple(before.empty_lines)
                self._set_space_before(at, before.with_changes(empty_lines=[]))
        self.remove(arg, comment=not self._layout.nested)
        return Setting(setting, arg.value, after, above)

    def unpack(self, arg: cst.Arg, names: Sequence[str]) -> None:
        """Put the values of a dictionary in its argument's place, as keywords."""
        if not isinstance(arg.value, cst.Dict):
            return
        elements = arg.value.elements
        items = [keyword(n, e.value) for n, e in zip(names, elements, strict=True)]
        at = self._args.index(arg)
        self.replace(arg, items)
        for offset, element in enumerate(elements[: len(items)]):
            last = offset + 1 == len(elements)
            closing = arg.value.rbrace.whitespace_before
            self._end_line_as(at + offset, closing if last else _space_after(element))

    def _end_line_as(self, at: int, after: Space) -> None:
        """Give an argument the comment that ended another line."""
        comma = self._args[at].comma
        if not isinstance(after, cst.ParenthesizedWhitespace):
            return
        if after.first_line.comment is None or not isinstance(comma, cst.Comma):
            return
        space = comma.whitespace_after
        if isinstance(space, cst.ParenthesizedWhitespace):
            space = space.with_changes(first_line=after.first_line)
            changed = comma.with_changes(whitespace_after=space)
            self._args[at] = self._args[at].with_changes(comma=changed)

    def nested(self, provider: str, settings: Sequence[Setting]) -> cst.Arg:
        """Return `providers={provider: {setting: value, ...}}` in the call's layout."""
        inner = self._dictionary(settings, 2)
        outer = self._dictionary([Setting(provider, inner)], 1)
        return keyword("providers", outer)

    def call(self) -> cst.Call:
        """Return the call with the arguments as they are now."""
        return self._call.with_changes(
            args=self._args, whitespace_before_args=self._first
        )

    def _dictionary(self, settings: Sequence[Setting], level: int) -> cst.Dict:
        if not self._layout.nested:
            comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
            commas = [comma] * (len(settings) - 1)
            return cst.Dict(_elements(settings, [*commas, cst.MaybeSentinel.DEFAULT]))
        inside, outside = self._layout.deeper(level), self._layout.deeper(level - 1)
        breaks = [line_break(inside, above=settings[0].above)]
        for item, following in zip(settings, [*settings[1:], None], strict=True):
            indent = outside if following is None else inside
            above = following.above if following else ()
            breaks.append(line_break(indent, item.after, above=above))
        commas = [cst.Comma(whitespace_after=space) for space in breaks[1:]]
        opening = cst.LeftCurlyBrace(whitespace_after=breaks[0])
        return cst.Dict(_elements(settings, commas), lbrace=opening)

    def _space_before(self, at: int) -> Space:
        return _space_after(self._args[at - 1]) if at else self._first

    def _set_space_before(self, at: int, space: Space) -> None:
        if at == 0:
            self._first = space
            return
        before = self._args[at - 1]
        comma = before.comma
        if isinstance(comma, cst.Comma):
            self._args[at - 1] = before.with_changes(
                comma=comma.with_changes(whitespace_after=space)
            )

    def _close(self, at: int, last: cst.Arg, space: Space) -> None:
        """Make the argument before the last the last."""
        if at == 0:
            self._first = space
        elif isinstance(last.comma, cst.Comma):
            self._set_space_before(at, space)
        else:
            self._args[at - 1] = self._args[at - 1].with_changes(
                comma=cst.MaybeSentinel.DEFAULT, whitespace_after_arg=space
            )


_NONE = cst.SimpleWhitespace("")


def _space_after(item: cst.Arg | cst.BaseDictElement) -> Space:
    if isinstance(item.comma, cst.Comma):
        return item.comma.whitespace_after
    return item.whitespace_after_arg if isinstance(item, cst.Arg) else _NONE


def _elements(
    settings: Sequence[Setting], commas: Sequence[cst.Comma | cst.MaybeSentinel]
) -> list[cst.DictElement]:
    return [
        cst.DictElement(cst.SimpleString(f'"{item.name}"'), item.value, comma=comma)
        for item, comma in zip(settings, commas, strict=True)
    ]
