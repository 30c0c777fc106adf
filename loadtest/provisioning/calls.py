"""One call of the Platform API: a token when it is needed, patience when the server asks for it.

A call ends with an answer that can be used, or with one error that says which call it
was. What is answered with 429 or 5xx, or not at all, is tried again after a pause that doubles, a
bounded number of times; so each call may reach the server twice, and whoever makes something must
expect to find it there. Not here: which calls there are.
"""

import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth

from loadtest.chat.texts import cleaned
from loadtest.errors import TargetError
from loadtest.provisioning.access import ApiAccess, Credentials, PathStyle

__all__ = ["PlatformCalls", "RefusedCallError"]

_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 30.0
_EXCERPT_CHARACTERS = 200
_NEWER_TYPE = "application/vnd.chatkitty+json"
_OLDER_TYPE = "application/json"
_FIRST_SERVER_ERROR = 500


class RefusedCallError(TargetError):
    """The server answered a call, and refused it."""

    def __init__(self, target: str, reason: str, status: int) -> None:
        super().__init__(target, reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class _Request:
    """One call before it is made; it may be made several times."""

    method: str
    url: str
    auth: AuthBase
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    query: Mapping[str, Any] | None = None
    form: Mapping[str, str] | None = None
    """Fields that are sent in parts."""

    def __str__(self) -> str:
        return f"{self.method} {self.url}"


class _Bearer(AuthBase):
    """Puts the token into a request."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class PlatformCalls:
    """Calls of one application on one server; may be made from several threads.

    Args:
        access: Where it is, and how it is called.
        credentials: Of the application's OAuth client.
        random: Spreads the pauses, so that what was refused together does not come back together.
        stop: Ends every pause, and with it the call.
        adapter: What carries the requests; None: sockets.
    """

    def __init__(
        self,
        access: ApiAccess,
        credentials: Credentials,
        *,
        random: random.Random,
        stop: threading.Event,
        adapter: BaseAdapter | None,
    ) -> None:
        self._access = access
        self._stop = stop
        self._credentials = credentials
        self._random = random
        self._token = ""
        self._token_lock = threading.Lock()
        self._http = requests.Session()
        # Devices do not obey a proxy of the environment, so calls must not; nor is .netrc ours.
        self._http.trust_env = False
        if access.proxy:
            self._http.proxies = {"http": access.proxy, "https": access.proxy}
        if adapter is None:
            adapter = HTTPAdapter(pool_maxsize=access.requests_at_once, pool_block=True)
        for scheme in ("http://", "https://"):
            self._http.mount(scheme, adapter)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def sign_in(self) -> None:
        """Get a token now, so that wrong credentials are known before anything is made.

        Raises:
            TargetError: There is none for these credentials.
        """
        with self._token_lock:
            self._token = self._new_token()

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the JSON of the answer to a call with a token.

        Raises:
            RefusedCallError: The server answered, and refused it.
            TargetError: There is no answer, or none that can be used.
        """
        url = f"{self._access.api_url}{self._access.prefix}{path}"
        is_newer = self._access.style is PathStyle.PLAIN
        content_type = _NEWER_TYPE if is_newer else _OLDER_TYPE
        accept = f"{_NEWER_TYPE},*/*;q=0.8" if is_newer else _OLDER_TYPE
        headers = {"Accept": accept} | ({} if body is None else {"Content-Type": content_type})
        token = self._current_token()
        request = _Request(method, url, _Bearer(token), headers, body, query)
        answer = self._answer(request)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            self._forget(token)  # it has expired
            request = replace(request, auth=_Bearer(self._current_token()))
            answer = self._answer(request)
        return self._content(request, answer)

    def _current_token(self) -> str:
        with self._token_lock:
            if not self._token:
                self._token = self._new_token()
            return self._token

    def _forget(self, token: str) -> None:
        with self._token_lock:
            if self._token == token:
                self._token = ""

    def _new_token(self) -> str:
        credentials = self._credentials
        basic = HTTPBasicAuth(credentials.client_id, credentials.client_secret)
        # In parts, as the vendor documents it.
        form = {"grant_type": "client_credentials"}
        request = _Request("POST", self._access.token_url, basic, form=form)
        content = self._content(request, self._answer(request))
        token = content.get("access_token")
        if not isinstance(token, str) or not token:
            raise TargetError(self._access.token_url, "the answer has no access_token")
        return token

    def _answer(self, request: _Request) -> requests.Response:
        """Return the answer to a request, which is tried again as long as that may help."""
        for attempt in range(1, self._access.attempts + 1):
            is_last = attempt == self._access.attempts
            try:
                answer = self._send(request)
            except (requests.ConnectionError, requests.Timeout) as error:
                if is_last or isinstance(error, requests.exceptions.SSLError):
                    raise self._failed(request, error) from error
                asked_s = 0.0
            except requests.RequestException as error:
                raise self._failed(request, error) from error
            else:
                if not _is_passing(answer.status_code) or is_last:
                    return answer
                asked_s = _retry_after_s(answer)
            if self._stop.wait(max(asked_s, self._pause_s(attempt))):
                raise TargetError(str(request), "stopped before it was answered")
        raise AssertionError("the last attempt returns or raises")

    def _send(self, request: _Request) -> requests.Response:
        parts = None
        if request.form is not None:
            parts = {name: (None, value) for name, value in request.form.items()}
        return self._http.request(
            request.method,
            request.url,
            params=request.query,
            headers=request.headers,
            json=request.body,
            files=parts,
            auth=request.auth,
            timeout=self._access.timeout_s,
            allow_redirects=False,
            verify=(self._access.ca_file or True) if self._access.is_verified else False,
            cert=self._certificate(),
        )

    def _certificate(self) -> str | tuple[str, str] | None:
        access = self._access
        if not access.client_certificate:
            return None
        key = access.client_key
        return (access.client_certificate, key) if key else access.client_certificate

    def _pause_s(self, attempt: int) -> float:
        longest_s = min(_FIRST_PAUSE_S * 2.0 ** (attempt - 1), _LONGEST_PAUSE_S)
        return longest_s * (0.5 + self._random.random() / 2)

    def _content(self, request: _Request, answer: requests.Response) -> dict[str, Any]:
        what = str(request)
        if not answer.ok or answer.is_redirect:
            raise RefusedCallError(what, _refusal_text(answer), answer.status_code)
        if not answer.content:
            return {}
        try:
            content = answer.json()
        except requests.exceptions.JSONDecodeError as error:
            excerpt = answer.text[:_EXCERPT_CHARACTERS]
            raise TargetError(what, f"the answer {excerpt!r} is not JSON") from error
        return content if isinstance(content, dict) else {}

    def _failed(self, request: _Request, error: Exception) -> TargetError:
        return TargetError(
            str(request),
            f"no answer: {_innermost(error)}; is the Platform API there, and its address right?",
        )


def _innermost(error: BaseException) -> str:
    """Return the innermost cause of an error, without the layers of the library."""
    while True:
        below = getattr(error, "reason", None)
        if not isinstance(below, BaseException):
            below = next((each for each in error.args if isinstance(each, BaseException)), None)
        if below is None:
            return str(error)
        error = below


def _is_passing(status: int) -> bool:
    """Tell whether the same request may be answered differently later."""
    return status == HTTPStatus.TOO_MANY_REQUESTS or status >= _FIRST_SERVER_ERROR


def _retry_after_s(answer: requests.Response) -> float:
    """Return for how long the server asks to be left alone, within reason; 0 if it does not."""
    text = answer.headers.get("Retry-After", "")
    return min(float(text), _LONGEST_PAUSE_S) if text.isascii() and text.isdigit() else 0.0


def _refusal_text(answer: requests.Response) -> str:
    try:
        content = answer.json()
    except requests.exceptions.JSONDecodeError:
        content = None
    said = content if isinstance(content, dict) else {}
    reason = said.get("message") or said.get("error_description") or said.get("error")
    # It goes to a terminal and into a log.
    reason = cleaned(str(reason or answer.text or answer.reason), _EXCERPT_CHARACTERS)
    remedies: dict[int, str] = {
        HTTPStatus.UNAUTHORIZED: "; check LOADTEST_CLIENT_ID and LOADTEST_CLIENT_SECRET",
        HTTPStatus.TOO_MANY_REQUESTS: "; lower provisioning.requests_at_once",
    }
    return f"answered {answer.status_code}: {reason}{remedies.get(answer.status_code, '')}"
