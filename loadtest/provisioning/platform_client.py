"""Calls of the Platform API: a token when it is needed, patience when the server asks for it.

One rule: a call ends with an answer that can be used, with "there is none", or with one error that
says which call it was. What is answered with 429 or 5xx, or not at all, is tried again after a
pause that doubles, a bounded number of times; so each call may reach the server twice, and whoever
makes something must expect to find it there. Not here: what is made, and in which order.
"""

import random
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth

from loadtest.errors import TargetError
from loadtest.provisioning.access import ApiAccess, Credentials, PathStyle

__all__ = ["Found", "PlatformClient", "RefusedCallError"]

_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 30.0
_PAGE_SIZE = 100
_EXCERPT_CHARACTERS = 200
_NEWER_TYPE = "application/vnd.chatkitty+json"
_OLDER_TYPE = "application/json"
_FIRST_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Found:
    """A user or a channel as the server has it, as far as it matters here."""

    id: int
    name: str
    properties: Mapping[str, Any]
    type: str = ""
    members: frozenset[str] = frozenset()
    """Names of the members; only a direct channel tells them."""


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
    """Puts the token into a request, and so keeps requests from looking for a .netrc file."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class PlatformClient:
    """One application on one server; its methods may be called from several threads.

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
        stop: threading.Event | None = None,
        adapter: BaseAdapter | None = None,
    ) -> None:
        self.access = access
        self.stop = stop or threading.Event()
        self._credentials = credentials
        self._random = random
        self._token = ""
        self._token_lock = threading.Lock()
        self._http = requests.Session()
        if adapter is None:
            adapter = HTTPAdapter(pool_maxsize=access.requests_at_once, pool_block=True)
        for scheme in ("http://", "https://"):
            self._http.mount(scheme, adapter)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._http.close()

    # --- users --------------------------------------------------------------------------------

    def create_user(self, name: str, properties: Mapping[str, Any]) -> Found | None:
        """Create a user; return None if the name is in use.

        Raises:
            TargetError: It cannot be done.
        """
        display, guest = self._named("displayName"), self._named("isGuest")
        body = {"name": name, display: name, guest: False, "properties": properties}
        try:
            return _found(self._call("POST", "/users", body))
        except RefusedCallError as error:
            if error.status == HTTPStatus.CONFLICT:
                return None
            # What a server says to a name in use is not documented, so look.
            if error.status == HTTPStatus.BAD_REQUEST and self.find_user(name) is not None:
                return None
            raise

    def find_user(self, name: str) -> Found | None:
        """Return the user of this name, None if there is none.

        Raises:
            TargetError: It cannot be found out.
        """
        # A server may take the name for a part of one, or not at all.
        pages = self._pages("/users", "users", {"name": name})
        return next((user for user in pages if user.name == name), None)

    def user(self, user_id: int) -> Found | None:
        """Return a user, None if there is none.

        Raises:
            TargetError: It cannot be found out.
        """
        return self._look(f"/users/{user_id}")

    def delete_user(self, user_id: int) -> bool:
        """Delete a user; return False if there is none.

        Raises:
            TargetError: It cannot be done.
        """
        return self._delete(f"/users/{user_id}")

    # --- channels -----------------------------------------------------------------------------

    def create_channel(self, channel: Mapping[str, Any]) -> Found:
        """Create a channel of ``type``, ``name``, ``members`` and ``properties``, or find it.

        Raises:
            TargetError: It cannot be done.
        """
        body = dict(channel)
        if "name" in body:
            body[self._named("displayName")] = body["name"]
        body["members"] = [{"username": name} for name in body["members"]]
        return _found(self._call("POST", "/channels", body))

    def channels(self) -> Iterator[Found]:
        """Yield all channels of the application.

        Raises:
            TargetError: They cannot be read.
        """
        return self._pages("/channels", "channels", {})

    def channel(self, channel_id: int) -> Found | None:
        """Return a channel, None if there is none.

        Raises:
            TargetError: It cannot be found out.
        """
        return self._look(f"/channels/{channel_id}")

    def delete_channel(self, channel_id: int) -> bool:
        """Delete a channel; return False if there is none.

        Raises:
            TargetError: It cannot be done.
        """
        return self._delete(f"/channels/{channel_id}")

    # --- calls --------------------------------------------------------------------------------

    def sign_in(self) -> None:
        """Get a token now, so that wrong credentials are known before anything is made.

        Raises:
            TargetError: There is none for these credentials.
        """
        with self._token_lock:
            self._token = self._new_token()

    def _named(self, name: str) -> str:
        """Return a name of two words as the style writes it."""
        return (
            {"displayName": "display_name", "isGuest": "is_guest"}[name] if self._is_newer else name
        )

    @property
    def _is_newer(self) -> bool:
        return self.access.style is PathStyle.PLAIN

    def _look(self, path: str) -> Found | None:
        try:
            return _found(self._call("GET", path))
        except RefusedCallError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def _delete(self, path: str) -> bool:
        try:
            self._call("DELETE", path)
        except RefusedCallError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return False
            raise
        return True

    def _pages(self, path: str, name: str, query: Mapping[str, str]) -> Iterator[Found]:
        number = 0
        while True:
            page = self._call("GET", path, query={**query, "page": number, "size": _PAGE_SIZE})
            for each in page.get("_embedded", {}).get(name, []):
                yield _found(each)
            described = page.get("page", {})
            total = described.get("total_pages", described.get("totalPages", 0))
            number += 1
            if number >= total:
                return

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the JSON of the answer to a call with a token."""
        url = f"{self.access.api_url}{self.access.prefix}{path}"
        content_type = _NEWER_TYPE if self._is_newer else _OLDER_TYPE
        accept = f"{_NEWER_TYPE},*/*;q=0.8" if self._is_newer else _OLDER_TYPE
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
        request = _Request("POST", self.access.token_url, basic, form=form)
        content = self._content(request, self._answer(request))
        token = content.get("access_token")
        if not isinstance(token, str) or not token:
            raise TargetError(self.access.token_url, "the answer has no access_token")
        return token

    def _answer(self, request: _Request) -> requests.Response:
        """Return the answer to a request, which is tried again as long as that may help."""
        for attempt in range(1, self.access.attempts + 1):
            is_last = attempt == self.access.attempts
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
            if self.stop.wait(max(asked_s, self._pause_s(attempt))):
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
            timeout=self.access.timeout_s,
            allow_redirects=False,
            # Given with each request, or a variable of the environment would win.
            verify=self.access.ca_file or None,
        )

    def _pause_s(self, attempt: int) -> float:
        longest_s = min(_FIRST_PAUSE_S * 2.0 ** (attempt - 1), _LONGEST_PAUSE_S)
        return longest_s * (0.5 + self._random.random() / 2)

    def _content(self, request: _Request, answer: requests.Response) -> dict[str, Any]:
        what = str(request)
        if answer.status_code != HTTPStatus.OK:
            raise RefusedCallError(what, _refusal_text(answer), answer.status_code)
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
    """Return what lies at the ground of an error, without the layers of the library."""
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
    reason = str(reason or answer.text or answer.reason)[:_EXCERPT_CHARACTERS]
    remedies: dict[int, str] = {
        HTTPStatus.UNAUTHORIZED: "; check LOADTEST_CLIENT_ID and LOADTEST_CLIENT_SECRET",
        HTTPStatus.TOO_MANY_REQUESTS: "; lower provisioning.requests_at_once",
    }
    return f"answered {answer.status_code}: {reason}{remedies.get(answer.status_code, '')}"


def _found(content: Mapping[str, Any]) -> Found:
    """Return what an answer says of a user or a channel."""
    identifier = content.get("id")
    if not isinstance(identifier, int):
        raise TargetError("platform API", f"a resource has the id {identifier!r}; it is no number")
    members = content.get("members")
    return Found(
        id=identifier,
        name=str(content.get("name", "")),
        properties=content.get("properties") or {},
        type=str(content.get("type", "")),
        members=frozenset(
            str(each.get("name")) for each in (members if isinstance(members, list) else ())
        ),
    )
