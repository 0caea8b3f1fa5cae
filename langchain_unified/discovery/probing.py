"""Finding out a model's parameter rules by asking it, one parameter at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from langchain_unified.connection import Connection
from langchain_unified.cost import estimate_usd, price_source
from langchain_unified.discovery.asking import (
    IMAGE_TOKENS,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    TRIES,
    Asking,
    most_calls,
)
from langchain_unified.discovery.rows import row_of
from langchain_unified.discovery.trials import LEVELS, row_trials
from langchain_unified.registry.build import Found, build_config
from langchain_unified.registry.outcomes import Probe
from langchain_unified.registry.schema import FamilyRow, ProviderFile, ThinkingRow
from langchain_unified.shims.loading import connect
from langchain_unified.types import ModelConfig

if TYPE_CHECKING:
    from langchain_unified.registry import Registry

_ANYTHING = "anything"


class Prepared(NamedTuple):
    """What is needed to ask a model.

    Attributes:
        known: What the registry knows about it.
        file: The file with the endpoints and families of its rules.
        start: A configuration that holds nothing back.
        connection: Where it is called.
        priced: The model whose price bounds the cost; itself if it has one.
        bounds: What asking takes at most.
    """

    known: ModelConfig
    file: ProviderFile
    start: ModelConfig
    connection: Connection
    priced: ModelConfig
    bounds: Probe

    def asking(self, **options: Any) -> Asking:
        """Return a run of questions; see `Asking` for its options."""
        return Asking(
            self.start, connect(self.connection), self.bounds.most_calls, **options
        )


def prepare(
    registry: Registry, model: str, llm: Any = None, *, for_rows: bool = False
) -> Prepared:
    """Work out what asking a model takes; nothing is sent.

    Args:
        registry: What is known.
        model: The model's name.
        llm: A chat model whose connections are used; those of the environment if left
            out.
        for_rows: Whether each word and the longest answer are asked about as well.
    """
    if llm is None:
        from langchain_unified.chat_model import UnifiedChatModel  # noqa: PLC0415

        llm = UnifiedChatModel(model_name="any", registry=registry)
    planning = llm.router.runner.planning
    known = planning.known(model)
    registry.check_enabled(known.provider, llm.enable)
    file = _rules_of(registry, known)
    start = _permissive(file, known)
    limit = (known.longest_answer or 0) if for_rows else None
    calls = most_calls(len(start.mappings), with_words=for_rows)
    priced, bounds = _bounds(registry, known, len(start.mappings), calls, limit)
    connection = planning.wiring.connected(known.connection)
    return Prepared(known, file, start, connection, priced, bounds)


def probe(registry: Registry, model: str, llm: Any = None, *, dry_run: bool) -> Probe:
    """Find out a model's parameter rules; see `Registry.probe`.

    Raises:
        ProviderModelNotFoundError: If the provider does not know the model.
        ProviderError: If the provider cannot be asked, or refuses a plain call.
    """
    ready = prepare(registry, model, llm)
    if dry_run:
        return ready.bounds
    asking, known = ready.asking(), ready.known
    title = registry.provider(known.provider).title
    row = row_of(asking.run(), known, ready.file, title, registry.today())
    return replace(ready.bounds, calls=asking.calls, row=row)


def _rules_of(registry: Registry, known: ModelConfig) -> ProviderFile:
    """Return the file with the endpoints and families of a model's rules."""
    file = registry.files[known.provider]
    return registry.files.get(file.provider.rules_of or "", file)


def _permissive(file: ProviderFile, known: ModelConfig) -> ModelConfig:
    """Return a configuration that holds nothing back."""
    plain = file.provider.compatible_family is not None
    style = "none" if plain else _style(file)
    family = FamilyRow(
        inputs=["text", "image", "pdf", "audio"],
        outputs=["text"],
        features={"structured_output": True, "json_mode": True, "tool_calling": True},
        system_roles=["system", "developer"],
        thinking=_any_thinking(style),
    )
    open_file = file.model_copy(update={"families": {_ANYTHING: family}})
    wire = known.model
    found = Found(open_file, wire, wire, _ANYTHING, "exact", server=known.server)
    config = build_config(found)
    return config._replace(provider=known.provider, server_name=known.server_name)


def _style(file: ProviderFile) -> Any:
    """Return how models of a provider usually take their reasoning effort."""
    name: str | None = file.provider.fallback_family
    while name:
        row = file.families[name]
        if row.thinking is not None and row.thinking.style is not None:
            return row.thinking.style
        name = row.inherits
    return "none"


def _any_thinking(style: Any) -> ThinkingRow:
    """Return thinking that takes whatever its style has words for."""
    levels = [*LEVELS] if style == "level" else None
    return ThinkingRow(style=style, levels=levels)


def _bounds(
    registry: Registry,
    known: ModelConfig,
    endpoints: int,
    calls: int,
    limit: int | None,
) -> tuple[ModelConfig, Probe]:
    """Return what asking takes at most, and the model whose price that rests on.

    Args:
        registry: What is known about other models.
        known: The model.
        endpoints: How many endpoints are asked.
        calls: How many calls are made at most.
        limit: Most tokens that one answer of each may have beside the short ones;
            `None` if rows are not verified.
    """
    files = len(list(row_trials())) if limit is not None else 0
    images = (TRIES + files) * endpoints
    answers = calls + TRIES * endpoints  # one question asks for two
    tokens = INPUT_TOKENS * (calls - images) + IMAGE_TOKENS * images
    size = (tokens, OUTPUT_TOKENS * answers + (limit or 0) * endpoints)
    priced, rests_on = known, price_source(known)
    if estimate_usd(known, *size) is None and known.billed_as:
        priced, rests_on = _dearest(registry, known, size)
    price = estimate_usd(priced, *size)
    told = _told(known.model, calls, price, rests_on)
    return priced, Probe(known.model, known.provider, calls, price, rests_on, told)


def _told(model: str, calls: int, price: float | None, rests_on: str) -> str:
    """Return what a probe takes at most and what that rests on, as sentences."""
    takes = (
        f"Probing {model!r} makes at most {calls} calls of at most {INPUT_TOKENS} "
        f"tokens in ({IMAGE_TOKENS} with an image or a file) and {OUTPUT_TOKENS} out"
    )
    if price is None:
        return f"{takes}. The cost is unknown: {rests_on}."
    return f"{takes}: at most ${price:.4f}, by {rests_on}."


def _dearest(
    registry: Registry, known: ModelConfig, size: tuple[int, int]
) -> tuple[ModelConfig, str]:
    """Return the model of a provider with a price that would cost most."""
    peers = registry.models(known.provider)
    peer = max(peers, key=lambda one: estimate_usd(one, *size) or 0.0, default=known)
    if not estimate_usd(peer, *size):
        return known, price_source(known)
    said = f"the list price of {peer.model!r}, the dearest of {known.provider}'s models"
    return peer, f"{said}, as {known.model!r} has none"
