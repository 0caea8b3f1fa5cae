"""Which implementation answers a call: unified, legacy, canary or shadow.

One flag, read at every call: a `with rollout("legacy"):` block, the model's field
`rollout`, a function, a file, the environment variable `LANGCHAIN_UNIFIED_ROLLOUT`, an
OpenFeature client.

Example:
    ```python
    from langchain_unified import UnifiedChatModel
    from langchain_unified.rollout import Rollout, rollout

    flags = Rollout(file="/etc/myapp/rollout")  # holds, for example, canary:10
    llm = UnifiedChatModel(model="...", rollout=flags)
    with rollout("shadow"):
        llm.invoke("hi")
    print(flags.report())
    ```
"""

from typing import TYPE_CHECKING

from langchain_unified.exports import exported
from langchain_unified.rollout.control import Rollout, rollout
from langchain_unified.rollout.faces import RolledOut
from langchain_unified.rollout.flags import (
    ENVIRONMENT,
    CallableFlag,
    EnvironmentFlag,
    FileFlag,
    Flag,
    OpenFeatureFlag,
)
from langchain_unified.rollout.modes import Mode
from langchain_unified.rollout.report import Difference, Mirrored, ShadowReport
from langchain_unified.rollout.served import Served

if TYPE_CHECKING:
    from langchain_unified.rollout.mirror import Mirror
    from langchain_unified.rollout.plans import RolledPlan

__all__ = [
    "ENVIRONMENT",
    "CallableFlag",
    "Difference",
    "EnvironmentFlag",
    "FileFlag",
    "Flag",
    "Mirror",
    "Mirrored",
    "Mode",
    "OpenFeatureFlag",
    "RolledOut",
    "RolledPlan",
    "Rollout",
    "Served",
    "ShadowReport",
    "rollout",
]

__getattr__ = exported(__name__, {"Mirror": "mirror", "RolledPlan": "plans"})
