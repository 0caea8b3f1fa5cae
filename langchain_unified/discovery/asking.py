"""One run of a probe: every question asked, and what was accepted and refused."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from langchain_unified.cost import BudgetExceededError, Hold, cap_of
from langchain_unified.discovery.ends import find_ends, most_ends
from langchain_unified.discovery.keys import UNVERIFIED, find_words, most_words
from langchain_unified.discovery.seen import Seen
from langchain_unified.discovery.trials import (
    EFFORTS,
    ROLES,
    SAMPLING,
    Trial,
    row_trials,
    trials,
)
from langchain_unified.errors import (
    MalformedResponseError,
    ProviderError,
    ProviderInvalidRequestError,
    ProviderModelNotFoundError,
    ProviderRateLimitError,
    ProviderUnavailableError,
    UnsupportedError,
)
from langchain_unified.learning import corrected, read_corrections
from langchain_unified.learning.reading import Correction
from langchain_unified.planner import plan
from langchain_unified.planner.draft import get_path
from langchain_unified.shims.base import ProviderShim
from langchain_unified.types import CallPlan, Invocation, ModelConfig

TRIES = 3
"""Calls a trial may take: each refusal is heeded and the trial repeated."""

WAITS, LONGEST_WAIT = 3, 20.0
"""How often a probe waits for its turn after a 429, and how many seconds at most."""

OUTPUT_TOKENS = 16
"""Most tokens of one answer."""

INPUT_TOKENS, IMAGE_TOKENS = 400, 9_000
"""Most tokens of one call, and of one with an image or a file (small
models count 8,500 for the smallest image, developers.openai.com images guide,
2026-11-23)."""

LEVELS_AT_MOST = 8
"""Reasoning efforts tried on an endpoint, those that a refusal lists included."""

_CUT_OFF = "max_tokens or model output limit was reached"
"""OpenAI's 400 when reasoning used up the cap (community.openai.com, seen with o1): the
request itself was taken."""
_FIRST = Trial("max_tokens", OUTPUT_TOKENS)
_ELSEWHERE = frozenset({404, 405, 501})
_REFUSED = (
    ProviderInvalidRequestError,
    ProviderModelNotFoundError,
    ProviderUnavailableError,
)
"""What answers one request and not every one: a server that cannot do a thing may fail
at it as well as refuse it: vLLM and llama.cpp answer 500 to tools they cannot parse."""


def most_calls(endpoints: int, *, with_words: bool = False) -> int:
    """Return how many calls a probe of some number of endpoints takes at most."""
    asked = (len(list(trials())) + 1) * TRIES + LEVELS_AT_MOST + len(SAMPLING) + 2
    if with_words:
        asked += most_words() + most_ends() + len(list(row_trials()))
    return asked * endpoints + WAITS


class Asking:
    """One run of a probe.

    Args:
        config: A configuration that holds nothing back.
        shim: What calls are sent with.
        most: How many calls may be made.
        hold: Sets aside what a call of some tokens in and out costs at most; raises
            `BudgetExceededError` if that is too much. No limit if left out.
        known: What the rows state: one token more than the longest answer is asked
            for, and each word of a setting. Not asked about if left out.

    Attributes:
        seen: What was found out so far.
        calls: How many calls were made.
    """

    def __init__(
        self,
        config: ModelConfig,
        shim: ProviderShim,
        most: int,
        *,
        hold: Callable[[int, int], Hold] | None = None,
        known: ModelConfig | None = None,
    ) -> None:
        """Start with nothing seen."""
        self.seen, self._shim, self._most = Seen(config), shim, most
        self._hold, self._known = hold, known
        self._passes_effort = config.thinking.style == "none"
        self.calls, self._waits = 0, WAITS

    @property
    def config(self) -> ModelConfig:
        """What is known so far."""
        return self.seen.config

    def run(self) -> Seen:
        """Ask about every endpoint and return what was seen.

        Raises:
            ProviderModelNotFoundError: If no endpoint serves the model.
            ProviderError: If a plain call is refused, before or after the questions:
                then refusals say nothing about the model.
        """
        left = list(self.config.mappings)
        for endpoint in tuple(left):
            left.remove(endpoint)
            if self._serves(endpoint, is_last=not (left or self.seen.served)):
                self._ask_all(endpoint)
                self.seen.served.append(endpoint)
            else:
                self.seen.elsewhere.append(endpoint)
        served = tuple(self.seen.served)
        self.seen.config = self.config._replace(endpoints=served)
        return self.seen

    def _ask_all(self, endpoint: str) -> None:
        for trial in trials():
            self._settle(trial, endpoint)
        self._find_efforts(endpoint)
        self._find_conditions(endpoint)
        if self._known is not None:
            for trial in row_trials():
                self._ask_once(trial, endpoint)
            find_words(self.seen, endpoint, self._known, self._ask)
            find_ends(self.seen, endpoint, self._known, self._ask)
            self._find_limit(endpoint, self._known.longest_answer)
        self._send(self._plan(_FIRST, endpoint), _FIRST)

    def _serves(self, endpoint: str, *, is_last: bool) -> bool:
        """Tell whether an endpoint serves the model at all."""
        refusal: ProviderError | None = None
        for _ in range(TRIES):
            made = self._plan(_FIRST, endpoint)
            try:
                self._send(made, _FIRST)
            except ProviderError as error:
                refusal = error
                corrections = read_corrections(error, made)
                elsewhere = (
                    error.status in _ELSEWHERE
                    or isinstance(error, MalformedResponseError)
                    or any(one.do == "endpoint" for one in corrections)
                )
                if elsewhere and not is_last:
                    return False
                heeded = not elsewhere and self._heed(corrections, endpoint)
                if not heeded or not _is_capped(self._plan(_FIRST, endpoint)):
                    raise
            else:
                self.seen.accepted.add((endpoint, "max_tokens"))
                return True
        raise refusal or RuntimeError("No call was made.")

    def _settle(self, trial: Trial, endpoint: str) -> None:
        """Repeat a trial, heeding each refusal, until it is taken or hopeless."""
        for _ in range(TRIES):
            made = self._planned(trial, endpoint)
            if made is None:
                break
            if trial.feature or holds(made, trial.parameter):
                self.seen.asked.add((endpoint, trial.fact))
            refusal = self._refusal(made, trial)
            if refusal is None:
                self._accept(trial, made)
                return
            self.seen.refused.add((endpoint, trial.fact))
            if UNVERIFIED in str(refusal):
                self.seen.unverified.add(trial.fact)
            corrections = read_corrections(refusal, made)
            if not self._heed(corrections, endpoint):
                if trial.parameter == ROLES and made.system_role:
                    role = Correction("role", None, made.system_role, str(refusal))
                    self._heed((role,), endpoint)
                    continue
                break

    def _ask_once(self, trial: Trial, endpoint: str) -> None:
        """Send a trial once, and learn nothing from a refusal."""
        made = self._planned(trial, endpoint)
        if made is not None:
            self.seen.asked.add((endpoint, trial.fact))
            if self._refusal(made, trial) is None:
                self._accept(trial, made)

    def _accept(self, trial: Trial, made: CallPlan) -> None:
        """Put on record what an accepted request held."""
        accepted, endpoint = self.seen.accepted, made.endpoint
        if trial.parameter == ROLES:
            accepted.add((endpoint, f"role {made.system_role}"))
        elif trial.parameter in {"stream", "messages"}:
            accepted.add((endpoint, trial.fact))
        elif holds(made, trial.parameter):
            accepted |= {(endpoint, trial.fact), (endpoint, trial.parameter)}

    def _find_efforts(self, endpoint: str) -> None:
        """Try each level that a refusal lists, or each that there is."""
        rule = self.config.mappings[endpoint].rules.get("reasoning_effort")
        if rule is None or rule.accepts != "any":
            return
        known = self.config
        listed = known.thinking.levels.get(endpoint) or EFFORTS
        taken = []
        for level in listed[:LEVELS_AT_MOST]:
            self.seen.config = _with_levels(known, endpoint, (level,))
            trial = Trial("reasoning_effort", level)
            made = self._planned(trial, endpoint)
            if made is None or get_path(made.body, rule.name) != level:
                continue
            if self._refusal(made, trial) is None:
                taken.append(level)
        self.seen.config = known
        if taken and rule.name and known.thinking.style in {"none", "effort"}:
            found = Correction("values", "reasoning_effort", tuple(taken))
            self._heed((found,), endpoint)
        self.seen.config = _with_levels(self.config, endpoint, tuple(taken))
        if taken:
            self.seen.accepted.add((endpoint, "reasoning_effort"))

    def _find_conditions(self, endpoint: str) -> None:
        """Find what is taken only while the model is told not to reason."""
        levels = self.config.thinking.levels.get(endpoint, ())
        for parameter, value in SAMPLING.items():
            rule = self.config.mappings[endpoint].rules.get(parameter)
            seen = (endpoint, parameter) in self.seen.accepted
            if rule is None or rule.accepts == "absent" or seen or "none" not in levels:
                continue
            known = self.config
            self._allow(parameter, endpoint, "any")
            trial = Trial(parameter, value, {"reasoning_effort": "none"})
            made = self._planned(trial, endpoint)
            taken = made is not None and self._refusal(made, trial) is None
            self.seen.config = known
            if taken:
                self._allow(parameter, endpoint, "effort_none")

    def _ask(
        self, trial: Trial, endpoint: str, config: ModelConfig, word: tuple[str, Any]
    ) -> str | None:
        """Send a trial as a configuration has it, and learn nothing from it.

        Args:
            trial: What is asked.
            endpoint: The endpoint asked.
            config: What the model is taken to take.
            word: The place in the request, and the value that has to stand there.

        Returns:
            What the server says against it, empty if it takes it; `None` if the
            request would not hold the value.
        """
        known, self.seen.config = self.config, config
        try:
            made = self._planned(trial, endpoint)
        finally:
            self.seen.config = known
        if made is None or get_path(made.body, word[0]) != word[1]:
            return None
        refusal = self._refusal(made, trial)
        return "" if refusal is None else str(refusal) or "refused"

    def _find_limit(self, endpoint: str, limit: int | None) -> None:
        """Ask for one token more than the model is said to write.

        A right limit is a refusal, which costs nothing. Where the answer may cost more
        than what is left, nothing is asked.
        """
        if limit is None:
            return
        trial = Trial("max_tokens", limit + 1)
        made = self._plan(trial, endpoint)
        try:
            refusal = self._refusal(made, trial)
        except BudgetExceededError:
            return
        found = read_corrections(refusal, made) if refusal else ()
        named = [c.value for c in found if c.do == "maximum"]
        self.seen.limits[endpoint] = math.inf if refusal is None else None
        if named and isinstance(named[0], (int, float)):
            self.seen.limits[endpoint] = named[0]

    def _allow(self, parameter: str, endpoint: str, accepts: Any) -> None:
        mapping = self.config.mappings[endpoint]
        rule = mapping.rules[parameter]._replace(accepts=accepts)
        rules = MappingProxyType({**mapping.rules, parameter: rule})
        mappings = {**self.config.mappings, endpoint: mapping._replace(rules=rules)}
        self.seen.config = self.config._replace(mappings=MappingProxyType(mappings))

    def _heed(self, corrections: tuple[Correction, ...], endpoint: str) -> bool:
        """Apply corrections to the endpoint probed; tell whether anything is new."""
        known = self.config
        whole = [_about_whole(correction) for correction in corrections]
        alone = MappingProxyType({endpoint: known.mappings[endpoint]})
        found = corrected(known._replace(mappings=alone), endpoint, whole)
        mappings = MappingProxyType({**known.mappings, **found.mappings})
        self.seen.config = found._replace(mappings=mappings)
        return self.config != known

    def _planned(self, trial: Trial, endpoint: str) -> CallPlan | None:
        """Return a trial's plan; `None` if what is known already rules it out."""
        rules = self.config.mappings[endpoint].rules
        if trial.value is not None and (
            trial.parameter not in rules
            or rules[trial.parameter].accepts not in {"any", "effort_none"}
        ):
            return None
        try:
            made = self._plan(trial, endpoint)
        except UnsupportedError:
            return None
        return made if made.stream == trial.stream and _is_capped(made) else None

    def _plan(self, trial: Trial, endpoint: str) -> CallPlan:
        only = self.config._replace(endpoints=(endpoint,))
        if self._passes_effort and not only.thinking.levels.get(endpoint):
            only = only._replace(thinking=only.thinking._replace(style="none"))
        call = Invocation(
            self.config.model,
            params={"max_tokens": OUTPUT_TOKENS, **trial.params},
            traits=trial.traits,
            stream=trial.stream,
            on_unsupported="ignore",
            max_retries=0,
        )
        return replace(plan(call, only), config=only)

    def _refusal(self, made: CallPlan, trial: Trial) -> ProviderError | None:
        """Send a trial; return the refusal, `None` if it was taken."""
        try:
            self._send(made, trial)
        except _REFUSED as error:
            return None if _CUT_OFF in str(error) else error
        except (TypeError, ValueError) as error:
            # Integrations refuse some things before they are sent.
            return ProviderInvalidRequestError(str(error))
        return None

    def _send(self, made: CallPlan, trial: Trial) -> None:
        while True:
            self._count()
            hold = self._reserve(made, trial)
            try:
                for _ in self._answers(made, trial):
                    pass
            except ProviderError as error:
                if hold is not None:
                    hold.settle(0.0)
                if not self._waits or not isinstance(error, ProviderRateLimitError):
                    raise
                self._waits -= 1
                time.sleep(min(error.retry_after or 1.0, LONGEST_WAIT))
            else:
                return

    def _reserve(self, made: CallPlan, trial: Trial) -> Hold | None:
        """Set aside what a call costs at most; an answer is taken to cost that."""
        if self._hold is None:
            return None
        reads = IMAGE_TOKENS if trial.parameter == "messages" else INPUT_TOKENS
        answers = trial.value if trial.parameter == "n" else 1
        return self._hold(reads, (cap_of(made) or OUTPUT_TOKENS) * answers)

    def _count(self) -> None:
        if self.calls >= self._most:
            message = "A probe must not make more calls than it announced."
            raise RuntimeError(message)
        self.calls += 1

    def _answers(self, made: CallPlan, trial: Trial) -> Iterator[Any]:
        messages = list(trial.messages)
        if made.stream:
            yield from self._shim.stream(made, messages)
        else:
            yield self._shim.generate(made, messages)


def _is_capped(made: CallPlan) -> bool:
    """Tell whether an answer costs no more than was announced."""
    cap = cap_of(made)
    return cap is not None and cap <= OUTPUT_TOKENS


def holds(made: CallPlan, parameter: str) -> bool:
    """Tell whether the body of a plan holds a setting, under whatever name."""
    rules = made.config.mappings[made.endpoint].rules
    names = (parameter, *_SAID_BY.get(parameter, ()))
    known = [rules[name].name for name in names if name in rules]
    return any(get_path(made.body, name) is not None for name in known)


_SAID_BY = {"response_format": ("response_mime_type",)}
"""Settings that say what another one asks for, where the wire has no one field."""


def _with_levels(
    config: ModelConfig, endpoint: str, levels: tuple[str, ...]
) -> ModelConfig:
    found = MappingProxyType({**config.thinking.levels, endpoint: levels})
    return config._replace(thinking=config.thinking._replace(levels=found))


def _about_whole(correction: Correction) -> Correction:
    """Return a correction about a whole setting: rows have no rules for its keys."""
    if correction.parameter is None:
        return correction
    return replace(correction, parameter=correction.parameter.partition(".")[0])
