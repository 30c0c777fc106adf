"""The password of the web UI: where it comes from, and who is let in."""

from pathlib import Path

import pytest

from loadtest.clock import NS_PER_S
from loadtest.errors import UsageError
from loadtest.web.login import PASSWORD_VARIABLE, Login, read_password


def test_the_password_is_taken_out_of_the_environment() -> None:
    environment = {PASSWORD_VARIABLE: "open sesame", "HOME": "/"}

    assert read_password("", environment) == "open sesame"
    assert environment == {"HOME": "/"}, "no child process may inherit it"
    assert read_password("", environment) == ""


def test_a_file_s_first_line_is_the_password(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("first line \nsecond\n")

    assert read_password(str(path), {PASSWORD_VARIABLE: "other"}) == "first line "


@pytest.mark.parametrize("content", [None, "", "\nlater"])
def test_a_file_without_a_password_is_refused(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "password"
    if content is not None:
        path.write_text(content)

    with pytest.raises(UsageError, match="--web-password-file"):
        read_password(str(path), {})


def test_after_many_wrong_passwords_even_the_right_one_has_to_wait() -> None:
    now_ns = 0
    login = Login("right", "/", lambda: now_ns)
    assert login.check("right") == ""
    for _ in range(10):
        assert login.check("wrong") == "The password is wrong."
    assert "wait a minute" in login.check("right")
    now_ns = 61 * NS_PER_S

    assert login.check("right") == ""
