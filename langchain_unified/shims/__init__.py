"""Shims: a finished plan and messages in, LangChain objects back.

`ProviderShim` is what a provider implements; `load_shim` finds its class by the
provider id, in this folder or behind an entry point `langchain_unified.shims`. A folder
here holds everything of one provider: `shim.py` what sends its plans, `wire.py` what
plans its requests, the rest what those two are made of.
"""

from typing import TYPE_CHECKING

from langchain_unified.exports import exported

if TYPE_CHECKING:
    from langchain_unified.shims.base import ProviderShim
    from langchain_unified.shims.loading import connect, load_shim

__all__ = ["ProviderShim", "connect", "load_shim"]

__getattr__ = exported(
    __name__, {"ProviderShim": "base", "connect": "loading", "load_shim": "loading"}
)
