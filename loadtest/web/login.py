"""The login of the web UI: one password, from the environment or from a file.

Locust's ``--web-login`` brings a page that asks, and leaves it to others what is right. The
password is never an option of its own: options are shown in the web form and sent to workers.
"""

import hashlib
import hmac
import secrets
from collections import deque
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, redirect, request, session
from flask_login import LoginManager, UserMixin, login_user
from werkzeug.wrappers import Response

from loadtest.clock import NS_PER_S, Clock, monotonic_ns
from loadtest.errors import UsageError

__all__ = ["PASSWORD_VARIABLE", "Login", "read_password"]

PASSWORD_VARIABLE = "LOADTEST_WEB_PASSWORD"
_MOST_FAILURES = 10
_WINDOW_NS = 60 * NS_PER_S


def read_password(path: str, environment: MutableMapping[str, str]) -> str:
    """Return the password: the first line of a file, else that of the environment; empty: none.

    It is taken out of the environment, so that no child process inherits it.

    Raises:
        UsageError: The file cannot be read, or holds nothing.
    """
    from_environment = environment.pop(PASSWORD_VARIABLE, "")
    if not path:
        return from_environment
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--web-password-file {path}: it cannot be read: {error}") from error
    if not lines or not lines[0]:
        raise UsageError(f"--web-password-file {path}: its first line must be the password")
    return lines[0]


class _Person(UserMixin):  # type: ignore[misc]
    """Whoever knows the password."""

    id = "person"


def _person(name: str) -> _Person | None:
    return _Person() if name == _Person.id else None


class Login:
    """Checks the password and lets people in.

    Args:
        password: What is right.
        next_url: Where to go on after it.
        clock: For tests.
    """

    def __init__(self, password: str, next_url: str, clock: Clock = monotonic_ns) -> None:
        self._digest = hashlib.sha256(password.encode()).digest()
        self._next_url = next_url
        self._clock = clock
        self._failures_ns: deque[int] = deque(maxlen=_MOST_FAILURES)

    def install(
        self, app: Flask, blueprint: Blueprint, manager: LoginManager, *, is_secure: bool
    ) -> dict[str, Any]:
        """Have Locust's login page ask for the password; return its settings."""
        app.secret_key = secrets.token_hex(32)
        app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
        app.config["SESSION_COOKIE_HTTPONLY"] = True
        app.config["SESSION_COOKIE_SECURE"] = is_secure
        manager.user_loader(_person)
        blueprint.add_url_rule("/chat/login", "login", self._log_in, methods=["POST"])
        return {
            "custom_form": {
                "inputs": [
                    {
                        "label": "Password",
                        "name": "password",
                        "is_secret": True,
                        "is_required": True,
                    }
                ],
                "callback_url": f"{blueprint.url_prefix or ''}/chat/login",
                "submit_button_text": "Log in",
            },
            "title": "chatkitty-loadtest",
        }

    def _log_in(self) -> Response:
        problem = self.check(request.form.get("password", ""))
        if problem:
            session["auth_error"] = problem
            return redirect(f"{self._next_url}login")
        session.clear()
        login_user(_Person())
        return redirect(self._next_url)

    def check(self, password: str) -> str:
        """Return why a password is not taken; empty: it is right."""
        now_ns = self._clock()
        recent = [at_ns for at_ns in self._failures_ns if now_ns - at_ns < _WINDOW_NS]
        if len(recent) >= _MOST_FAILURES:
            return f"{_MOST_FAILURES} wrong passwords within a minute; wait a minute"
        digest = hashlib.sha256(password.encode()).digest()
        if hmac.compare_digest(digest, self._digest):
            return ""
        self._failures_ns.append(now_ns)
        return "The password is wrong."
