"""Finding out a model's parameter rules by asking it, one parameter at a time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from langchain_unified.cost import estimate_usd
from langchain_unified.discovery.rows import row_of, toml_of
from langchain_unified.discovery.trials import EFFORTS, LEVELS, SAMPLING, Trial, trials
from langchain_unified.errors import (
    ProviderError,
    ProviderInvalidRequestError,
    ProviderModelNotFoundError,
    UnsupportedError,
)
from langchain_unified.learning import corrected, read_corrections
from langchain_unified.learning.reading import Correction
from langchain_unified.planner import plan
from langchain_unified.registry.build import Found, build_config
from langchain_unified.registry.schema import FamilyRow, ThinkingRow
from langchain_unified.shims import ProviderShim, connect
from langchain_unified.types import CallPlan, Invocation, ModelConfig

if TYPE_CHECKING:
    from langchain_unified.registry import Registry

TRIES = 3
"""Calls a trial may take: each refusal is heeded and the trial repeated."""

INPUT_TOKENS, IMAGE_TOKENS, OUTPUT_TOKENS = 400, 9_000, 16
"""Most tokens of one call, of one with an image (small models count 8,500 for the
smallest, developers.openai.com images guide, 2026-11-23), and of one answer."""

_ANYTHING = "anything"
_CUT_OFF = "max_tokens or model output limit was reached"
"""OpenAI's 400 when reasoning used up the cap (community.openai.com, seen with o1): the
request itself was taken."""
_FIRST = Trial("max_tokens")
_ELSEWHERE = frozenset({404, 405})


@dataclass(frozen=True, slots=True)
class Probe:
    """What a probe takes at most, and once it ran, what it found out.

    Attributes:
        model: The model's name.
        provider: Provider id.
        most_calls: How many calls it takes at most.
        most_usd: What they cost at most in US dollars; `None` if no price is known.
        calls: How many calls were made; 0 after a dry run.
        row: The rules found, as `Registry.register` takes them; empty after a dry run.
    """

    model: str
    provider: str
    most_calls: int
    most_usd: float | None
    calls: int = 0
    row: dict[str, Any] = field(default_factory=dict)

    @property
    def toml(self) -> str:
        """The row as text for a file of the user's own; empty after a dry run."""
        return toml_of(self.model, self.row) if self.row else ""

    @property
    def bounds(self) -> str:
        """What the probe takes at most, as a sentence."""
        price = "of unknown price" if self.most_usd is None else f"${self.most_usd:.4f}"
        return (
            f"Probing {self.model!r} takes at most {self.most_calls} calls of at most "
            f"{INPUT_TOKENS} tokens in ({IMAGE_TOKENS} with an image) and "
            f"{OUTPUT_TOKENS} out: at most {price}."
        )

    def __str__(self) -> str:
        """Return the row, or what the probe would take."""
        if self.row:
            return self.toml
        return (
            f"{self.bounds} Nothing was sent; call probe(..., dry_run=False) to run it."
        )


def probe(registry: Registry, model: str, llm: Any = None, *, dry_run: bool) -> Probe:
    """Find out a model's parameter rules; see `Registry.probe`.

    Raises:
        ProviderModelNotFoundError: If the provider does not know the model.
        ProviderError: If the provider cannot be asked.
    """
    if llm is None:
        from langchain_unified.chat_model import UnifiedChatModel  # noqa: PLC0415

        llm = UnifiedChatModel(model_name="any", registry=registry)
    known = llm._known(model)  # noqa: SLF001
    registry.check_enabled(known.provider, llm.enable)
    start = _permissive(registry, known)
    bounds = _bounds(registry, known, start)
    if dry_run:
        return bounds
    shim = connect(llm._connected(known.provider))  # noqa: SLF001
    asking = Asking(start, shim, bounds.most_calls)
    found = asking.run()
    provider = registry.provider(known.provider)
    return replace(bounds, calls=asking.calls, row=row_of(found, provider))


def _permissive(registry: Registry, known: ModelConfig) -> ModelConfig:
    """Return a configuration that holds nothing back."""
    file = registry.files[known.provider]
    plain = file.provider.compatible_family is not None
    fallback = registry.resolve(f"{known.provider}:{_ANYTHING}")
    family = FamilyRow(
        inputs=["text", "image"],
        outputs=["text"],
        features={"structured_output": True, "json_mode": True, "tool_calling": True},
        system_roles=["system", "developer"],
        thinking=_any_thinking("none" if plain else fallback.thinking.style),
    )
    open_file = file.model_copy(update={"families": {_ANYTHING: family}})
    wire = known.model
    return build_config(Found(open_file, wire, wire, _ANYTHING, "exact"))


def _any_thinking(style: Any) -> ThinkingRow:
    """Return thinking that takes whatever its style has words for."""
    levels = [*LEVELS] if style == "level" else None
    return ThinkingRow(style=style, levels=levels)


def _bounds(registry: Registry, known: ModelConfig, start: ModelConfig) -> Probe:
    each = len(list(trials())) * TRIES + len(EFFORTS) + len(SAMPLING)
    calls = each * len(start.mappings)
    images = TRIES * len(start.mappings)
    tokens = INPUT_TOKENS * (calls - images) + IMAGE_TOKENS * images
    size = (tokens, OUTPUT_TOKENS * calls)
    price = estimate_usd(known, *size)
    if price is None:
        peers = (config for config, _ in registry.ranked())
        priced = [estimate_usd(c, *size) for c in peers if c.provider == known.provider]
        price = max((one for one in priced if one is not None), default=None)
    return Probe(known.model, known.provider, calls, price)


