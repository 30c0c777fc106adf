"""The web UI of a leading process: its screens are mounted, and its login has a password."""

import sys
from pathlib import Path
from typing import Any

import pytest
from locust.env import Environment
from locust.web import WebUI

from loadtest.errors import UsageError
from loadtest.run.leader.screens import Screens
from loadtest.web.login import PASSWORD_VARIABLE
from tests.support.fake_leader import FakeLeader
from tests.support.locust_process import environment, parsed


def screens_of(tmp_path: Path, *arguments: str) -> tuple[Screens, Environment]:
    options = parsed(tmp_path, *arguments)
    known = environment(options)
    known.create_local_runner()
    WebUI(known, "", 0, options.web_base_path, options.web_login, delayed_start=True)
    return Screens(FakeLeader(options), known), known


@pytest.fixture(autouse=True)
def _no_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locust reads the command line for each page."""
    monkeypatch.setattr(sys, "argv", ["locust"])
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)


def client_of(known: Environment) -> Any:
    assert known.web_ui is not None
    app: Any = known.web_ui.app
    return app.test_client()


def test_the_screens_are_there_below_locust_s_base_path(tmp_path: Path) -> None:
    _, known = screens_of(tmp_path, "--web-base-path", "/lt")
    client = client_of(known)

    assert client.get("/lt/chat/live").json["state"] == "empty"
    assert client.get("/chat/live").status_code == 404


def test_a_login_without_a_password_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=PASSWORD_VARIABLE):
        screens_of(tmp_path, "--web-login")


@pytest.mark.parametrize("is_file", [True, False])
def test_the_password_comes_from_a_file_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_file: bool
) -> None:
    arguments = ["--web-login"]
    if is_file:
        (tmp_path / "password").write_text("open sesame\n")
        arguments += ["--web-password-file", str(tmp_path / "password")]
    else:
        monkeypatch.setenv(PASSWORD_VARIABLE, "open sesame")
    _, known = screens_of(tmp_path, *arguments)
    client = client_of(known)
    assert client.get("/chat/live").status_code == 302
    assert "open sesame" not in client.get("/login").text
    client.post("/chat/login", data={"password": "open sesame"})

    assert client.get("/chat/live").status_code == 200
    assert client.get("/").status_code == 200
