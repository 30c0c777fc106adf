"""What the server uses, looked at from outside."""

import os
import subprocess
import sys

import pytest

from loadtest.capacity.running.server_use import Sample, ServerSampler, use_between


def test_a_process_that_works_uses_processor_and_memory() -> None:
    sampler = ServerSampler(os.getpid())
    sampler.sample(0, 1.0)
    sum(range(3_000_000))
    sampler.sample(0, 2.0)
    first, last = sampler.samples

    assert last.cpu_s > first.cpu_s
    assert last.memory_bytes > 10_000_000


def test_use_is_what_was_used_in_the_hold() -> None:
    samples = [
        Sample(float(second), cpu_s=0.5 * second, memory_bytes=1_000_000 * second, sockets=second)
        for second in range(20)
    ]
    use = use_between(samples, 10, 14)

    assert use is not None
    assert (use.cpu_cores, use.memory_mb, use.sockets) == (0.5, 14.0, 14)
    assert use_between(samples, 19, 30) is None


def test_a_process_that_is_gone_gives_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    sampler = ServerSampler(process.pid)
    sampler.sample(0, 1.0)

    assert sampler.samples == []


@pytest.mark.timeout(60)
def test_the_embedded_server_is_found_below_the_trial() -> None:
    """As in a trial: its process starts the server's."""
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'input()', 'loadtest.cli.serve'],"
        " stdin=subprocess.PIPE)\n"
        "print('up', flush=True)\n"
        "input()\n"
        "child.communicate(b'')\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as trial:
        assert trial.stdout is not None
        trial.stdout.readline()
        sampler = ServerSampler(None)
        sampler.sample(trial.pid, 1.0)
        sampler.sample(os.getpid(), 2.0)
        trial.communicate(b"\n")

    assert len(sampler.samples) == 2
