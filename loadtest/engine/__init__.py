"""One uvloop thread per process that owns sockets, timers and devices, beside Locust's gevent.

It is started after any fork. Greenlets hand in calls through the bridge and wait on gevent's own
events; they never touch a device. Nothing in the engine's thread uses what gevent has patched.
"""

from loadtest.engine.bridge import Mailbox
from loadtest.engine.engine import Engine, EngineSettings, EngineStoppedError, Periodic
from loadtest.engine.network import NetworkSettings
from loadtest.engine.target import Target

__all__ = [
    "Engine",
    "EngineSettings",
    "EngineStoppedError",
    "Mailbox",
    "NetworkSettings",
    "Periodic",
    "Target",
]
