"""A strict loopback OpenAI and Gemini server for tests, demos and benchmarks.

It needs nothing but the standard library, and takes nothing from the rest of the
package, so that both can be wrong only independently.
"""

from langchain_unified.testing.emulator import ProviderEmulator
from langchain_unified.testing.recording import RecordedRequest
from langchain_unified.testing.replies import Reply
from langchain_unified.testing.rules import ModelRules, load_rules

__all__ = ["ModelRules", "ProviderEmulator", "RecordedRequest", "Reply", "load_rules"]
