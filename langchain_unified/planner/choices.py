"""The parsed `tool_choice`, from any of its forms.

Every provider has a form of its own, OpenAI two; each is read here, and written by the
wire of the call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from langchain_unified.planner.draft import Draft
from langchain_unified.planner.fitting import names_of

Mode = Literal["auto", "none", "any", "builtin"]

_WORDS: dict[Any, Mode] = {
    True: "any",
    False: "none",
    "any": "any",
    "auto": "auto",
    "none": "none",
    "required": "any",
    "validated": "auto",
}
_NAMED = frozenset({"custom", "function", "tool"})
_CONFIGS = ("function_calling_config", "functionCallingConfig")
_ALLOWED_NAMES = ("allowed_function_names", "allowedFunctionNames")


class Choice(NamedTuple):
    """What is chosen.

    Attributes:
        mode: `auto` leaves it to the model, `none` forbids a call, `any` asks for one,
            `builtin` asks for a tool of the provider.
        names: The tools it is about; empty for all.
        only: Whether the names limit the choice without forcing one of them, or allow
            more than one.
        builtin: The provider's tool, in the provider's form.
        told: What the user gave.
    """

    mode: Mode
    names: tuple[str, ...] = ()
    only: bool = False
    builtin: Mapping[str, Any] | None = None
    told: Any = None

    @property
    def forces(self) -> bool:
        """Whether a call is asked for."""
        return self.mode in {"any", "builtin"}


def read_choice(draft: Draft, given: Any, tools: Sequence[Any]) -> Choice | None:
    """Return the parsed tool choice, or `None` if it requests nothing.

    Args:
        draft: The plan being made.
        given: What the user gave.
        tools: The tools of the call.

    Raises:
        UnsupportedError: If it names a tool that is not there.
    """
    if given is None:
        return None
    known = [*names_of(tools), *_names_of_custom(tools)]
    choice = _read(given, known, tools)
    if choice is None:
        reason = (
            "it is not a valid tool choice; use 'auto', 'none', 'any' or the name of "
            "a tool."
        )
        raise draft.refusal("tool_choice", given, reason)
    unknown = [name for name in choice.names if name not in known]
    if unknown or (choice.only and not choice.names):
        told = f"there is no tool {unknown[0]!r}" if unknown else "it names no tool"
        known_names = ", ".join(map(repr, known)) or "none with a name"
        raise draft.refusal(
            "tool_choice", given, f"{told}; the tools are {known_names}."
        )
    # The user's own server may have forms of its own.
    judged = choice.mode == "builtin" and not draft.config.is_elsewhere
    if judged and not _is_there(choice.builtin or {}, tools):
        kind = (choice.builtin or {}).get("type")
        reason = f"there is no tool of type {kind!r} in this call."
        raise draft.refusal("tool_choice", given, reason)
    return choice._replace(told=given)


def _read(given: Any, known: Sequence[str], tools: Sequence[Any]) -> Choice | None:
    if isinstance(given, bool):
        return Choice(_WORDS[given])
    if isinstance(given, str):
        return _of_word(given, known, tools)
    if isinstance(given, (list, tuple)):
        names = tuple(filter(None, map(_name, given)))
        return Choice("any", names, only=True)
    if not isinstance(given, Mapping):
        given = _dumped(given)
    return _of_mapping(given, known) if isinstance(given, Mapping) else None


def _of_word(given: str, known: Sequence[str], tools: Sequence[Any]) -> Choice:
    if given in known:
        return Choice("any", (given,))
    mode = _WORDS.get(given) or _WORDS.get(given.lower())
    if mode is not None:
        return Choice(mode)
    kinds = {kind for tool in tools for kind in _kinds(tool)}
    if given in kinds:
        return Choice("builtin", builtin={"type": given})
    return Choice("any", (given,))


def _of_allowed(given: Mapping[str, Any]) -> Choice:
    names = tuple(filter(None, map(_name, given.get("tools") or ())))
    mode = _WORDS.get(given.get("mode") or "auto", "auto")
    return Choice(mode, names, only=True)


def _of_mapping(given: Mapping[str, Any], known: Sequence[str]) -> Choice | None:
    kind = given.get("type")
    config = next((given[key] for key in _CONFIGS if key in given), None)
    if config is not None or ("mode" in given and kind is None):
        return _of_config(_dumped(config if config is not None else given))
    if kind == "allowed_tools":
        return _of_allowed(given.get("allowed_tools") or given)
    name = _name(given)
    if name and (kind in _NAMED or kind is None or name in known):
        return Choice("any", (name,))
    if kind in _WORDS:
        return Choice(_WORDS[kind])
    if kind in _NAMED or not isinstance(kind, str):
        return None
    return Choice("builtin", builtin=dict(given))


def _of_config(config: Any) -> Choice | None:
    if not isinstance(config, Mapping):
        return None
    mode = str(getattr(config.get("mode"), "value", config.get("mode")) or "auto")
    names = next((config[key] for key in _ALLOWED_NAMES if config.get(key)), ())
    known = _WORDS.get(mode.lower())
    if known is None:
        return None
    one_forced = known == "any" and len(names) == 1
    return Choice(known, tuple(names), only=bool(names) and not one_forced)


def _name(given: Any) -> str | None:
    """Return the name that one of a choice names."""
    if isinstance(given, str):
        return given
    if not isinstance(given, Mapping):
        return None
    inner = given.get("function") or given.get("custom")
    inner = inner if isinstance(inner, Mapping) else given
    name = inner.get("name")
    return name if isinstance(name, str) else None


def _names_of_custom(tools: Sequence[Any]) -> list[str]:
    """Return the names of tools that have one and are no functions."""
    others = [tool for tool in tools if tool.get("type") != "function"]
    return [name for name in map(_name, others) if name]


def _is_there(builtin: Mapping[str, Any], tools: Sequence[Any]) -> bool:
    """Tell whether a tool of the type is there, whatever its date."""
    kind = str(builtin.get("type"))
    kinds = [kind for tool in tools for kind in _kinds(tool)]
    return any(one.startswith(kind) or kind.startswith(one) for one in kinds)


def _kinds(tool: Mapping[str, Any]) -> list[str]:
    """Return what a provider's own tool is called: by its type, or by its only key."""
    kind = tool.get("type")
    if kind is None:
        return [str(key) for key in tool]
    return [] if kind == "function" else [str(kind)]


def _dumped(given: Any) -> Any:
    """Return an object of an SDK as the dictionary it stands for."""
    dump = getattr(given, "model_dump", None)
    return given if dump is None else dump(exclude_none=True, mode="json")
