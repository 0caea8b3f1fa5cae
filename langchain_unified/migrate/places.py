"""In what place a class is used, and why it stays there."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from langchain_unified.migrate.expressions import code_of, is_name
from langchain_unified.migrate.facts import facts
from langchain_unified.migrate.uses import Names

_TYPE_PARTS = (
    cst.Subscript,
    cst.SubscriptElement,
    cst.Index,
    cst.BinaryOperation,
    cst.List,
    cst.Tuple,
    cst.Element,
)
_CHECKS = ("isinstance", "issubclass")


def is_call(names: Names, node: cst.CSTNode) -> bool:
    """Tell whether a class is called."""
    parent = names.parent(node)
    return isinstance(parent, cst.Call) and parent.func is node


def is_in_text(names: Names, node: cst.CSTNode) -> bool:
    """Tell whether a node is inside an f-string, where quotes cannot be chosen."""
    return any(isinstance(one, cst.FormattedString) for one in names.around(node))


def is_annotation(names: Names, node: cst.CSTNode) -> bool:
    """Tell whether a class stands for a type."""
    if is_metadata(names, node):
        return False
    parent = names.parent(node)
    while isinstance(parent, _TYPE_PARTS):
        if isinstance(parent, cst.Subscript) and names.is_typing(parent.value):
            return True
        node, parent = parent, names.parent(parent)
    if isinstance(parent, cst.Annotation):
        return True
    return isinstance(parent, cst.Arg) and _is_typing_argument(names, parent)


def is_metadata(names: Names, node: cst.CSTNode) -> bool:
    """Tell whether a node is metadata of `Annotated[type, metadata]`."""
    while isinstance(parent := names.parent(node), _TYPE_PARTS):
        if isinstance(node, cst.SubscriptElement) and isinstance(parent, cst.Subscript):
            found = {name.rpartition(".")[2] for name in names.qualified(parent.value)}
            if "Annotated" in found and node is not parent.slice[0]:
                return True
        node = parent
    return False


def _is_typing_argument(names: Names, arg: cst.Arg) -> bool:
    call = names.parent(arg)
    if not isinstance(call, cst.Call):
        return False
    found = names.qualified(call.func)
    if found & {"typing.cast", "typing_extensions.cast"}:
        return arg is call.args[0] or is_name(arg.keyword, "typ")
    return names.is_typing(call.func) and is_name(arg.keyword, "bound")


def why_untouched(names: Names, node: cst.CSTNode) -> str:
    """Return why a use that is no call and no type is left alone."""
    name = code_of(node)
    parent = names.parent(node)
    if isinstance(parent, cst.Attribute):
        return f"attribute of the class: {code_of(parent)}"
    if isinstance(parent, cst.MatchClass):
        return f"match on {name}: {_NO_SUBCLASS}"
    for around in _around(names, node):
        reason = _reason(names, around, node, name)
        if reason:
            return reason
        node = around
    return f"{name} is used as a value"


def _around(names: Names, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for around in names.around(node):
        yield around
        if isinstance(around, (cst.BaseStatement, cst.BaseSmallStatement, cst.Call)):
            return


def _reason(
    names: Names, around: cst.CSTNode, node: cst.CSTNode, name: str
) -> str | None:
    if isinstance(around, cst.ClassDef) and node in (*around.bases, *around.keywords):
        return f"subclass of {name}: {_advice(around)}"
    if isinstance(around, cst.ExceptHandler):
        return f"except {name}"
    if not isinstance(around, cst.Call):
        return None
    function = code_of(around.func)
    if names.qualified(around.func) & {f"builtins.{check}" for check in _CHECKS}:
        return f"{function} of {name}: {_NO_SUBCLASS}"
    return f"{name} is handed to {function}: hand it UnifiedChatModel if it builds one"


def _advice(node: cst.ClassDef) -> str:
    """Return what becomes of the methods that a subclass overrides."""
    advice = facts()["subclasses"]
    methods = [
        item.name.value
        for item in node.body.body
        if isinstance(item, cst.FunctionDef) and not item.name.value.startswith("__")
    ]
    told = [f"{name} {advice.get(name, advice['other'])}" for name in methods]
    return "; ".join(["derive it from UnifiedChatModel by hand", *told])


_NO_SUBCLASS = (
    "UnifiedChatModel is no subclass of it; ask for UnifiedChatModel, or for "
    "langchain_core's BaseChatModel"
)
