from pathlib import Path

import pytest

from loadtest.errors import UsageError
from loadtest.server.settings import ServerSettings


def test_the_defaults_serve_on_loopback_without_a_key() -> None:
    settings = ServerSettings()

    assert (settings.bind, settings.api_key, settings.scheme) == ("127.0.0.1", None, "http")
    assert settings.websocket_path == "/rtm/websocket"


def test_a_prefix_stands_before_the_path() -> None:
    assert ServerSettings(path_prefix="/chat").websocket_path == "/chat/rtm/websocket"


def test_a_certificate_makes_the_scheme_secure(tmp_path: Path) -> None:
    pem = tmp_path / "both.pem"
    pem.write_text("not read here")

    assert ServerSettings(certificate=pem, private_key=pem).scheme == "https"


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        pytest.param({"port": 65_536}, "port is 65536", id="port beyond the last"),
        pytest.param({"port": -1}, "port is -1", id="negative port"),
        pytest.param({"path_prefix": "chat"}, "path prefix is 'chat'", id="prefix without slash"),
        pytest.param({"path_prefix": "/"}, "path prefix is '/'", id="prefix that ends in a slash"),
        pytest.param({"session_limit": -1}, "session limit is -1", id="negative session limit"),
        pytest.param({"heart_beat_ms": -1}, "heart-beat is -1 ms", id="negative heart-beat"),
        pytest.param({"history_limit": 0}, "history limit is 0 messages", id="no history"),
        pytest.param({"read_receipt_limit": 0}, "read receipt limit is 0", id="no read receipts"),
        pytest.param({"typing_timeout_s": 0.0}, "typing timeout is 0.0 s", id="no typing timeout"),
        pytest.param(
            {"typing_timeout_s": float("nan")}, "typing timeout is nan s", id="timeout no number"
        ),
        pytest.param(
            {"send_buffer_limit_bytes": 1}, "send buffer limit is 1 bytes", id="tiny send buffer"
        ),
        pytest.param({"push_url": "example.com"}, "push URL is 'example.com'", id="no URL"),
        pytest.param({"push_url": "http://x:0/"}, "push URL is 'http://x:0/'", id="port 0"),
        pytest.param({"push_url": "http://x:y/"}, "must be an http or https URL", id="no port"),
        pytest.param({"max_frame_bytes": 1}, "frame limit is 1 bytes", id="tiny frames"),
        pytest.param(
            {"certificate": Path("gone.pem")}, "must be given together", id="certificate alone"
        ),
        pytest.param(
            {"client_id": "me"}, "client id and client secret must be given", id="id alone"
        ),
        pytest.param(
            {"certificate": Path("gone.pem"), "private_key": Path("gone.key")},
            "certificate is gone.pem; there is no such file",
            id="missing certificate",
        ),
    ],
)
def test_an_impossible_value_is_named_with_its_rule(
    values: dict[str, object], problem: str
) -> None:
    with pytest.raises(UsageError) as caught:
        ServerSettings(**values)  # type: ignore[arg-type]

    assert problem in str(caught.value)


def test_all_problems_are_reported_together() -> None:
    with pytest.raises(UsageError) as caught:
        ServerSettings(port=-1, history_limit=0, typing_timeout_s=-1)

    assert len(caught.value.problems) == 3
