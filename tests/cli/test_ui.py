import socket

import pytest

from loadtest.cli import ui
from loadtest.cli.main import main
from loadtest.errors import UsageError


def test_a_dry_run_prints_the_plan_and_serves_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["ui", "smoke", "--dry-run"]) == 0
    assert "devices of" in capsys.readouterr().out


def test_the_ui_is_on_the_loopback_address_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[list[str]] = []

    def call_locust(arguments: list[str]) -> int:
        calls.append(arguments)
        return 0

    monkeypatch.setattr(ui, "call_locust", call_locust)
    monkeypatch.setattr(ui, "check_port", lambda *_: None)
    main(["ui"])
    main(["ui", "--web-port", "9000", "--web-host", "::1"])

    assert calls[0][:4] == ["--web-host", "127.0.0.1", "--web-port", "8089"]
    assert calls[1][:4] == ["--web-host", "::1", "--web-port", "9000"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "*"])
def test_a_port_that_is_taken_is_said_in_one_line(
    host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["ui", "--web-host", host, "--web-port", port]) == 2

    [line] = capsys.readouterr().err.splitlines()
    assert f"--web-port {port}: the web UI cannot listen there: address already in use" in line


@pytest.mark.parametrize(
    ("host", "port"), [("no.such.invalid", 1), ("a..b", 1), ("127.0.0.1", 99_999)]
)
def test_an_address_that_is_none_is_a_usage_error(host: str, port: int) -> None:
    with pytest.raises(UsageError, match="the web UI cannot listen there"):
        ui.check_port(host, port)
