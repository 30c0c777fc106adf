"""One user session before any other: what is wrong with a target is said in one line."""

import datetime
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from loadtest.engine.network import NetworkSettings
from loadtest.engine.tls import TlsSettings
from loadtest.errors import TargetError, UsageError
from loadtest.run.leader import target_probe
from loadtest.run.leader.target_probe import check_server
from loadtest.workload import ExistingUser
from tests.support.profiles import profile
from tests.support.runs import server_stats
from tests.support.server_process import running_server

PROFILE = profile()
ANY = NetworkSettings(api_key="loadtest")


def close(connection: socket.socket) -> None:
    """Take a request, and close."""
    connection.recv(4096)


def answer(data: bytes) -> Callable[[socket.socket], None]:
    """Answer a request with ``data``, and close."""

    def answering(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(data)

    return answering


def say_nothing(connection: socket.socket) -> None:
    """Take whatever comes until the other side closes."""
    while connection.recv(4096):
        continue


@contextmanager
def strange_server(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serve connections in a thread, one after the other; yields the address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return  # the test is over
                with connection:
                    serve(connection)

        thread = threading.Thread(target=run)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def trusting(ca_file: Path) -> NetworkSettings:
    return NetworkSettings(tls=TlsSettings(ca_file=str(ca_file)))


def problem_with(url: str, network: NetworkSettings = ANY) -> str:
    with pytest.raises(TargetError) as caught:
        check_server(url, PROFILE, network)
    return str(caught.value)


def test_a_server_that_lets_a_device_in_is_left_as_it_was() -> None:
    with running_server() as url:
        check_server(url, PROFILE, ANY)
        stats = server_stats(url)

    assert stats["user_sessions"] == {"open": 0, "started": 1, "ended": 1}


def test_it_may_be_one_user_with_its_own_auth_params() -> None:
    jane = ExistingUser("jane", auth_params='{"password":"hush"}')
    with running_server("--auth-params", '{"password": "hush"}') as url:
        check_server(url, PROFILE, ANY, jane)

        assert server_stats(url)["stored"]["users"] == 1
        assert "a guest has none: name users with their auth_params" in problem_with(url)
        with pytest.raises(TargetError, match="check the auth_params of 'jane' in the file"):
            check_server(url, PROFILE, ANY, ExistingUser("jane", auth_params='{"pin":"no"}'))


@pytest.mark.parametrize("dialect", [1, 2])
def test_it_speaks_the_dialect_of_the_profile(dialect: int) -> None:
    with running_server() as url:
        check_server(url, profile(f"target.dialect={dialect}"), ANY)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    assert problem_with(f"http://127.0.0.1:{port}") == (
        f"ws://127.0.0.1:{port}: connection refused; is the chat server running, is --host right,"
        " and does no firewall stand between?"
    )


def test_no_such_name() -> None:
    assert "name not found: no.such.invalid" in problem_with("http://no.such.invalid")


@pytest.mark.parametrize(
    ("serve", "words"),
    [
        pytest.param(
            answer(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
            "HTTP 404 Not Found; is a chat server there? check address and path",
            id="another web server",
        ),
        pytest.param(answer(b"SSH-2.0-x\r\n"), "did not receive a valid HTTP", id="no web server"),
        pytest.param(close, "connection closed by the server", id="a server that hangs up"),
    ],
)
def test_what_is_no_chat_server_is_said(serve: Callable[[socket.socket], None], words: str) -> None:
    with strange_server(serve) as url:
        assert words in problem_with(url)


def test_what_the_server_sent_cannot_garble_the_terminal() -> None:
    with strange_server(answer(b"\x1b[2J\x00\xff\r\n\r\n")) as url:
        text = problem_with(url)

    assert text.isprintable()


def test_a_server_that_says_nothing_is_not_waited_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(target_probe, "_TIMEOUT_S", 0.2)
    with strange_server(say_nothing) as url:
        assert (
            "still waiting for the answer to the upgrade to a WebSocket after 0.2 s; is a chat"
            in problem_with(url)
        )


def test_a_wrong_api_key_is_said_with_the_server_s_words() -> None:
    with running_server("--api-key", "right") as url:
        assert problem_with(url).endswith("check target.api_key of the profile")
        check_server(url, profile('target.api_key="right"'), NetworkSettings(api_key="right"))


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a server's certificate and key, and the file of their CA."""
    folder = tmp_path_factory.mktemp("keys")
    ca = trustme.CA()
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    certificate = ca.issue_cert("127.0.0.1", not_after=later)
    ca.cert_pem.write_to_path(folder / "ca.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    return folder


def test_a_certificate_needs_its_ca(keys: Path) -> None:
    pair = ("--certificate", str(keys / "cert.pem"), "--private-key", str(keys / "key.pem"))
    with running_server(*pair) as url:
        check_server(url, PROFILE, trusting(keys / "ca.pem"))
        assert "name the file of its CA with --ca-file" in problem_with(url)
        other = url.replace("127.0.0.1", "localhost")
        assert problem_with(other, trusting(keys / "ca.pem")).endswith(
            "the certificate is for another host name; --host must name a host that the"
            " certificate is for"
        )


def test_a_secure_address_of_a_server_without_tls_is_said(keys: Path) -> None:
    with strange_server(answer(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as url:
        text = problem_with(url.replace("http", "https"), trusting(keys / "ca.pem"))

    assert "TLS: " in text


def test_a_file_that_is_no_ca_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(UsageError, match="must be a file of PEM certificates"):
        check_server("wss://127.0.0.1:1", PROFILE, trusting(tmp_path / "ca.pem"))


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("still looking up the host name after 10 s", "check the host name"),
        ("still waiting for the TCP connection after 10 s", "does no firewall stand between"),
        ("still waiting for the proxy's answer after 10 s", "is --proxy an HTTP proxy"),
        ("still waiting for the TLS handshake after 10 s", "does the server speak TLS"),
        ("still waiting for the answer to the upgrade to a WebSocket after 10 s", "is a chat"),
        ("still waiting for CONNECTED after 10 s", "does it speak StompX"),
        ("still waiting for the current user after 10 s", "does it speak StompX"),
        ("still waiting for the read grant after 10 s", "does it speak StompX"),
        ("still waiting for the RECEIPTs of its topics after 10 s", "does it speak StompX"),
        ("proxy http://p:1: it closed the connection; is it", ""),
        ("SomethingError: else", "check target.api_key and target.dialect"),
    ],
)
def test_each_state_that_a_start_may_hang_in_has_a_remedy_of_its_own(
    reason: str, words: str
) -> None:
    remedy = target_probe._remedy(reason, ExistingUser("jane"))
    assert words in remedy
    assert bool(words) is bool(remedy)


def test_what_may_pass_is_tried_again_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target_probe, "_PAUSE_S", 0.01)
    said: list[str] = []
    busy = answer(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
    with strange_server(busy) as url, pytest.raises(TargetError, match="HTTP 503"):
        check_server(url, PROFILE, ANY, say=said.append)

    assert len(said) == 2
    assert all(line.endswith("HTTP 503 Service Unavailable; trying again") for line in said)
