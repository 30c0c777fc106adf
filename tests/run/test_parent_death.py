"""A forked process ends with the one that forked it; only real processes can show it."""

import os
import signal
import subprocess
import sys

_PARENT = """
import os, signal, sys, time
from loadtest.run.parent_death import end_forks_with_their_parent, is_orphan
end_forks_with_their_parent()
assert not is_orphan()
child = os.fork()
if child:
    signal.pause()
def ended(*_):
    print("orphan" if is_orphan() else "child", flush=True)
    os._exit(0)
signal.signal(signal.SIGTERM, ended)
print("ready", flush=True)
while True:
    time.sleep(60)
"""


def test_a_fork_is_told_when_its_parent_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        os.kill(parent.pid, signal.SIGKILL)
        assert parent.stdout.read() == "orphan\n", "the pipe is closed once the fork has ended"
