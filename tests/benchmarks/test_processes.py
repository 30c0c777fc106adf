import os
import subprocess
import sys

from tests.benchmarks.processes import cpu_ns, cpu_ns_of, processes_of, proportional_bytes, usage_of

# One write for each line: two processes share the pipe.
_FORKING = "import os, sys; os.fork(); os.write(1, b'%d\\n' % os.getpid()); sys.stdin.read()"


def test_own_cpu_time_grows() -> None:
    before_ns = cpu_ns(os.getpid())
    sum(range(100_000))

    assert cpu_ns(os.getpid()) > before_ns > 0


def test_a_process_has_memory() -> None:
    assert proportional_bytes(os.getpid()) > 1_000_000


def test_all_processes_of_a_session_are_found() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _FORKING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as leader:
        assert leader.stdout is not None
        said = {int(leader.stdout.readline()), int(leader.stdout.readline())}
        found = processes_of(leader.pid)
        usage = usage_of(leader.pid)
        leader.communicate()

    assert set(found) == said
    assert usage.cpu_ns > 0
    assert usage.proportional_bytes > 0


def test_a_process_that_has_ended_has_used_nothing() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    ended.wait()

    assert cpu_ns(ended.pid) == 0
    assert proportional_bytes(ended.pid) == 0
    assert cpu_ns_of(ended.pid) == 0
