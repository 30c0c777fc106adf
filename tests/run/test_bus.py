"""The bus of a run: a port of its own, and a token."""

import socket
from argparse import Namespace
from pathlib import Path

import pytest

from loadtest.errors import UsageError
from loadtest.run import bus
from loadtest.run.bus import nonce, proof, settle_bus, token_of


def options(**changes: object) -> Namespace:
    locusts = {"processes": 2, "worker": False, "master": False, "master_bind_host": "*"}
    ports = {"master_bind_port": 5557, "master_port": 5557, "master_host": "127.0.0.1"}
    return Namespace(**{**locusts, **ports, **changes})


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus, "_forked_token", b"")


def test_forked_workers_have_a_port_and_a_token_of_their_own() -> None:
    settled = options()
    settle_bus(settled)

    assert settled.master_bind_host == "127.0.0.1"
    assert settled.master_bind_port == settled.master_port != 5557
    with socket.socket() as listener:
        # As the bus does it.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", settled.master_port))
        listener.listen()
    assert len(token_of(settled, {})) == 32


def test_it_is_settled_once_however_often_the_options_are_parsed() -> None:
    first, second = options(), options()
    settle_bus(first)
    token = token_of(first, {})
    settle_bus(second)

    assert first.master_port == second.master_port
    assert token_of(second, {}) == token


def test_a_port_that_a_person_named_stays() -> None:
    settled = options(master_bind_port=6000, master_port=6000, master_bind_host="0.0.0.0")
    settle_bus(settled)

    assert (settled.master_bind_host, settled.master_port) == ("0.0.0.0", 6000)


@pytest.mark.parametrize("role", [{"processes": None}, {"worker": True}, {"master": True}])
def test_processes_of_several_hosts_keep_locusts_port_and_make_no_token(
    role: dict[str, object],
) -> None:
    settled = options(**role)
    settle_bus(settled)

    assert (settled.master_bind_host, settled.master_port) == ("*", 5557)
    assert token_of(settled, {}) == b""


def test_a_token_is_taken_from_the_environment_or_a_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("from a file\n")

    assert token_of(options(), {"LOADTEST_TOKEN": " hush "}) == b"hush"
    asked = options(token_file=str(path))
    assert token_of(asked, {"LOADTEST_TOKEN": "hush"}) == b"from a file"


def test_a_file_without_a_token_is_a_usage_error(tmp_path: Path) -> None:
    path = tmp_path / "token"
    with pytest.raises(UsageError, match="cannot be read: no such file"):
        token_of(options(token_file=str(path)), {})
    path.write_text("\n")
    with pytest.raises(UsageError, match="it is empty"):
        token_of(options(token_file=str(path)), {})


def test_a_proof_is_of_one_side_one_challenge_and_one_worker() -> None:
    drawn = nonce()
    proofs = {
        proof(b"token", "leader", drawn, "w1"),
        proof(b"token", "worker", drawn, "w1"),
        proof(b"token", "worker", drawn, "w2"),
        proof(b"token", "worker", nonce(), "w1"),
        proof(b"other", "worker", drawn, "w1"),
    }

    assert len(proofs) == 5
    assert proof(b"token", "worker", drawn, "w1") in proofs
