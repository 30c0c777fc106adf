"""A whole run in scripted time, in a process of its own; see ``virtual_world`` for how it is made.

``loadtest.users`` imports Locust, which patches the process that imports it: not the one of tests.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["virtual_run"]

_TIMEOUT_S = 100
_TOP = Path(__file__).parents[2]


def virtual_run(name_or_path: str, *overrides: str, devices: int = 0) -> dict[str, Any]:
    """Run a profile, scaled to ``devices`` if it is not 0; return what both sides counted.

    ``figures``: the ledger's. ``contradictions``: where it does not add up. ``server`` and
    ``server_at_end``: the server's statistics before and after the sessions were ended, one after
    the other. ``bytes_in`` and ``bytes_out``: of all devices, and ``workload_s``: how long, from
    the last user's start to the last action. ``connects_ns``: when the server took each CONNECT,
    since the last user's start. ``devices`` and ``states``: of all devices at the end.
    """
    order = {"profile": name_or_path, "overrides": overrides, "devices": devices}
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.virtual_world", json.dumps(order)],
        cwd=_TOP,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result
