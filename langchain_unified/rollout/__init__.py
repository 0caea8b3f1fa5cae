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
from langchain_unified.rollout.events import RolloutEvent
from langchain_unified.rollout.flags import EMERGENCY, ENVIRONMENT
from langchain_unified.rollout.keys import CallInfo, Key
from langchain_unified.rollout.modes import Mode
from langchain_unified.rollout.router import Router
from langchain_unified.rollout.served import RolledPlan, Served

if TYPE_CHECKING:
    from langchain_unified.rollout.capture import (
        Sent,
        async_capture_hooks,
        capture_hooks,
        report_sent,
    )
    from langchain_unified.rollout.guard import Guard
    from langchain_unified.rollout.mirror import Mirror
    from langchain_unified.rollout.report import Difference, Mirrored, ShadowReport

__all__ = [
    "EMERGENCY",
    "ENVIRONMENT",
    "CallInfo",
    "Difference",
    "Guard",
    "Key",
    "Mirror",
    "Mirrored",
    "Mode",
    "RolledPlan",
    "Rollout",
    "RolloutEvent",
    "Router",
    "Sent",
    "Served",
    "ShadowReport",
    "async_capture_hooks",
    "capture_hooks",
    "report_sent",
    "rollout",
]

__getattr__ = exported(
    __name__,
    {
        "Difference": "report",
        "Guard": "guard",
        "Mirror": "mirror",
        "Mirrored": "report",
        "Sent": "capture",
        "ShadowReport": "report",
        "async_capture_hooks": "capture",
        "capture_hooks": "capture",
        "report_sent": "capture",
    },
)
