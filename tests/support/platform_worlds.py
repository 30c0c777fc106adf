"""A Platform API without sockets: the embedded server's, or one that says what a test tells it."""

import io
import json
import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import BaseAdapter

from loadtest.http import Request
from loadtest.provisioning import ApiAccess, Credentials, PathStyle, PlatformClient
from loadtest.server.http.platform_api import PlatformApi
from tests.support.chat_devices import ChatWorld

__all__ = ["ACCESS", "NoPause", "PlatformWorld", "ScriptedAnswers", "answer", "client_of"]

ACCESS = ApiAccess("http://chat.test", "http://chat.test/oauth/token", attempts=3)


class NoPause(threading.Event):
    """A stop that nobody waits for: the pauses are written down."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses_s: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses_s.append(timeout or 0.0)
        return self.is_set()


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the server saw it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def asked_of(request: requests.PreparedRequest) -> Asked:
    body = request.body or b""
    assert isinstance(body, str | bytes), "nothing is streamed"
    return Asked(
        request.method or "",
        request.path_url,
        {name.lower(): str(value) for name, value in request.headers.items()},
        body.encode() if isinstance(body, str) else body,
    )


def answer(
    status: int, content: object = None, headers: Mapping[str, str] | None = None
) -> requests.Response:
    """Return an answer; text that is no JSON is given as bytes."""
    response = requests.Response()
    response.status_code = status
    response.headers.update(headers or {})
    raw = content if isinstance(content, bytes) else json.dumps(content or {}).encode()
    response.raw = io.BytesIO(raw)
    return response


class _Adapter(BaseAdapter):
    def close(self) -> None:
        """Nothing is open."""


class ScriptedAnswers(_Adapter):
    """Gives one answer after the other, and raises those that are errors."""

    def __init__(self, *answers: requests.Response | Exception) -> None:
        super().__init__()
        self.asked: list[Asked] = []
        self.ways: list[dict[str, Any]] = []
        """How each request was sent: ``verify``, ``cert``, ``proxies``."""
        self._answers = list(answers)

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        self.asked.append(asked_of(request))
        self.ways.append({name: kwargs[name] for name in ("verify", "cert", "proxies")})
        given = self._answers.pop(0)
        if isinstance(given, Exception):
            raise given
        given.request = request
        return given


class PlatformWorld(_Adapter):
    """The embedded server's Platform API, and the chat behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.world = ChatWorld()
        self.api = PlatformApi(self.world.chat)
        self.asked: list[Asked] = []
        self.broken: dict[tuple[str, str], int] = {}
        """How many more answers to this method and path are lost, after what was asked is done."""
        self._lock = threading.Lock()

    @property
    def counts(self) -> dict[str, int]:
        return self.world.chat.store.counts()

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        asked = asked_of(request)
        with self._lock:
            self.asked.append(asked)
            said = self.api.answer(Request(asked.method, asked.path, asked.body, asked.headers))
            key = (asked.method, asked.path)
            if self.broken.get(key, 0):
                self.broken[key] -= 1
                raise requests.ConnectionError("the answer was lost")
        response = answer(said.status.value, said.body)
        response.request = request
        return response

    def client(self, style: PathStyle = PathStyle.PLAIN) -> PlatformClient:
        access = ApiAccess(ACCESS.api_url, ACCESS.token_url, style, attempts=3)
        return client_of(self, access)


def client_of(
    adapter: BaseAdapter, access: ApiAccess = ACCESS, stop: threading.Event | None = None
) -> PlatformClient:
    """Return a client whose requests go to ``adapter``, and that never waits."""
    return PlatformClient(
        access,
        Credentials("me", "secret"),
        random=random.Random(1),
        stop=stop or NoPause(),
        adapter=adapter,
    )
