"""The embedded server as a child process."""

import os
import signal
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from loadtest.errors import TargetError
from loadtest.run.leader.embedded_server import EmbeddedServer


def test_it_answers_at_its_address_until_it_is_stopped(
    capfd: pytest.CaptureFixture[str],
) -> None:
    server = EmbeddedServer()
    try:
        with urlopen(f"{server.address}/healthz", timeout=20) as answer:
            assert answer.status == 200
        assert server.is_running
    finally:
        server.stop()

    assert not server.is_running
    with pytest.raises(URLError):
        urlopen(f"{server.address}/healthz", timeout=20)
    assert capfd.readouterr().err == ""


def test_it_may_be_stopped_twice() -> None:
    server = EmbeddedServer()
    server.stop()
    server.stop()

    assert not server.is_running


def test_a_server_that_does_not_start_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(TargetError, match="embedded server: it did not start"):
        EmbeddedServer(("--bind", "no such address"))
    assert "no such address" in capfd.readouterr().err


def test_how_it_ended_is_told() -> None:
    server = EmbeddedServer()
    try:
        assert server.end == ""
        os.kill(server._process.pid, signal.SIGKILL)
        server._process.wait(20)
        assert server.end == "gone (ended by SIGKILL)"
    finally:
        server.stop()
