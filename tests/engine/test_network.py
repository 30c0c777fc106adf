"""Source addresses are checked before a run; notes name what was set, and no value of it."""

import pytest

from loadtest.engine.network import NetworkSettings, check_source_addresses
from loadtest.engine.proxy import Proxy
from loadtest.engine.target import target_from_url
from loadtest.engine.tls import TlsSettings
from loadtest.errors import UsageError


def test_addresses_of_this_machine_may_be_used() -> None:
    check_source_addresses(["127.0.0.2", "127.0.0.3"], target_from_url("http://127.0.0.1"))
    check_source_addresses(["127.0.0.2"], target_from_url("http://chat.test"))
    check_source_addresses([], None)


def test_all_that_is_wrong_with_source_addresses_is_said_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        check_source_addresses(
            ["192.0.2.1", "eth0", "::1", "127.0.0.2"], target_from_url("http://127.0.0.1:80")
        )
    foreign, name, family = caught.value.problems
    assert foreign.startswith("--source-address 192.0.2.1: it is no address of this machine")
    assert "it must be an IP address of this machine" in name
    assert "::1 is IPv6, and the chat server ws://127.0.0.1:80 is IPv4" in family


def test_notes_name_what_was_set_and_no_value() -> None:
    settings = NetworkSettings(
        tls=TlsSettings(ca_file="/home/hush/ca.pem", client_certificate="me.pem"),
        source_addresses=("127.0.0.2",),
        proxy=Proxy("proxy.test", 1, "hush"),
        headers=(("X-Gate", "hush"), ("Cookie", "route=hush; lang=hush")),
        query=(("tenant", "hush"),),
        offers_deflate=True,
    )
    assert settings.notes() == (
        "header X-Gate",
        "cookie route",
        "cookie lang",
        "query parameter tenant",
        "through the proxy http://proxy.test:1",
        "from 127.0.0.2",
        "with a client certificate",
        "trusting a CA file",
        "offering permessage-deflate",
    )
    assert NetworkSettings().notes() == ()


def test_certificates_that_are_not_verified_are_a_deviation() -> None:
    assert NetworkSettings().deviations == ()
    [text] = NetworkSettings(tls=TlsSettings(is_verified=False)).deviations
    assert text == "TLS certificates are not verified (--skip-verification)"
