"""What the engine's thread needs unpatched: a thread, and sockets without a hub.

``import locust`` patches ``threading`` and ``socket``, so that a "thread" is a greenlet and a
socket waits in the hub of its thread. The engine needs those of the operating system.
"""

import socket
from collections.abc import Callable

from gevent import monkey

__all__ = ["NativeSocket", "start_native_thread"]

NativeSocket: type[socket.socket] = monkey.get_original("socket", "socket")


def start_native_thread(function: Callable[[], None]) -> None:
    """Run ``function`` in a new thread of the operating system."""
    monkey.get_original("_thread", "start_new_thread")(function, ())
