"""Which hosts may be loaded."""

import pytest

from loadtest.errors import UsageError
from loadtest.run.leader.target_consent import check_target, is_loopback_url


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "wss://chat.example.com", "http://[::1]"])
def test_a_host_that_was_named_may_be_loaded(url: str) -> None:
    check_target(url, allowed_host="")


@pytest.mark.parametrize(
    "url",
    [
        "https://api.chatkitty.com",
        "https://API.ChatKitty.com./rtm/websocket",
        "wss://chatkitty.com",
        "https://staging.api.chatkitty.com",
    ],
)
def test_the_vendor_s_hosts_need_the_user_s_word(url: str) -> None:
    with pytest.raises(UsageError, match="--i-am-allowed-to-load"):
        check_target(url, allowed_host="")


def test_the_user_s_word_is_for_one_host_alone() -> None:
    check_target("https://api.chatkitty.com", allowed_host="API.chatkitty.com")
    with pytest.raises(UsageError, match="public host of the vendor"):
        check_target("https://api.chatkitty.com", allowed_host="chatkitty.com")


def test_a_host_that_only_ends_alike_is_not_the_vendor_s() -> None:
    check_target("https://notchatkitty.com", allowed_host="")


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(UsageError, match="must be an address"):
        check_target("chat:1", allowed_host="")


def test_an_address_is_this_machine_s_if_its_host_is() -> None:
    assert is_loopback_url("ws://[::1]:8080/x")
    assert not is_loopback_url("http://localhost.example.com")


def test_what_names_the_host_is_in_the_message() -> None:
    with pytest.raises(UsageError, match=r"^provisioning\.api_url https://api\.chatkitty\.com: "):
        check_target("https://api.chatkitty.com", allowed_host="", named="provisioning.api_url")
