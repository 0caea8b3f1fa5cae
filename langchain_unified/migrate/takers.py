"""Names that files take from one another: what a module offers, others may rely on."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from langchain_unified.migrate.facts import NEW_CLASS, target_homes, targets
from langchain_unified.migrate.types import Migration, Options, Report

EVERYTHING = "*"
"""The name of what is taken where it cannot be told which."""

_ATTRIBUTE_FUNCTIONS = ("getattr", "setattr", "hasattr", "delattr", "object")
"""`getattr(module, "Name")`, `monkeypatch.setattr`, `mock.patch.object`, ..."""
_NAMED = ("attribute", "name")
"""What those that take a name by keyword call it."""


@dataclass(frozen=True, slots=True)
class Source:
    """The Python code of a file.

    Attributes:
        code: The code; of a notebook, its cells one after the other.
        places: Cell and line by line of the code; empty for a module.
    """

    code: str
    places: Sequence[tuple[int, int]] = ()


@dataclass(frozen=True, slots=True, order=True)
class Taking:
    """One place that takes a name from another module of the project.

    Attributes:
        home: The file the name is taken from.
        name: The name; `*` if it cannot be told which.
        offered: The name in its home that may be meant.
        path: The file that takes it.
        line: The line that takes it, from 1.
        how: What takes it, for the report.
        cell: The notebook's cell, from 1; 0 in a module.
        text: The text that names it, if a text does.
        subclasses: Whether a class is derived from it.
    """

    home: Path
    name: str
    offered: str
    path: Path
    line: int
    how: str
    cell: int = 0
    text: str = ""
    subclasses: bool = False


def find_takings(sources: Mapping[Path, Source]) -> list[Taking]:
    """Return every place that takes a moved class from another file.

    Args:
        sources: Python code by file.
    """
    offered = {
        path: names
        for path, source in sources.items()
        if path.suffix == ".py" and (names := _offered(source.code))
    }
    words = {name for names in offered.values() for name in names}
    found: list[Taking] = []
    for path, source in sources.items():
        homes = [home for home in offered if home != path]
        if homes and any(w in source.code for w in (*words, "import *", "getattr")):
            found += _takings(path, source, offered, homes)
    return sorted(set(found))


def _takings(
    path: Path,
    source: Source,
    offered: Mapping[Path, frozenset[str]],
    homes: list[Path],
) -> list[Taking]:
    """Return what one file takes; nothing for one that will be left unread."""
    tree = _parsed(source.code)
    if tree is None:
        return []
    try:
        return list(_Finder(path, source, tree, offered, homes).takings())
    except RecursionError:
        return []  # the migration says that the file is nested too deeply


def options_for(path: Path, options: Options, takings: Sequence[Taking]) -> Options:
    """Return the options of one file, with what others take from it."""
    taken = [taking for taking in takings if taking.home == path]
    derived = {taking.name for taking in taken if taking.subclasses}
    followed = {taking.text for taking in takings if taking.path == path}
    return options.for_file(
        exported={taking.offered for taking in taken},
        derived=derived,
        followed=followed - {""},
    )


def broken_takings(
    path: Path, takings: Sequence[Taking], homes: Mapping[Path, Migration]
) -> list[Report]:
    """Return reports on the places of a file that took what is no longer the same.

    Args:
        path: The file.
        takings: What files take from one another.
        homes: What became of each file.
    """
    return [
        Report(taking.line, "names", "untouched", _reason(taking), taking.cell or None)
        for taking in takings
        if taking.path == path and taking.offered in homes[taking.home].renamed
    ]


def _reason(taking: Taking) -> str:
    where = taking.home.name
    return (
        f"{taking.how} takes {taking.offered} from {where}, which now calls "
        f"{NEW_CLASS}: use {NEW_CLASS} here too"
    )


def _parsed(code: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _offered(code: str) -> frozenset[str]:
    """Return the local names under which a module has a class that is moved."""
    if not any(home in code for home in target_homes()):
        return frozenset()
    tree = _parsed(code)
    if tree is None:
        return frozenset()
    return frozenset(
        alias.asname or alias.name
        for node in _at_module_level(tree)
        if isinstance(node, ast.ImportFrom) and node.level == 0
        for alias in node.names
        if f"{node.module}.{alias.name}" in targets()
    )


def _at_module_level(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes whose names are the module's own."""
    others = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)
    for node in ast.iter_child_nodes(tree):
        yield node
        if not isinstance(node, others):
            yield from _at_module_level(node)


