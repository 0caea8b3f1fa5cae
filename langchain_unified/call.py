"""`Call`: what one invocation asks, read once for its trace, cache key and plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import is_
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from langchain_unified.choice.policies import is_auto, spelled
from langchain_unified.invocation import canonical, checked, invocation
from langchain_unified.registry import check_name
from langchain_unified.types import Invocation
from langchain_unified.vocabulary import canonical_names, takes_null

LONGEST_NAME = 512
"""Characters of a name that is kept: what comes from outside may be long."""

_MOST_CALLS = 256
"""Models whose plain calls are kept, for a chat model."""


class Call:
    """What one invocation asks: the constructor's settings and its own, checked.

    Attributes:
        settings: Settings by canonical name, those of the call first; not to be
            changed.
    """

    __slots__ = ("_asked", "_reader", "_unset", "settings")

    def __init__(
        self, settings: dict[str, Any], reader: CallReader, unset: Mapping[str, Any]
    ) -> None:
        """Keep the settings; what the planner reads is made when first needed."""
        self.settings, self._reader, self._unset = settings, reader, unset
        self._asked: Invocation | None = None

    @property
    def asked(self) -> Invocation:
        """The call as the planner reads it, without its messages.

        Its `tokens` are 0 if the model is still to be chosen.

        Raises:
            InvalidParameterError: If a setting that steers the call has a wrong value.
        """
        if self._asked is None:
            self._asked = self._reader.asked(self.settings, self._unset)
        return self._asked


class CallReader:
    """Reads the calls of one chat model.

    Args:
        fields: The model's fields by name.
        given: The names of the fields that the user set.
        names: The fields that hold for calls that say nothing else.
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
        names: Sequence[str],
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
            own = {name: fields[name] for name in self._names}
            own["timeout"] = fields["request_timeout"]
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
        named = kwargs.get("model")
        model = fields["model_name"] if named is None else spelled(named)
        is_plain = stop is None and (not kwargs or kwargs.keys() == {"model"})
        if not is_plain or fields["disabled_params"] or not isinstance(model, str):
            call = Call(self._merged(own, stop, kwargs), self, kwargs)
        elif model in self._calls:
            call = self._calls[model]
        else:
            call = Call({"model": model, **own}, self, kwargs)
            if self._is_kept(model):
                self._calls[model] = call
        self._last = (stop, kwargs, call)
        return call

    def _is_kept(self, model: str) -> bool:
        """Tell whether to keep a call: names from outside may be long, and many."""
        return len(model) <= LONGEST_NAME and len(self._calls) < _MOST_CALLS

    def again(self, stop: list[str] | None, kwargs: dict[str, Any]) -> Call:
        """Return a call that was just read for its trace, or read it.

        langchain-core hands keywords from hook to hook as they are, so the same objects
        are the same call.
        """
        last = self._last
        if last is None or self._read_with != self._fields["model_kwargs"]:
            return self.read(stop, kwargs)
        before, held, call = last
        if (
            stop is before
            and held.keys() == kwargs.keys()
            and all(map(is_, map(held.get, kwargs), kwargs.values()))
        ):
            return call
        return self.read(stop, kwargs)

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
        for name, value in given.items():
            if value is None:
                merged.pop(name, None)
        for name in self._fields["disabled_params"] or {}:
            merged.pop(name, None)
        merged.setdefault("model", model)
        return merged

    def _nulls(self, kwargs: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the settings given as `None` in place of nothing, if null is taken."""
        names = canonical_names()
        empty = (names.get(name) for name, value in kwargs.items() if value is None)
        own = self.defaults()
        return tuple(
            sorted(
                name
                for name in filter(None, empty)
                if name not in own and takes_null(name)
            )
        )


def unseen(
    messages: list[BaseMessage], kwargs: dict[str, Any]
) -> tuple[list[BaseMessage], dict[str, Any]]:
    """Return what follows the last stored response, and the keywords to say so."""
    for at in range(len(messages) - 1, -1, -1):
        name = messages[at].response_metadata.get("id")
        if isinstance(messages[at], AIMessage) and str(name).startswith("resp_"):
            return messages[at + 1 :], {**kwargs, "previous_response_id": name}
    return messages, kwargs
