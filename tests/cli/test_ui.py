import pytest

from loadtest.cli import ui
from loadtest.cli.main import main


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
    main(["ui"])
    main(["ui", "--web-port", "9000", "--web-host", "::1"])

    assert calls[0][:4] == ["--web-host", "127.0.0.1", "--web-port", "8089"]
    assert calls[1][:4] == ["--web-host", "::1", "--web-port", "9000"]
