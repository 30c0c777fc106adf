import pytest

from loadtest.errors import UsageError
from loadtest.provisioning.access import (
    ApiAccess,
    Credentials,
    PathStyle,
    api_url_of,
    credentials_from,
    token_url_of,
)


def test_credentials_come_from_the_environment() -> None:
    found = credentials_from({"LOADTEST_CLIENT_ID": "me", "LOADTEST_CLIENT_SECRET": "hush"})

    assert found == Credentials("me", "hush")
    assert "hush" not in repr(found)


@pytest.mark.parametrize(
    ("environment", "missing"),
    [
        ({}, "LOADTEST_CLIENT_ID and LOADTEST_CLIENT_SECRET must be set"),
        ({"LOADTEST_CLIENT_ID": "me", "LOADTEST_CLIENT_SECRET": ""}, "^LOADTEST_CLIENT_SECRET"),
    ],
)
def test_a_missing_variable_is_named(environment: dict[str, str], missing: str) -> None:
    with pytest.raises(UsageError, match=missing):
        credentials_from(environment)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("wss://chat.test/some/path", "https://chat.test"),
        ("ws://[::1]:9", "http://[::1]:9"),
        ("https://me:pw@chat.test", "https://chat.test"),
    ],
)
def test_the_platform_api_is_where_the_chat_is(host: str, url: str) -> None:
    assert api_url_of(host) == url


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(UsageError, match=r"'chat\.test' cannot be used"):
        api_url_of("chat.test")


def test_tokens_are_given_by_the_same_host_but_the_vendors() -> None:
    assert token_url_of("http://chat.test:8") == "http://chat.test:8/oauth/token"
    vendor = token_url_of("https://api.chatkitty.com")
    assert vendor == "https://authorization.chatkitty.com/oauth/token"


def test_only_the_older_style_has_a_prefix() -> None:
    assert ApiAccess("a", "t", PathStyle.V1).prefix == "/v1"
    assert ApiAccess("a", "t").prefix == ""
