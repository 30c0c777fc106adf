"""Pages of other origins may neither start runs nor read them."""

import pytest
from werkzeug.datastructures import Headers

from loadtest.web.origin import forbid_foreign_readers, is_foreign


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({}, False, id="a program that is no browser"),
        pytest.param({"Origin": "http://lt:8089"}, False, id="our own page"),
        pytest.param({"Origin": "http://LT:8089"}, False, id="in whatever case"),
        pytest.param({"Origin": "http://evil"}, True, id="another page"),
        pytest.param({"Origin": "http://lt:8090"}, True, id="another port"),
        pytest.param({"Origin": "null"}, True, id="a file, or a frame without an origin"),
        pytest.param(
            {"Sec-Fetch-Site": "same-origin", "Origin": "http://proxy"}, False, id="proxy"
        ),
        pytest.param({"Sec-Fetch-Site": "none"}, False, id="typed by a person"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, True, id="a browser says so"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, True, id="a neighbour"),
    ],
)
def test_who_wrote_a_request(headers: dict[str, str], *, expected: bool) -> None:
    assert is_foreign(Headers(headers), "lt:8089") is expected


def test_only_our_own_pages_may_read() -> None:
    headers = Headers()
    forbid_foreign_readers(headers, "https://lt:8089/lt/chat")

    assert headers["Access-Control-Allow-Origin"] == "https://lt:8089"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
