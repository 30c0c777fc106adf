"""Addresses of proxies; what a tunnel does on a socket stands with the opener."""

import pytest

from loadtest.engine.proxy import Proxy, proxy_from_url
from loadtest.errors import UsageError


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("http://proxy.test:8080", Proxy("proxy.test", 8080)),
        ("http://proxy.test/", Proxy("proxy.test", 3128)),
        ("http://[::1]:9", Proxy("::1", 9)),
        ("http://me:p%40w@proxy.test:1", Proxy("proxy.test", 1, "bWU6cEB3")),
    ],
)
def test_an_address_names_a_proxy(url: str, proxy: Proxy) -> None:
    assert proxy_from_url(url, named="--proxy") == proxy


@pytest.mark.parametrize(
    "url",
    [
        "https://proxy.test",
        "socks5://proxy.test",
        "proxy.test:3128",
        "http://",
        "http://me:hush@proxy.test/path",
        "http://me:hush@proxy.test:port",
        "http://me:hush@proxy.test:0",
        "http://proxy.test?hush",
        "http://[::1",
    ],
)
def test_what_is_no_http_proxy_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(UsageError, match="--proxy must be an address such as") as caught:
        proxy_from_url(url, named="--proxy")
    assert "hush" not in str(caught.value)


def test_a_proxy_is_shown_without_its_credentials() -> None:
    proxy = proxy_from_url("http://me:hush@[::1]:3128", named="--proxy")
    assert str(proxy) == "http://[::1]:3128"
    assert proxy.credentials not in repr(proxy)
