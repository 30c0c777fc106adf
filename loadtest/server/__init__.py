"""The embedded reference server: both dialects of StompX on one port, all of it in memory.

``gateway`` answers the STOMP frames of a connection, ``router`` finds the function for a
destination, ``actions`` and ``relays`` hold those functions, ``store`` what they change, and
``publisher`` is the one way out for events. ``faults`` injects faults on demand. All of that
works without a socket; ``app`` and ``webhook`` alone do I/O. Nothing here is stored on disk, and
nothing is delivered again that a device missed.
"""

from loadtest.server.app import ReferenceServer, serve_forever
from loadtest.server.faults.plan import FaultPlan
from loadtest.server.settings import PresenceFanout, ServerSettings

__all__ = ["FaultPlan", "PresenceFanout", "ReferenceServer", "ServerSettings", "serve_forever"]
