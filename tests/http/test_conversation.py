"""Requests in any pieces, answers in order, and what breaks a rule of HTTP is refused."""

from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.http.conversation import Answer, Conversation, Request

POST = b"POST /hook?a=b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"POST /hook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"
    b"3;name=value\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
)
GET = b"GET /stats HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
OLD = b"GET / HTTP/1.0\r\n\r\n"

TABLE = [
    (POST, Request("POST", "/hook?a=b", b"hello")),
    (CHUNKED, Request("POST", "/hook", b"hello")),
    (GET, Request("GET", "/stats")),
]


class Talk:
    """A conversation that echoes, and what was asked in it."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.refused: list[str] = []
        self.conversation = Conversation(self._answer, self._refuse)

    def _answer(self, request: Request) -> Answer:
        self.asked.append(request)
        return Answer(HTTPStatus.OK, request.path.encode(), "text/plain")

    def _refuse(self, status: HTTPStatus, reason: str) -> Answer:
        self.refused.append(reason)
        return Answer(status, reason.encode())

    def say(self, data: bytes) -> bytes:
        return self.conversation.receive(data)


@pytest.mark.parametrize(("data", "request_"), TABLE, ids=lambda each: str(each)[:20])
def test_a_request_is_read_whole_and_byte_by_byte(data: bytes, request_: Request) -> None:
    whole, bytewise = Talk(), Talk()
    answer = whole.say(data)
    assert b"".join(bytewise.say(bytes([byte])) for byte in data) == answer
    assert whole.asked == bytewise.asked == [request_]


@given(st.lists(st.sampled_from(TABLE), max_size=6), st.lists(st.integers(1, 60)))
def test_any_split_gives_the_same_requests(
    sent: list[tuple[bytes, Request]], sizes: list[int]
) -> None:
    data = b"".join(each for each, _ in sent)
    talk = Talk()
    for size in [*sizes, len(data)]:
        talk.say(data[:size])
        data = data[size:]

    assert talk.asked == [request for _, request in sent]
    assert not talk.conversation.is_partial


def test_an_answer_has_its_type_and_length() -> None:
    head, _, body = Talk().say(GET).partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 200 OK",
        b"Content-Type: text/plain",
        b"Content-Length: 6",
    ]
    assert body == b"/stats"


@pytest.mark.parametrize("data", [LAST, OLD], ids=["asked for", "HTTP/1.0"])
def test_behind_the_last_answer_the_connection_is_over(data: bytes) -> None:
    talk = Talk()
    assert b"connection: close" in talk.say(data).lower()
    assert talk.conversation.is_over
    assert talk.say(GET) == b""


def test_repeated_headers_are_joined_and_names_are_in_lower_case() -> None:
    talk = Talk()
    talk.say(b"GET / HTTP/1.1\r\nHOST: x\r\nX-Name: A: b\r\nx-name: c\r\n\r\n")
    assert talk.asked[0].headers == {"host": "x", "x-name": "A: b, c"}


def test_a_half_request_is_known() -> None:
    talk = Talk()
    assert not talk.conversation.is_partial
    for piece in (POST[:3], POST[3:50], POST[50:-1]):
        talk.say(piece)
        assert talk.conversation.is_partial
    talk.say(POST[-1:])
    assert not talk.conversation.is_partial


def test_who_waits_to_be_told_to_continue_is_told_once() -> None:
    head, _, body = POST.partition(b"\r\n\r\n")
    talk = Talk()
    told = talk.say(head + b"\r\nExpect: 100-continue\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 100 ")
    assert talk.say(body[:2]) == b""
    assert talk.say(body[2:]).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(b"hello\r\n\r\n", 400, id="no request"),
        pytest.param(GET.replace(b"Host: x\r\n", b""), 400, id="no host"),
        pytest.param(GET.replace(b"Host: x", b"Host: x\r\nHost: y"), 400, id="two hosts"),
        pytest.param(POST.replace(b": 5", b": -1"), 400, id="length"),
        pytest.param(POST.replace(b": 5", b": 5\r\nContent-Length: 6"), 400, id="two lengths"),
        pytest.param(CHUNKED.replace(b"Chunked", b"gzip"), 501, id="gzip"),
        pytest.param(CHUNKED.replace(b"2\r\n", b"x\r\n"), 400, id="chunk size"),
        pytest.param(CHUNKED.replace(b"2\r\n", b"1\r\n"), 400, id="chunk end"),
        pytest.param(b"GET /" + b"x" * 70_000, 431, id="endless head"),
        pytest.param(
            POST.replace(b": 5", b": 5000000") + b"x" * 5_000_000, 413, id="a body without end"
        ),
    ],
)
def test_what_is_no_request_is_refused_and_ends_the_connection(data: bytes, status: int) -> None:
    talk = Talk()
    answer = talk.say(data)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nConnection: close\r\n" in answer
    assert talk.conversation.is_over
    assert talk.asked == []
    assert len(talk.refused) == 1