class Asking:
    """One run of a probe: what is known so far, and how many calls were made."""

    def __init__(self, config: ModelConfig, shim: ProviderShim, most: int) -> None:
        """Start with a configuration that holds nothing back."""
        self.config, self._shim, self._most = config, shim, most
        self._passes_effort = config.thinking.style == "none"
        self.calls = 0

    def run(self) -> ModelConfig:
        """Ask about every endpoint and return what was found out.

        Raises:
            ProviderModelNotFoundError: If no endpoint serves the model.
        """
        served = [name for name in self.config.mappings if self._serves(name)]
        for endpoint in served:
            for trial in trials():
                self._settle(trial, endpoint)
            self._find_efforts(endpoint)
            self._find_conditions(endpoint)
        return self.config._replace(endpoints=tuple(served))

    def _serves(self, endpoint: str) -> bool:
        """Tell whether an endpoint serves the model at all."""
        for _ in range(TRIES):
            made = self._plan(_FIRST, endpoint)
            try:
                self._send(made, _FIRST)
            except ProviderError as error:
                if error.status in _ELSEWHERE and not self._is_last(endpoint):
                    return False
                corrections = read_corrections(error, made)
                if any(one.do == "endpoint" for one in corrections):
                    return False
                if not self._heed(corrections, endpoint):
                    raise
            else:
                return True
        return False

    def _is_last(self, endpoint: str) -> bool:
        """Tell whether every other endpoint was found not to serve the model."""
        return endpoint == list(self.config.mappings)[-1] and self.calls <= 1

    def _settle(self, trial: Trial, endpoint: str) -> None:
        """Repeat a trial, heeding each refusal, until it is taken or hopeless."""
        for _ in range(TRIES):
            made = self._planned(trial, endpoint)
            if made is None:
                return
            refusal = self._refusal(made, trial)
            if refusal is None:
                return
            corrections = read_corrections(refusal, made)
            if not self._heed(corrections, endpoint):
                break
        for parameter in trial.blamed:
            blame = Correction("never", parameter, None, "refused without a reason")
            self._heed((blame,), endpoint)

    def _find_efforts(self, endpoint: str) -> None:
        """Find the levels: a refusal lists them, or each is tried."""
        rule = self.config.mappings[endpoint].rules.get("reasoning_effort")
        if rule is None or rule.accepts != "any":
            return
        taken = []
        for level in EFFORTS:
            trial = Trial("reasoning_effort", level)
            made = self._planned(trial, endpoint)
            if made is None or self.config.thinking.levels.get(endpoint):
                return
            refusal = self._refusal(made, trial)
            if refusal is None:
                taken.append(level)
            elif not self._heed(read_corrections(refusal, made), endpoint):
                continue
        if taken:
            found = Correction("values", "reasoning_effort", tuple(taken))
            self._heed((found,), endpoint)

    def _find_conditions(self, endpoint: str) -> None:
        """Find what is taken only while the model is told not to reason."""
        levels = self.config.thinking.levels.get(endpoint, ())
        for parameter, value in SAMPLING.items():
            rule = self.config.mappings[endpoint].rules.get(parameter)
            refused = rule is not None and rule.accepts in {"default", "never"}
            if not refused or "none" not in levels:
                continue
            known = self.config
            self._allow(parameter, endpoint, "any")
            trial = Trial(parameter, value, {"reasoning_effort": "none"})
            made = self._planned(trial, endpoint)
            taken = made is not None and self._refusal(made, trial) is None
            self.config = known
            if taken:
                self._allow(parameter, endpoint, "effort_none")

    def _allow(self, parameter: str, endpoint: str, accepts: Any) -> None:
        mapping = self.config.mappings[endpoint]
        rule = mapping.rules[parameter]._replace(accepts=accepts)
        rules = MappingProxyType({**mapping.rules, parameter: rule})
        mappings = {**self.config.mappings, endpoint: mapping._replace(rules=rules)}
        self.config = self.config._replace(mappings=MappingProxyType(mappings))

    def _heed(self, corrections: tuple[Correction, ...], endpoint: str) -> bool:
        """Apply corrections to the endpoint probed; tell whether anything is new."""
        known = self.config
        whole = [_about_whole(correction) for correction in corrections]
        alone = MappingProxyType({endpoint: known.mappings[endpoint]})
        found = corrected(known._replace(mappings=alone), endpoint, whole)
        mappings = MappingProxyType({**known.mappings, **found.mappings})
        self.config = found._replace(mappings=mappings)
        return self.config != known

    def _planned(self, trial: Trial, endpoint: str) -> CallPlan | None:
        """Return a trial's plan; `None` if what is known already rules it out."""
        rules = self.config.mappings[endpoint].rules
        about = [name for name in trial.blamed if name in trial.params]
        if about and not any(
            name in rules and rules[name].accepts in {"any", "effort_none"}
            for name in about
        ):
            return None
        try:
            return self._plan(trial, endpoint)
        except UnsupportedError:
            return None

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
        except ProviderInvalidRequestError as error:
            return None if _CUT_OFF in str(error) else error
        except ProviderModelNotFoundError as error:
            return error
        return None

    def _send(self, made: CallPlan, trial: Trial) -> None:
        if self.calls >= self._most:
            message = "A probe never makes more calls than it announced."
            raise RuntimeError(message)
        self.calls += 1
        messages = list(trial.messages)
        if made.stream:
            for _ in self._shim.stream(made, messages):
                pass
        else:
            self._shim.generate(made, messages)


def _about_whole(correction: Correction) -> Correction:
    """Return a correction about a whole setting: rows have no rules for its keys."""
    if correction.parameter is None:
        return correction
    return replace(correction, parameter=correction.parameter.partition(".")[0])
