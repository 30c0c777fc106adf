import json
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from loadtest.cli.serve import main
from tests.support.server_process import running_server

COMMAND = [sys.executable, "-m", "loadtest.cli.serve"]


def test_one_line_says_where_it_listens() -> None:
    with running_server() as url, urllib.request.urlopen(f"{url}/healthz", timeout=10) as answer:
        assert answer.status == 200
        assert url.startswith("http://127.0.0.1:")


def test_faults_are_given_by_flags() -> None:
    flags = ["--fault", "drop=0.5", "--fault", "delay_ms=3", "--fault-seed", "9"]
    with running_server(*flags) as url, urllib.request.urlopen(f"{url}/faults", timeout=9) as got:
        answer = json.load(got)

    assert (answer["seed"], answer["plan"]) == (9, {"drop": 0.5, "delay_ms": 3.0})


def test_it_ends_with_its_parent() -> None:
    with subprocess.Popen(
        [*COMMAND, "--port", "0", "--exit-with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        process.stdin.close()

        assert process.wait(20) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(number: signal.Signals) -> None:
    with subprocess.Popen(
        [*COMMAND, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(number)
        _, complaints = process.communicate(timeout=20)

    assert (process.returncode, complaints) == (0, b"")


def refusal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *options: str
) -> str:
    """Return what the command says when it refuses to start."""
    monkeypatch.setattr(sys, "argv", ["serve", *options])
    assert main() == 2
    said = capsys.readouterr()
    assert said.out == ""
    return said.err


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        pytest.param(["--port", "70000"], "port is 70000", id="port beyond the last"),
        pytest.param(["--bind", "no such host"], "cannot listen on no such host", id="bad bind"),
        pytest.param(["--auth-params", "{"], "is not JSON", id="auth params that are not JSON"),
        pytest.param(["--auth-params", "[]"], "must be a JSON object", id="auth params of a list"),
        pytest.param(["--certificate", "x.pem"], "must be given together", id="half a key pair"),
        pytest.param(["--fault", "drop"], "fault drop is ''; it must be a number", id="no number"),
        pytest.param(["--fault", "drip=1"], "fault 'drip' does not exist", id="unknown fault"),
        pytest.param(["--push-url", "ftp://x"], "push URL is 'ftp://x'", id="no HTTP URL"),
    ],
)
def test_what_cannot_be_served_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    problem: str,
) -> None:
    said = refusal(monkeypatch, capsys, *options).splitlines()[0]
    assert said.startswith("loadtest serve: ")
    assert problem in said


def test_a_port_in_use_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        assert f"port {port}" in refusal(monkeypatch, capsys, "--port", port)
