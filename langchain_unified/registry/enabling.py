"""Which providers are switched on, and what to say about one that is not."""

from __future__ import annotations

import os

from langchain_unified.registry.schema import ProviderRow

ENABLE_VARIABLE = "LANGCHAIN_UNIFIED_ENABLE"
"""Environment variable that switches providers on, comma separated."""


def enabled_by_environment() -> set[str]:
    """Return the providers that the environment switches on."""
    names = os.environ.get(ENABLE_VARIABLE, "").split(",")
    return {name.strip() for name in names}


def how_to_enable(row: ProviderRow) -> str:
    """Return what to install and to set to use a provider that is off."""
    steps = [f"{row.title} is disabled by default. To use it:"]
    if row.extra:
        steps.append(f'install it: pip install "langchain-unified[{row.extra}]";')
    if row.key_env:
        steps.append(f"set {' or '.join(row.key_env)};")
    if row.arguments:
        given = ", ".join(f'"{argument}": ...' for argument in row.arguments)
        steps.append(f'pass providers={{"{row.id}": {{{given}}}}};')
    steps.append(
        f'enable it: UnifiedChatModel(..., enable=["{row.id}"]) or '
        f"{ENABLE_VARIABLE}={row.id}."
    )
    return " ".join(steps)
