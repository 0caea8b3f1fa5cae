"""What one call learns from the refusals of a model, and what is said on its errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from langchain_core.exceptions import ContextOverflowError
from langchain_core.messages import BaseMessage

from langchain_unified.errors import (
    ProviderError,
    ProviderModelNotFoundError,
    UnsupportedError,
)
from langchain_unified.learning import (
    Carried,
    Correction,
    Trial,
    names_a_cause,
    read_corrections,
    texts_of,
)
from langchain_unified.registry.lifecycle import explain_missing
from langchain_unified.reliability.limits import limits
from langchain_unified.reliability.scope import Scope
from langchain_unified.runner.work import MakePlan, Work
from langchain_unified.types import CallPlan, Change, Invocation

MOST_CORRECTIONS = 3
"""How many refusals one call may learn from."""


class Refusals:
    """The refusals of one call at a model, and what it tries out after them.

    Args:
        work: What each attempt at the call needs.
        scope: Returns whose call it is.
    """

    def __init__(self, work: Work, scope: Callable[[], Scope]) -> None:
        """Start before the first refusal."""
        self._work, self._scope = work, scope
        self._trials: tuple[Trial, ...] = ()
        self._last: ProviderError | None = None
        self._told = ""
        self._corrections = 0

    def plan_again(self, make_plan: MakePlan, before: CallPlan | None) -> CallPlan:
        """Plan the next attempt; raise the refusal if the plan is still the same.

        Raises:
            UnsupportedError: If what was learned leaves no way to make the call.
            ProviderError: If the server lacks the endpoint that the call asks for.
        """
        try:
            planned = make_plan(max(0, self._corrections - 1), self._trials)
        except UnsupportedError as error:
            if self._last is not None and _is_missing_path(self._last):
                # The user asked for this endpoint: ChatOpenAI raises the 404 itself.
                raise self._last from None
            self.remember()
            raise error from self._last
        refusal, self._last = self._last, None
        if refusal is not None and _same_request(planned, before):
            self._trials = ()
            raise refusal
        learned = [_as_change(trial.correction) for trial in self._trials]
        changes = (*planned.changes, *learned)
        return replace(planned, changes=changes) if learned else planned

    def drop(self) -> None:
        """Forget what was tried out: the call is planned in another way."""
        self._trials, self._last = (), None

    def describe(self, error: ProviderError, plan: CallPlan, *, last: bool) -> None:
        """Say on an error what it was about, and what would put it right.

        After the `last` retry, with no other model to try, more may be left out.
        """
        _shorten(error, limits(self._work.safeguards.runtime).error_characters)
        error.provider = error.provider or plan.provider
        error.model = error.model or plan.model
        error.endpoint = error.endpoint or plan.endpoint
        error.fix = (
            error.fix
            or read_corrections(error, plan, self._work.carried)
            or _on_chat(error, plan)
            or _without_usage(error, plan, last=last)
        )
        if str(error) == self._told:
            tried = (trial.correction for trial in self._trials)
            error.fix = error.fix or tuple(
                one for one in tried if one.parameter != _ASKS_USAGE
            )
        if isinstance(error, ProviderModelNotFoundError):
            _name_successor(error, plan.config.lifecycle.replacement)
            explain_missing(error, plan.config)

    def learn(self, refusal: ProviderError, plan: CallPlan) -> bool:
        """Try out what a refusal says; tell whether to try again.

        Nothing is remembered until the corrected request is accepted.
        """
        known = {(trial.endpoint, trial.correction) for trial in self._trials}
        new = [one for one in refusal.fix if (plan.endpoint, one) not in known]
        if not new or self._corrections >= MOST_CORRECTIONS:
            return False
        if self._work.lessons() is None:
            return False
        self._corrections += 1
        self._last, self._told = refusal, str(refusal)
        trials = (Trial(plan.config, plan.endpoint, one) for one in new)
        self._trials = (*self._trials, *trials)
        return True

    def remember(self) -> None:
        """Remember what was tried out: the corrected request was accepted."""
        trials, self._trials = self._trials, ()
        lessons = self._work.lessons() if trials else None
        if lessons is not None and self._scope().is_known:
            lessons.learn(trials, self._scope())


def _same_request(one: CallPlan, other: CallPlan | None) -> bool:
    return other is not None and (
        one.endpoint == other.endpoint
        and one.stream == other.stream
        and one.system_role == other.system_role
        and one.calls == other.calls
        and one.body == other.body
    )


def _as_change(correction: Correction) -> Change:
    about = correction.parameter or correction.do
    reason = f"the provider answered: {correction.said}"
    return Change(about, "learned", None, correction.value, reason, "a refused request")


def _on_chat(error: ProviderError, plan: CallPlan) -> tuple[Correction, ...]:
    """Return what leads to chat completions on a server that has no Responses.

    ChatOpenAI would have asked there at once: most servers of other makes have no
    other endpoint.
    """
    elsewhere = plan.config.server and plan.endpoint == "responses"
    if not elsewhere or error.status not in _NO_SUCH_PATH:
        return ()
    return (Correction("endpoint", None, None, str(error)),)


_NO_SUCH_PATH = frozenset({404, 405, 501})


def _without_usage(
    error: ProviderError, plan: CallPlan, *, last: bool
) -> tuple[Correction, ...]:
    """Return what leaves out the request for usage, where nobody says what is wrong.

    ChatOpenAI asks no server of the user's own for the usage of a stream, so that a
    refusal without a reason may be of that, and so may a failure (5xx) that retries do
    not mend (`last`: none is left).
    """
    if not (plan.config.server and plan.stream and _ASKS_USAGE in plan.body):
        return ()
    has_a_cause = isinstance(error, ContextOverflowError) or names_a_cause(error)
    has_failed = last and (error.status or 0) >= _FAILED
    if has_a_cause or not (has_failed or error.status in _REFUSED):
        return ()
    return (Correction("never", _ASKS_USAGE, None, str(error)),)


_ASKS_USAGE = "stream_options"
_REFUSED = frozenset({400, 422})
_FAILED = 500


def _is_missing_path(refusal: ProviderError) -> bool:
    """Tell whether nothing but another endpoint was tried after a refusal."""
    tried = [correction.do for correction in refusal.fix]
    return refusal.status in _NO_SUCH_PATH and tried == ["endpoint"]


def _name_successor(error: ProviderError, successor: str | None) -> None:
    if successor and error.successor is None:
        error.successor = successor
        _say(error, f"{error} Its successor is {successor!r}.")


def _shorten(error: ProviderError, most: int) -> None:
    """Keep a server from filling logs with what it says."""
    said = str(error)
    if len(said) > most:
        _say(error, f"{said[:most]}... ({len(said)} characters)")


def _say(error: ProviderError, message: str) -> None:
    error.args = (message, *error.args[1:])
    for name in ("message", "error"):
        if isinstance(vars(error).get(name), str):
            setattr(error, name, message)


def carried_by(
    messages: list[BaseMessage], call: Invocation, kwargs: Mapping[str, Any]
) -> Carried:
    """Return what a request carries, which an error may repeat."""
    texts = texts_of([messages, dict(call.params), dict(call.extra_body), dict(kwargs)])
    blocks = (form.source for form in call.traits.media if form.kind == "block")
    return Carried(tuple(texts), call.traits.inputs, frozenset(blocks))
