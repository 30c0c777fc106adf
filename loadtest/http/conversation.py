"""Requests from bytes, and answers to them, on one connection of HTTP/1.1; ``h11`` frames them.

Whatever breaks a rule of HTTP is refused and ends the connection; bodies are bounded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import h11

__all__ = ["Answer", "Conversation", "Request"]

_MAX_HEAD_BYTES = 64 * 1024
_MAX_BODY_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """One whole request."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)
    """By name in lower case; the values of a repeated header are joined by commas."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to a request."""

    status: HTTPStatus
    body: bytes
    content_type: str = "application/json"


class Conversation:
    """The requests and answers of one connection; every answer is given at once.

    Args:
        answer: Answers a request.
        refuse: Answers what is no request, given a status and the reason.
    """

    def __init__(
        self,
        answer: Callable[[Request], Answer],
        refuse: Callable[[HTTPStatus, str], Answer],
    ) -> None:
        self._answer = answer
        self._refuse = refuse
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD_BYTES)
        self._request: h11.Request | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self.is_over = False
        """Whether the connection is to be closed behind what was written."""

    @property
    def is_partial(self) -> bool:
        """Whether a request has begun to come and is not whole."""
        return not self.is_over and (
            self._http.their_state is not h11.IDLE or bool(self._http.trailing_data[0])
        )

    def receive(self, data: bytes) -> bytes:
        """Take what was read, and return what is to be written."""
        if self.is_over:
            return b""
        written: list[bytes] = []
        try:
            self._http.receive_data(data)
            while self._take_event(written):
                continue
        except h11.RemoteProtocolError as error:
            status = HTTPStatus(error.error_status_hint)
            written.append(self.refuse(status, str(error)))
        return b"".join(written)

    def refuse(self, status: HTTPStatus, reason: str) -> bytes:
        """Return the answer to what is no request, if one may be given; the connection is over."""
        self.is_over = True
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return b""
        return self._send(self._refuse(status, reason), is_last=True)

    def _take_event(self, written: list[bytes]) -> bool:
        """Take the next event, if there is one; return whether there may be more."""
        event = self._http.next_event()
        if isinstance(event, h11.Request):
            self._request, self._size = event, 0
            self._parts.clear()
        elif isinstance(event, h11.Data):
            self._size += len(event.data)
            if self._size > _MAX_BODY_BYTES:
                raise h11.RemoteProtocolError(
                    f"a body must be at most {_MAX_BODY_BYTES} bytes", error_status_hint=413
                )
            self._parts.append(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            written.append(self._send(self._answer(self._whole_request())))
            self.is_over = self._http.our_state is h11.MUST_CLOSE
            if self.is_over:
                return False
            self._http.start_next_cycle()
        else:
            self.is_over = isinstance(event, h11.ConnectionClosed)
            if self._http.they_are_waiting_for_100_continue:
                go_on = h11.InformationalResponse(status_code=100, reason=b"Continue", headers=[])
                written.append(self._http.send(go_on) or b"")
            return False
        return True

    def _whole_request(self) -> Request:
        head = self._request
        assert head is not None, "the end of a request comes after its beginning"
        headers: dict[str, str] = {}
        for name, value in head.headers:
            known, text = name.decode("ascii"), value.decode("latin-1")
            headers[known] = f"{headers[known]}, {text}" if known in headers else text
        return Request(
            head.method.decode("ascii"),
            head.target.decode("latin-1"),
            b"".join(self._parts),
            headers,
        )

    def _send(self, answer: Answer, *, is_last: bool = False) -> bytes:
        headers = [
            ("Content-Type", answer.content_type),
            ("Content-Length", str(len(answer.body))),
            *([("Connection", "close")] if is_last else []),
        ]
        response = h11.Response(
            status_code=answer.status.value, reason=answer.status.phrase, headers=headers
        )
        events = (response, h11.Data(data=answer.body), h11.EndOfMessage())
        return b"".join(self._http.send(event) or b"" for event in events)
