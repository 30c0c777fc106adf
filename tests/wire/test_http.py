from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.errors import RemoteProtocolError
from loadtest.wire.http import Request, RequestParser, encode_answer

POST = b"POST /hook?a=b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"POST /hook HTTP/1.1\r\nTransfer-Encoding: Chunked\r\nConnection: close\r\n\r\n"
    b"3;name=value\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
)
GET = b"GET /stats HTTP/1.1\r\n\r\n"
OLD = b"GET / HTTP/1.0\r\n\r\n"
KEPT = b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"

TABLE = [
    (POST, Request("POST", "/hook?a=b", b"hello", is_last=False)),
    (CHUNKED, Request("POST", "/hook", b"hello", is_last=True)),
    (GET, Request("GET", "/stats", b"", is_last=False)),
    (OLD, Request("GET", "/", b"", is_last=True)),
    (KEPT, Request("GET", "/", b"", is_last=False)),
]


@pytest.mark.parametrize(("data", "request_"), TABLE, ids=lambda each: str(each)[:20])
def test_a_request_is_read_whole_and_byte_by_byte(data: bytes, request_: Request) -> None:
    parser = RequestParser()
    bytewise = [found for byte in data for found in parser.feed(bytes([byte]))]

    assert list(RequestParser().feed(data)) == [request_]
    assert bytewise == [request_]


def test_headers_are_known_by_their_names_in_lower_case() -> None:
    (request,) = RequestParser().feed(b"GET / HTTP/1.1\r\nX-Name: A: b\r\nHOST:x\r\n\r\n")

    assert request.headers == {"x-name": "A: b", "host": "x"}


@given(st.lists(st.sampled_from(TABLE), max_size=6), st.lists(st.integers(1, 60)))
def test_any_split_gives_the_same_requests(
    sent: list[tuple[bytes, Request]], sizes: list[int]
) -> None:
    data = b"".join(each for each, _ in sent)
    parser = RequestParser()
    found: list[Request] = []
    for size in [*sizes, len(data)]:
        found += parser.feed(data[:size])
        data = data[size:]

    assert found == [request for _, request in sent]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param(b"hello\r\n\r\n", "got b'hello'; expected an HTTP/1.1", id="no request"),
        pytest.param(b"GET / HTTP/2.0\r\n\r\n", "expected an HTTP/1.1 request", id="version"),
        pytest.param(
            b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "it must be a number", id="length"
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", "it must be at most", id="huge"
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "it must be chunked", id="gzip"
        ),
        pytest.param(CHUNKED.replace(b"2\r\n", b"x\r\n"), "the size of a chunk", id="chunk size"),
        pytest.param(CHUNKED.replace(b"2\r\n", b"1\r\n"), "does not end after", id="chunk end"),
        pytest.param(
            CHUNKED.replace(b"2\r\n", b"ffffff\r\n"), "it must be at most", id="huge chunk"
        ),
        pytest.param(
            CHUNKED[: CHUNKED.index(b"2\r\n")] + b"1" * 2_000, "size of a chunk", id="long size"
        ),
        pytest.param(b"GET /" + b"x" * 70_000, "that is too long", id="endless head"),
    ],
)
def test_what_is_no_request_is_an_error(data: bytes, problem: str) -> None:
    with pytest.raises(RemoteProtocolError, match=problem):
        list(RequestParser().feed(data))


def test_who_waits_to_be_told_to_continue_is_found_once() -> None:
    head = b"POST / HTTP/1.1\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"
    waiting, ordinary = RequestParser(), RequestParser()
    assert list(waiting.feed(head)) == []
    assert list(ordinary.feed(POST[:-1])) == []

    found = [waiting.take_continue(), waiting.take_continue(), ordinary.take_continue()]

    assert found == [True, False, False]
    assert len(list(waiting.feed(b"x"))) == 1


@pytest.mark.parametrize("is_last", [True, False])
def test_an_answer_says_its_length_and_whether_it_is_the_last(is_last: bool) -> None:
    answer = encode_answer(HTTPStatus.OK, "text/plain", b"ok", is_last=is_last)

    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[:3] == [b"HTTP/1.1 200 OK", b"Content-Type: text/plain", b"Content-Length: 2"]
    assert lines[3:] == ([b"Connection: close"] if is_last else [])
    assert body == b"ok"
