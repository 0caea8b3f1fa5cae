"""Settings: one table of what a chat model and its calls can be given."""

from langchain_unified.settings.lookup import (
    CARRIED_METADATA,
    canonical_names,
    did_you_mean,
    forget_table,
    importance,
    is_neutral,
    names_without,
    nearest,
    nearest_word,
    rows_of,
    settings,
    shared_keywords,
    shown_names,
    spellings,
    table,
    takes_null,
)
from langchain_unified.settings.row import Connects, Setting, Shown, range_words
from langchain_unified.settings.table import Settings

__all__ = [
    "CARRIED_METADATA",
    "Connects",
    "Setting",
    "Settings",
    "Shown",
    "canonical_names",
    "did_you_mean",
    "forget_table",
    "importance",
    "is_neutral",
    "names_without",
    "nearest",
    "nearest_word",
    "range_words",
    "rows_of",
    "settings",
    "shared_keywords",
    "shown_names",
    "spellings",
    "table",
    "takes_null",
]