def declared_names(code: str) -> frozenset[str]:
    """Return the names that a module lists in `__all__`."""
    tree = _parsed(code) if "__all__" in code else None
    return frozenset(
        text.value
        for node in ast.walk(tree or ast.Module([], []))
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign))
        and "__all__" in ast.unparse(node).partition("=")[0]
        for text in ast.walk(node)
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    )


class _Finder:
    """Finds what one file takes from the files that offer a class."""

    def __init__(
        self,
        path: Path,
        source: Source,
        tree: ast.Module,
        offered: Mapping[Path, frozenset[str]],
        homes: list[Path],
    ) -> None:
        self._path, self._places, self._tree = path, source.places, tree
        self._offered, self._homes = offered, homes
        self._modules = dict(self._imported_modules())
        nodes = list(ast.walk(tree))
        said = map(_said, nodes)
        self._words = {word for text in said for word in re.findall(r"\w+", text)}
        classes = (node for node in nodes if isinstance(node, ast.ClassDef))
        self._bases = {id(base) for node in classes for base in node.bases}

    def takings(self) -> Iterator[Taking]:
        for node in ast.walk(self._tree):
            if isinstance(node, ast.ImportFrom):
                yield from self._imported(node)
            elif isinstance(node, ast.Attribute):
                yield from self._attribute(node)
            elif isinstance(node, ast.Call):
                yield from self._called(node)
            elif isinstance(node, ast.Subscript):
                yield from self._subscript(node)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from self._text(node, node.value)

    def _imported_modules(self) -> Iterator[tuple[str, list[Path]]]:
        """Yield the local names of modules of the project, and their files."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield alias.asname or alias.name, self._files(alias.name)
            elif isinstance(node, ast.ImportFrom):
                dots = "." * node.level
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}" if node.module else alias.name
                    yield alias.asname or alias.name, self._files(dots + whole)

    def _files(self, module: str) -> list[Path]:
        return list(_homes(module, self._path, self._homes))

    def _imported(self, node: ast.ImportFrom) -> Iterator[Taking]:
        homes = self._files("." * node.level + (node.module or ""))
        for alias in node.names:
            for home in homes:
                if alias.name == EVERYTHING:
                    yield from self._takings(home, EVERYTHING, node, "import *")
                elif alias.name in self._offered[home]:
                    derived = self._is_derived(alias.asname or alias.name)
                    yield from self._takings(
                        home, alias.name, node, "the import", subclasses=derived
                    )

    def _is_derived(self, name: str) -> bool:
        """Tell whether a class of the module has a base of this name."""
        return any(
            isinstance(base, ast.Name) and base.id == name
            for base in ast.walk(self._tree)
            if id(base) in self._bases
        )

    def _attribute(self, node: ast.Attribute) -> Iterator[Taking]:
        for home in self._behind(node.value):
            if node.attr in self._offered[home]:
                derived = id(node) in self._bases
                how = ast.unparse(node)
                yield from self._takings(home, node.attr, node, how, subclasses=derived)

    def _called(self, node: ast.Call) -> Iterator[Taking]:
        """Yield what `getattr(module, name)`, `patch.multiple` and their kin take."""
        function = ast.unparse(node.func).rpartition(".")[2]
        if not node.args:
            return
        module, how = node.args[0], f"{ast.unparse(node.func)}(...)"
        named = {arg.arg: arg.value for arg in node.keywords}
        if function in _ATTRIBUTE_FUNCTIONS:
            names = [*node.args[1:2], *(named[n] for n in _NAMED if n in named)]
            for name in names:
                yield from self._named(module, name, node, how)
        elif function == "multiple":
            for home in self._modules_named(module):
                for taken in self._offered[home] & set(named):
                    yield from self._takings(home, taken, node, how)

    def _modules_named(self, module: ast.expr) -> Iterable[Path]:
        """Return the files of a module that is given, or named in a text."""
        if isinstance(module, ast.Constant):
            return self._files(str(module.value))
        return self._behind(module)

    def _named(
        self, module: ast.expr, name: ast.expr, node: ast.expr, how: str
    ) -> Iterator[Taking]:
        """Yield what an expression for a name takes from a module."""
        for home in self._behind(module):
            if not isinstance(name, ast.Constant):
                if self._is_module(module):
                    yield from self._takings(home, EVERYTHING, node, how)
            elif name.value in self._offered[home]:
                yield from self._takings(home, str(name.value), node, how)

    def _subscript(self, node: ast.Subscript) -> Iterator[Taking]:
        """Yield what `vars(module)[name]` and `module.__dict__[name]` take."""
        of = node.value
        if isinstance(of, ast.Attribute) and of.attr == "__dict__":
            module = of.value
        elif isinstance(of, ast.Call) and ast.unparse(of.func) == "vars" and of.args:
            module = of.args[0]
        else:
            return
        yield from self._named(module, node.slice, node, ast.unparse(node))

    def _text(self, node: ast.Constant, text: str) -> Iterator[Taking]:
        """Yield what a dotted path in text takes, as in `patch("app.ChatOpenAI")`."""
        module, _, name = text.replace(":", ".").rpartition(".")
        if not module or not all(part.isidentifier() for part in module.split(".")):
            return
        for home in self._files(module):
            if name in self._offered[home]:
                how = f"the text {text!r}"
                yield from self._takings(home, name, node, how, text=text)

    def _is_module(self, node: ast.expr) -> bool:
        return ast.unparse(node) in self._modules

    def _behind(self, node: ast.expr) -> list[Path]:
        """Return the files of the module that an expression is, or may be.

        A module reached by `importlib`, a fixture or an argument is one of those that
        the file names.
        """
        if isinstance(node, (ast.Name, ast.Attribute)):
            name = ast.unparse(node)
            if name in self._modules:
                return self._modules[name]
            if name.partition(".")[0] in self._modules:
                return []
        return [home for home in self._homes if _stem(home) in self._words]

    def _takings(
        self, home: Path, name: str, node: ast.stmt | ast.expr, how: str, **more: Any
    ) -> Iterator[Taking]:
        """Yield what a place takes: one name, or any that the home offers."""
        cell, line = self._places[node.lineno] if self._places else (0, node.lineno)
        names = self._offered[home] if name == EVERYTHING else (name,)
        for offered in names:
            yield Taking(home, name, offered, self._path, line, how, cell, **more)


def _stem(path: PurePath) -> str:
    """Return the last part of the name a module is imported by."""
    return path.parent.name if path.stem == "__init__" else path.stem


def _said(node: ast.AST) -> str:
    """Return the name or text that a node holds."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.alias):
        return node.name
    return node.module or "" if isinstance(node, ast.ImportFrom) else ""


def _homes(module: str, path: Path, candidates: Iterable[Path]) -> Iterator[Path]:
    """Yield the files that a module name in a file can stand for."""
    bare = module.lstrip(".")
    dots = len(module) - len(bare)
    parts = tuple(bare.split(".")) if bare else ()
    if dots:
        folder = path.parents[dots - 1] if dots <= len(path.parents) else path.parent
        parts = (*folder.parts, *parts)
    for candidate in candidates:
        own = _module_parts(candidate)
        if candidate != path and parts and own[-len(parts) :] == parts:
            yield candidate


def _module_parts(path: PurePath) -> tuple[str, ...]:
    bare = path.with_suffix("")
    return bare.parent.parts if bare.name == "__init__" else bare.parts
