"""The web UI of a process that leads runs: its screens, and its login."""

import os
from typing import Any

import gevent
from locust.env import Environment

from loadtest.errors import UsageError
from loadtest.run.leader.desk import LeaderDesk, Leading
from loadtest.run.leader.results import RunResults
from loadtest.run.options import RunOptions
from loadtest.web.login import PASSWORD_VARIABLE, Login, read_password
from loadtest.web.mount import ChatPages

__all__ = ["Screens"]

_LOOK_EVERY_S = 10.0


class Screens:
    """What a process that leads runs shows in a browser.

    Args:
        leader: The process.
        environment: Locust's, with a web UI.

    Raises:
        UsageError: A login is wanted, and the file with its password cannot be read.
    """

    def __init__(self, leader: Leading, environment: Environment) -> None:
        web_ui: Any = environment.web_ui
        parsed = leader.parsed
        self._base_path = parsed.web_base_path or ""
        self.desk = LeaderDesk(leader)
        self.pages = ChatPages(web_ui, self.desk, self._base_path)
        self._login: Login | None = None
        if parsed.web_login:
            self._add_login(web_ui, parsed.web_password_file, is_secure=bool(parsed.tls_cert))
        if parsed.prometheus:
            self.pages.add_prometheus(self._login)
        self.pages.mount()

    def _add_login(self, web_ui: Any, path: str, *, is_secure: bool) -> None:  # noqa: ANN401
        password = read_password(path, os.environ)
        if password:
            self._login = login = Login(password, f"{self._base_path}/")
            app, manager = web_ui.app, web_ui.login_manager
            settings = login.install(app, self.pages.blueprint, manager, is_secure=is_secure)
            web_ui.auth_args.update(settings)
        elif not web_ui.app.secret_key:
            raise UsageError(
                f"--web-login: there is no password; set {PASSWORD_VARIABLE} or name a file with"
                " --web-password-file"
            )

    def watch(self, results: RunResults, options: RunOptions) -> None:
        """Show a run that begins."""
        results.watch()
        self.desk.note_plan(options)
        gevent.spawn(self._look, results)

    def _look(self, results: RunResults) -> None:
        while not results.is_finished and self.desk.run is results:
            gevent.sleep(_LOOK_EVERY_S)
            self.pages.screen.note()
