"""A plan in progress: the settings not yet handled, and the body so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_unified.errors import UnsupportedError
from langchain_unified.planner.merging import merged, replaced
from langchain_unified.schemas import Reading
from langchain_unified.settings import importance, is_neutral, settings
from langchain_unified.types import (
    Change,
    ChangeKind,
    Invocation,
    ModelConfig,
    ParameterMapping,
    ParameterRule,
)
from langchain_unified.wires import load_wire

_RESPONSES = "responses"
OPENAI_ENDPOINTS = ("chat", _RESPONSES)
"""The endpoints of OpenAI's wire, whoever serves them."""


class Draft:
    """A plan for one endpoint, which the rules change one after the other.

    A rule takes settings out of `wanted` and puts wire fields into `body`; what it
    changes it notes. Whatever is left in `wanted` at the end is sent by its rule.

    Attributes:
        wire: What the provider hands in about the endpoint.
        given: Settings asked for or defaulted, by canonical name.
        wanted: Settings not yet dealt with, by canonical name.
        body: Wire fields decided so far.
        changes: Changes noted so far.
        effort: The effective reasoning effort of the call.
        losses: How many settings were dropped or clamped.
        emulations: How many settings are imitated on the client.
        call_as_text: Tools of which the answer is a call, written as text.
        reading: How the answer is brought back into the form asked for.
        tool_names: The name on the wire of each tool that has another there.
        answer_tool: The tool that asks for the form of the answer, if one does.
        unwrap: The key under which the text of the answer stands on the wire.
        resumes: How often a turn that the provider pauses is sent again at most.
        extra_body: Fields of the user's own that no rule has dealt with.
        cache_ttl: How long marks of a prompt cache hold, if it was asked for.
    """

    def __init__(
        self, invocation: Invocation, config: ModelConfig, endpoint: str
    ) -> None:
        """Start with everything wanted and nothing decided."""
        self.invocation, self.config, self.endpoint = invocation, config, endpoint
        self.mapping = _with_rows(config.mappings[endpoint], invocation.params)
        self.wire = load_wire(self.mapping.wire)
        self.given: dict[str, Any] = dict(invocation.params)
        self.wanted: dict[str, Any] = dict(invocation.params)
        self.body: dict[str, Any] = {}
        self.changes: list[Change] = []
        self.effort: str | None = config.thinking.default
        self.losses = 0
        self.emulations = 0
        self.stream = invocation.stream
        self.stop: tuple[str, ...] = ()
        self.calls = 1
        self.system_role: str | None = "system"
        self.add_system: str | None = None
        self.structured: str | None = None
        self.call_as_text: tuple[str, ...] = ()
        self.reading = Reading()
        self.tool_names: dict[str, str] = {}
        self.answer_tool: str | None = None
        self.unwrap: str | None = None
        self.resumes = 0
        self.cache_ttl: str | None = None
        self.extra_body: Mapping[str, Any] = invocation.extra_body

    @property
    def platform(self) -> str:
        """Where the model is served, if its provider has more than one place."""
        return self.invocation.platforms.get(self.config.provider, "")

    @property
    def is_elsewhere(self) -> bool:
        """Whether the request goes to chat completions of the user's own server.

        What the user wrote for it is sent as `ChatOpenAI` sends it: rules of OpenAI's
        models say nothing of what another server knows beside.
        """
        return self.config.is_elsewhere and self.endpoint == "chat"

    def knows(self, fact: str) -> bool:
        """Tell whether the user or the server said a fact, and not its rows alone."""
        found = self.config.provenance.get(fact)
        return found is not None and found.layer != "shipped"

    @property
    def chose_responses(self) -> bool:
        """Whether the user, and not the plan, chose Responses.

        So it is where the user insists on the endpoint, asks for its form of content,
        or gives a tool that only it has: ChatOpenAI calls it then (langchain-openai
        1.7.4), and what it sends and answers is what the user knows.
        """
        asked = self.invocation
        if self.endpoint != _RESPONSES:
            return False
        if _RESPONSES in (asked.endpoint, (asked.output_version or "").split("/")[0]):
            return True
        tools = asked.params.get("tools") or ()
        return any(tool.get("type", "function") != "function" for tool in tools)

    def rule(self, parameter: str) -> ParameterRule | None:
        """Return the rule for a parameter, or `None` if the endpoint has none."""
        rule = self.mapping.rules.get(parameter)
        if rule is not None and self.platform in rule.accepts_on:
            rule = rule._replace(accepts=rule.accepts_on[self.platform])
        return None if rule is None or rule.accepts == "absent" else rule

    def knows_values(self, parameter: str) -> bool:
        """Tell whether a provider listed the values it takes, in a refusal."""
        rule = self.mapping.rules.get(parameter)
        if rule is not None and rule.refused:
            return False  # It named the one, and not those it takes.
        found = [self.config.provenance.get(parameter)]
        if parameter == "reasoning_effort":
            found.append(self.config.thinking.provenance)
        return any(one is not None and one.layer == "learned" for one in found)

    def source(self, parameter: str) -> str:
        """Return where the rule for a parameter or fact is written down."""
        rule = self.mapping.rules.get(parameter)
        found = rule.provenance if rule else self.config.provenance.get(parameter)
        return str(found) if found else f"{self.config.provider} {self.endpoint} API"

    def note(
        self,
        parameter: str,
        kind: ChangeKind,
        *,
        requested: Any = None,
        sent: Any = None,
        reason: str,
        source: str | None = None,
    ) -> None:
        """Put a change on record."""
        cited = self.source(parameter) if source is None else source
        self.changes.append(Change(parameter, kind, requested, sent, reason, cited))

    def put(self, parameter: str, value: Any) -> None:
        """Send a value under the parameter's wire name; note the new name."""
        name = self.mapping.rules[parameter].name
        asked = parameter in self.invocation.params
        if asked and name.rpartition(".")[2] != parameter:
            self.note(
                parameter,
                "renamed",
                requested=value,
                sent=name,
                reason=f"{parameter} is named {name} on {self.endpoint}.",
            )
        if isinstance(value, Mapping):
            self._note_said_twice(parameter, value, get_path(self.body, name))
        put_path(self.body, name, value)

    def _note_said_twice(
        self, parameter: str, value: Mapping[str, Any], current: Any
    ) -> None:
        """Record what an object says otherwise than a setting of its own does."""
        if not isinstance(current, Mapping):
            return
        for path, given, sent in replaced(value, current):
            self.note(
                parameter,
                "dropped",
                requested={path: given},
                sent={path: sent},
                reason=f"another setting sets {path} and takes precedence.",
            )

    def drop(self, parameter: str, value: Any, reason: str) -> None:
        """Leave out a tuning setting, or refuse the call if it may not be left out.

        Raises:
            UnsupportedError: For a guarantee setting, and for a tuning setting under
                `on_unsupported="error"`.
        """
        neutral = is_neutral(parameter, value)
        strict = self.invocation.on_unsupported == "error"
        if not neutral and (strict or importance(parameter) == "guarantee"):
            raise self.refusal(parameter, value, reason)
        self.losses += not neutral
        self.note(parameter, "dropped", requested=value, reason=reason)

    def clamp(self, parameter: str, value: Any, sent: Any, reason: str) -> None:
        """Note that a value was moved into the legal range.

        Raises:
            UnsupportedError: For a tuning setting under `on_unsupported="error"`.
        """
        tuning = importance(parameter) == "tuning"
        if tuning and self.invocation.on_unsupported == "error":
            raise self.refusal(parameter, value, reason)
        self.losses += 1
        self.note(parameter, "clamped", requested=value, sent=sent, reason=reason)

    def refusal(
        self, parameter: str, value: Any, reason: str, *, feature: str | None = None
    ) -> UnsupportedError:
        """Return the error that names the model, the parameter and the reason."""
        return UnsupportedError(
            parameter,
            value,
            model=self.invocation.model,
            reason=reason,
            feature=feature,
        )


def _with_rows(
    mapping: ParameterMapping, params: Mapping[str, Any]
) -> ParameterMapping:
    """Add the rules of settings that say themselves how OpenAI's endpoints take them.

    What the rows of models say goes first.
    """
    if mapping.endpoint not in OPENAI_ENDPOINTS:
        return mapping
    rows = settings()
    names = {name: rows[name].sent_as for name in params if name in rows}
    own = {
        name: ParameterRule(name, sent_as)
        for name, sent_as in names.items()
        if sent_as and name not in mapping.rules
    }
    return mapping._replace(rules={**mapping.rules, **own}) if own else mapping


def put_path(body: dict[str, Any], path: str, value: Any) -> None:
    """Set a field; dots in its name mean nested objects, which are merged."""
    *parents, last = path.split(".")
    for parent in parents:
        nested = body.get(parent)
        body[parent] = dict(nested) if isinstance(nested, Mapping) else {}
        body = body[parent]
    current = body.get(last)
    if isinstance(current, Mapping) and isinstance(value, Mapping):
        value = merged(value, current)
    body[last] = value


def get_path(body: Mapping[str, Any], path: str) -> Any:
    """Return a field; dots descend into nested objects. `None` if it is not there."""
    found: Any = body
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found
