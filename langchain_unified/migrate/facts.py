"""What the codemod knows of the classes it moves: the reader of `data.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from langchain_core.language_models import BaseChatModel

from langchain_unified.data import parse_toml
from langchain_unified.factory import class_facts
from langchain_unified.settings import Settings, canonical_names

NEW_MODULE = "langchain_unified"
NEW_CLASS = "UnifiedChatModel"

_CLIENTS = ("client", "async_client", "root_client", "root_async_client")


@lru_cache(maxsize=1)
def facts() -> Mapping[str, Any]:
    """Return the tables of `data.toml`."""
    text = files("langchain_unified.migrate").joinpath("data.toml")
    return parse_toml(text.read_text(encoding="utf-8"))


def renamed(provider: str) -> Mapping[str, str]:
    """Return this package's keyword by the keyword of a provider's class."""
    found: Mapping[str, str] = class_facts()["renamed"].get(provider, {})
    return found


def connection_settings(provider: str) -> Mapping[str, str]:
    """Return the connection setting by the keyword of a provider's class."""
    found: Mapping[str, str] = class_facts()["connection"].get(provider, {})
    return found


@lru_cache(maxsize=1)
def targets() -> dict[str, str]:
    """Return the rule by every dotted name of what is moved."""
    rows = facts()["targets"].items()
    found = {
        f"{home}.{name}": row["rule"] for name, row in rows for home in row["homes"]
    }
    for name, row in rows:
        rule = row.get("old_rule", row["rule"])
        found |= {f"{home}.{name}": rule for home in row.get("old_homes", ())}
    return found


def new_name(target: str | None) -> str:
    """Return the name in this package for what is moved."""
    row = facts()["targets"].get(target or "", {})
    name: str = row.get("new", NEW_CLASS)
    return name


@lru_cache(maxsize=1)
def packages() -> frozenset[str]:
    """Return the packages whose class is moved and that have no other use here."""
    names = {home.partition(".")[0] for home in target_homes()}
    return frozenset(name for name in names if name.startswith("langchain_"))


def new_names() -> frozenset[str]:
    """Return the names that migrated code has from this package."""
    return frozenset(map(new_name, target_names()))


def callables() -> tuple[str, ...]:
    """Return the starts of dotted names of what builds a model from a text."""
    return tuple(facts()["text_models"]["callables"])


def is_class(rule: str) -> bool:
    """Tell whether a rule moves a class, rather than a function of the same name."""
    return rule not in facts()["files"]["function_rules"]


def keeps_its_calls(rule: str) -> bool:
    """Tell whether code can go on calling what is moved by its old name."""
    return rule in facts()["files"]["drop_in_rules"]


def target_names() -> tuple[str, ...]:
    """Return the bare names of what is moved."""
    return tuple(facts()["targets"])


@lru_cache(maxsize=1)
def target_homes() -> frozenset[str]:
    """Return the modules that offer what is moved, and their parents."""
    rows = facts()["targets"].values()
    homes = (
        home for row in rows for home in (*row["homes"], *row.get("old_homes", ()))
    )
    return frozenset(
        ".".join(parts[:end])
        for parts in (home.split(".") for home in homes)
        for end in range(1, len(parts) + 1)
    )


@lru_cache(maxsize=1)
def accepted_keywords() -> frozenset[str]:
    """Return every keyword the constructor of `UnifiedChatModel` takes."""
    fields = {**BaseChatModel.model_fields, **Settings.spellings()}
    return frozenset({*fields, *_CLIENTS, *canonical_names()})


@lru_cache(maxsize=1)
def setting_names() -> frozenset[str]:
    """Return the keywords that mean the same in `model_kwargs` and outside.

    `metadata` and the like are a request's inside, LangChain's own outside.
    """
    return frozenset(canonical_names()) - set(BaseChatModel.model_fields)
