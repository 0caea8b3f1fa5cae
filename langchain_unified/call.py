"""`Call`: what one invocation asks, read once for its trace, cache key and plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from operator import is_
from typing import Any

from langchain_core.language_models import LangSmithParams

from langchain_unified.choice.policies import is_auto, spelled
from langchain_unified.errors import InvalidParameterError, UnknownParameterError
from langchain_unified.registry import check_name
from langchain_unified.schemas.formats import neutral_format
from langchain_unified.schemas.tool_forms import neutral_tools
from langchain_unified.settings import (
    CARRIED_METADATA,
    canonical_names,
    names_without,
    nearest,
    spellings,
    table,
    takes_null,
)
from langchain_unified.types import (
    EMPTY,
    CallPlan,
    Invocation,
    ModelConfig,
    Traits,
)

LONGEST_NAME = 512
"""Characters of a name that is kept: what comes from outside may be long."""

_MOST_CALLS = 256
"""Models whose plain calls are kept, for a chat model."""

_CONSTANT = frozenset({bool, float, int, str})

_IN_FORM: Mapping[str, Callable[[Any], Any]] = {
    "tools": neutral_tools,
    "response_format": neutral_format,
}
"""What puts a setting into the form that every wire starts from."""


class Call:
    """What one invocation asks: the constructor's settings and its own, checked.

    Attributes:
        settings: Settings by canonical name, those of the call first; not to be
            changed.
        planned: The plan of its last attempt, after the model, the traits of messages
            and the kind of answer that it was made for; see `Planning.attempt`.
    """

    def __init__(
        self, settings: dict[str, Any], reader: CallReader, unset: Mapping[str, Any]
    ) -> None:
        """Keep the settings; what the planner reads is made when first needed."""
        self.settings, self._reader, self._unset = settings, reader, unset
        self.planned: tuple[ModelConfig, Traits, bool, CallPlan] | None = None

    def is_constant(self) -> bool:
        """Tell whether no setting can change from outside, as a list could."""
        return all(type(value) in _CONSTANT for value in self.settings.values())

    @cached_property
    def asked(self) -> Invocation:
        """The call as the planner reads it, without its messages.

        Its `tokens` are 0 if the model is still to be chosen.
        """
        return self._reader.asked(self.settings, self._unset)

    @cached_property
    def traced(self) -> Mapping[str, Any]:
        """The settings as a trace shows them: no key, no header."""
        shown = {**self.settings}
        for name in names_without("traced"):
            shown.pop(name, None)
        if "tools" in shown:
            shown["tools"] = [_without_secrets(tool) for tool in shown["tools"]]
        shown["model_name"], shown["stop"] = shown["model"], shown.get("stop")
        return shown

    def langsmith_params(self, config: ModelConfig) -> LangSmithParams:
        """Return what LangSmith filters and counts by."""
        settings = self.settings
        params = LangSmithParams(
            ls_provider=config.provider,
            ls_model_name=config.model,
            ls_model_type="chat",
            ls_temperature=settings.get("temperature"),
        )
        if "max_tokens" in settings:
            params["ls_max_tokens"] = settings["max_tokens"]
        if settings.get("stop"):
            params["ls_stop"] = list(settings["stop"])
        return params

    def cache_key(self, config: ModelConfig, server: str | None, owner: str) -> str:
        """Return its place in the cache: the model used, and what shapes its answer.

        Args:
            config: What is known about its model.
            server: Where it is sent; `None` for the provider's usual server.
            owner: The class of the chat model.
        """
        left_out = names_without("shapes_answer")
        shown = {k: v for k, v in self.settings.items() if k not in left_out}
        shown["model"] = config.full_name
        if is_auto(self.settings["model"]):
            shown["auto"] = self.settings["model"]
        shown["server"] = server
        return f"{owner}{sorted(shown.items(), key=lambda pair: pair[0])}"


class CallReader:
    """Reads the calls of one chat model.

    Args:
        fields: The model's fields by name.
        given: The names of the fields that the user set.
        names: Canonical name by field, of what holds for calls that say nothing else.
        owner: The class of the model, for error messages.
        platforms: Returns where models are served, by provider id.
    """

    __slots__ = (
        "_calls",
        "_defaults",
        "_fields",
        "_given",
        "_last",
        "_names",
        "_owner",
        "_platforms",
        "_read_with",
    )

    def __init__(
        self,
        fields: Mapping[str, Any],
        given: set[str],
        *,
        names: Sequence[tuple[str, str]],
        owner: str,
        platforms: Callable[[], Mapping[str, str]],
    ) -> None:
        """Read nothing yet."""
        self._fields, self._given, self._names = fields, given, names
        self._owner, self._platforms = owner, platforms
        self._defaults: dict[str, Any] | None = None
        self._read_with: dict[str, Any] = {}
        self._calls: dict[str, Call] = {}
        self._last: tuple[Any, dict[str, Any], Call] | None = None

    def defaults(self) -> dict[str, Any]:
        """Return the constructor's settings, checked; not to be changed.

        Raises:
            UnknownParameterError: If `model_kwargs` holds a setting nobody knows.
            InvalidParameterError: If no model takes a value.
        """
        fields, further = self._fields, self._fields["model_kwargs"]
        if self._defaults is None or self._read_with != further:
            own = {name: fields[field] for field, name in self._names}
            if "use_responses_api" not in self._given:
                own["use_responses_api"] = None
            own |= canonical(further, where=self._owner)
            self._read_with = dict(further)
            self._defaults = checked(own, model=fields["model_name"])
            self._calls, self._last = {}, None
        return self._defaults

    def read(self, stop: list[str] | None, kwargs: dict[str, Any]) -> Call:
        """Return a call; the constructor's settings hold where it says nothing.

        Raises:
            UnknownParameterError: If there is no such setting.
            InvalidParameterError: If a value is none that any model takes.
        """
        fields, own = self._fields, self._defaults
        if own is None or self._read_with != fields["model_kwargs"]:
            own = self.defaults()
        if kwargs.get("rollout") == "legacy":
            return self._unchecked(own, stop, kwargs)
        named = kwargs.get("model")
        model = fields["model_name"] if named is None else spelled(named)
        is_plain = stop is None and kwargs.keys() <= {"model"}
        if is_plain and isinstance(model, str) and not fields["disabled_params"]:
            call = self._calls.get(model) or self._kept(model, own, kwargs)
        else:
            call = Call(self._merged(own, stop, kwargs), self, kwargs)
        self._last = (stop, kwargs, call)
        return call

    def _kept(self, model: str, own: dict[str, Any], kwargs: dict[str, Any]) -> Call:
        """Make the call of a model that says nothing else, and keep it.

        Names from outside may be long, and many.
        """
        call = Call({"model": model, **own}, self, kwargs)
        if len(model) <= LONGEST_NAME and len(self._calls) < _MOST_CALLS:
            self._calls[model] = call
        return call

    def again(
        self, stop: list[str] | None, kwargs: dict[str, Any], *, last: bool = False
    ) -> Call:
        """Return a call that was just read for its trace, or read it.

        langchain-core hands keywords from hook to hook as they are, so the same objects
        are the same call. After the `last` reading what they hold may change.
        """
        if self._last is None or self._read_with != self._fields["model_kwargs"]:
            return self.read(stop, kwargs)
        before, held, call = self._last
        same = stop is before and held.keys() == kwargs.keys()
        if not (same and all(map(is_, map(held.get, kwargs), kwargs.values()))):
            return self.read(stop, kwargs)
        if last:
            self._last = None
        return call

    def _unchecked(
        self,
        own: dict[str, Any],
        stop: list[str] | None,
        kwargs: Mapping[str, Any],
    ) -> Call:
        """Return a call as it was given: ChatOpenAI may send what we would refuse."""
        names = spellings()
        given = {names.get(k, k): v for k, v in kwargs.items() if v is not None}
        given |= {"stop": stop} if stop is not None else {}
        model = spelled(given.get("model") or self._fields["model_name"])
        return Call({**own, **given, "model": model}, self, kwargs)

    def asked(
        self, settings: Mapping[str, Any], kwargs: Mapping[str, Any]
    ) -> Invocation:
        """Return what the planner reads of settings that are checked."""
        check_name(settings["model"])
        if self._fields["use_previous_response_id"]:
            settings = {"use_responses_api": True, "store": True, **settings}
        asked = invocation(settings, platforms=self._platforms())
        nulls = self._nulls(kwargs)
        if nulls:
            asked = asked._replace(nulls=nulls)
        return asked._replace(tokens=0) if is_auto(asked.model) else asked

    def _merged(
        self, own: dict[str, Any], stop: list[str] | None, kwargs: dict[str, Any]
    ) -> dict[str, Any]:
        """Merge the constructor's settings with those of the call; the call wins."""
        given = canonical(kwargs, where="The call")
        if "model" in given:
            given["model"] = spelled(given["model"])
        if stop is not None:
            given["stop"] = stop
        model = given.get("model") or self._fields["model_name"]
        merged = {**own, **checked(given, model=model)}
        unset = (name for name, value in given.items() if value is None)
        for name in (*unset, *(self._fields["disabled_params"] or ())):
            merged.pop(name, None)
        merged.setdefault("model", model)
        return merged

    def _nulls(self, kwargs: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the settings given as `None` in place of nothing, if null is taken."""
        names = canonical_names()
        empty = (names.get(name) for name, value in kwargs.items() if value is None)
        own = self.defaults()
        found = (one for one in empty if one and one not in own and takes_null(one))
        return tuple(sorted(found))


def canonical(given: Mapping[str, Any], *, where: str) -> dict[str, Any]:
    """Return settings under their canonical names.

    Args:
        given: Settings under any accepted spelling; `None` means not set.
        where: Who got them, for error messages.

    Raises:
        UnknownParameterError: If there is no such setting.
        InvalidParameterError: If two spellings of a setting disagree.
    """
    names = spellings()
    found: dict[str, Any] = {}
    for spelling, value in given.items():
        name = "metadata" if spelling == CARRIED_METADATA else names.get(spelling)
        if name is None:
            raise UnknownParameterError(spelling, nearest(spelling, names), where=where)
        other = found.get(name)
        if other is not None and value is not None and other != value:
            accepted = f"it was also given as {other!r}, under another name."
            raise InvalidParameterError(spelling, value, accepted)
        found[name] = value if value is not None else other
    return found


def checked(settings: Mapping[str, Any], *, model: str) -> dict[str, Any]:
    """Return the settings that are set, each checked against what any model takes.

    Raises:
        InvalidParameterError: If a value is of the wrong type or out of range.
    """
    rows = table()
    values = {
        name: rows[name].check(value, model=model) if name in rows else value
        for name, value in settings.items()
        if value is not None
    }
    for name, form in _IN_FORM.items():
        if name in values:
            values[name] = form(values[name])
    return values


def invocation(
    settings: Mapping[str, Any], *, platforms: Mapping[str, str] = EMPTY
) -> Invocation:
    """Return the call that checked settings describe, without its messages."""
    rows = table()
    params: dict[str, Any] = {}
    filled: dict[str, Any] = {}
    for name, value in settings.items():
        row = rows.get(name)
        if row is None or row.fills == "params":
            params[name] = value
        elif row.fills:
            filled[row.fills] = value if row.convert is None else row.convert(value)
    parse_as = getattr(params.get("response_format"), "target", None)
    return Invocation(params=params, parse_as=parse_as, platforms=platforms, **filled)


def _without_secrets(tool: Any) -> Any:
    """Remote MCP servers are given credentials in the tool itself."""
    if not isinstance(tool, dict) or tool.get("type") != "mcp":
        return tool
    secret = {"headers", "authorization"}
    return {k: "**REDACTED**" if k in secret else v for k, v in tool.items()}
