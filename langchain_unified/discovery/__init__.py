"""Discovery: asking providers which models they have, and models what they take.

Nothing here runs at import or on a call's path: `Registry.refresh()` and
`Registry.probe()` are called by the user, or by a `Schedule` the user starts.
"""

from langchain_unified.discovery.fetching import FetchedRows, fetch_rows
from langchain_unified.discovery.probing import probe
from langchain_unified.discovery.refreshing import refresh
from langchain_unified.discovery.verifying import Verification, verify
from langchain_unified.registry.outcomes import Outcome, Probe, Refreshed, Schedule

__all__ = [
    "FetchedRows",
    "Outcome",
    "Probe",
    "Refreshed",
    "Schedule",
    "Verification",
    "fetch_rows",
    "probe",
    "refresh",
    "verify",
]
