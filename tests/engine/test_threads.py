"""Threads and sockets of the operating system, whatever has been patched."""

import subprocess
import sys
import textwrap

from gevent import monkey

from loadtest.engine.threads import NativeSocket, start_native_thread


def test_a_native_thread_runs_beside_the_one_that_started_it() -> None:
    get_ident = monkey.get_original("_thread", "get_ident")
    lock = monkey.get_original("_thread", "allocate_lock")()
    seen: list[int] = []
    lock.acquire()

    def run() -> None:
        seen.append(get_ident())
        lock.release()

    start_native_thread(run)
    assert lock.acquire(timeout=20)
    assert seen != [get_ident()]


def test_a_native_socket_is_not_gevent_s() -> None:
    assert NativeSocket.__module__ == "socket"
    with NativeSocket() as unconnected:
        assert unconnected.fileno() >= 0


def test_both_are_native_after_locust_has_patched_everything() -> None:
    script = textwrap.dedent(
        """
        import locust
        import socket, threading
        from gevent import monkey
        from loadtest.engine.threads import NativeSocket, start_native_thread

        get_ident = monkey.get_original("_thread", "get_ident")
        lock = monkey.get_original("_thread", "allocate_lock")()
        lock.acquire()
        seen = []
        start_native_thread(lambda: (seen.append(get_ident()), lock.release()))
        lock.acquire()
        assert seen != [get_ident()]
        assert socket.socket.__module__.startswith("gevent")
        assert NativeSocket.__module__ == "socket"
        """
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=100)
