"""Puts the screens into Locust's web server: pages, JSON, scripts and the tab.

Everything hangs under ``/chat`` below the base path. Each route asks for the login where there is
one, but for scripts and styles, which hold no data. The tab is a custom element: Locust's bundle
renders whatever an extended tab names as its component, and a string passes through. The script
that defines the element is put into Locust's page. Locust does not document this, so that a browser
test guards it.
"""

import functools
import importlib.metadata
import importlib.util
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import orjson
from flask import Blueprint, Flask, Response, abort, request, send_file, send_from_directory
from werkzeug.datastructures import ImmutableMultiDict

import loadtest
from loadtest.errors import UsageError
from loadtest.web.comparing import comparison_page
from loadtest.web.desk import Desk, FormProblem
from loadtest.web.login import Login
from loadtest.web.origin import forbid_foreign_readers, is_foreign
from loadtest.web.prometheus import CONTENT_TYPE, Exposition
from loadtest.web.runs import EarlierRuns
from loadtest.web.screen import Screen
from loadtest.web.studies import study_rows

__all__ = ["ChatPages", "LocustWeb"]

_STATIC = Path(__file__).parent / "static"
_PAGES = Path(__file__).parent / "pages"
_LONG_S = 365 * 24 * 3600
_TAB = {"key": "chat", "title": "Chat", "component": "chat-panel"}
_READY = "ready"
"""Locust's word for a runner that has not started anything yet."""
_CHANGES = frozenset({"locust.swarm", "locust.stop", "locust.update_user", "locust.reset_stats"})
"""Routes of Locust's that change something: a page of another origin may not use them."""
_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; frame-ancestors 'self'"
)


class LocustWeb(Protocol):
    """Locust's web UI, as far as it is used here."""

    app: Flask | None
    template_args: dict[str, Any]

    def auth_required_if_enabled(self, view_func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the view behind the login, where there is one."""


class ChatPages:
    """The screens of one process.

    Args:
        web_ui: Locust's.
        desk: The process that leads runs.
        base_path: What stands before all paths, such as ``/lt``; empty: nothing.
    """

    def __init__(self, web_ui: LocustWeb, desk: Desk, base_path: str = "") -> None:
        assert web_ui.app is not None
        self._web_ui = web_ui
        self._app = web_ui.app
        self._desk = desk
        self.screen = Screen(desk)
        self._runs = EarlierRuns(desk)
        self.blueprint = Blueprint("chat", __name__, url_prefix=base_path or None)
        self._add_routes()

    def mount(self) -> None:
        """Register everything with Locust's web server, before it starts."""
        self._app.register_blueprint(self.blueprint)
        self._app.before_request(self._check)
        self._app.after_request(self._finish)
        self._web_ui.template_args["extended_tabs"] = [
            *self._web_ui.template_args.get("extended_tabs", ()),
            _TAB,
        ]

    def _add_routes(self) -> None:
        routes: tuple[tuple[str, Callable[..., Any]], ...] = (
            ("/chat", self._panel_page),
            ("/chat/runs", self._runs_page),
            ("/chat/live", self._live),
            ("/chat/form", self._form),
            ("/chat/runs.json", self._runs_json),
            ("/chat/runs/<run_id>/<name>", self._file),
            ("/chat/report", self._report_so_far),
            ("/chat/compare", self._compare),
        )
        for path, view in routes:
            self.add_route(path, view)
        self.add_route("/chat/plan", self._plan, methods=["POST"])
        # Scripts and styles hold no data, and the page of the login may need them.
        self.blueprint.add_url_rule("/chat/static/<path:name>", "static_file", self._static)
        self.blueprint.add_url_rule("/chat/plotly-<version>.min.js", "plotly", self._plotly)

    def add_route(
        self, path: str, view: Callable[..., Any], methods: Iterable[str] = ("GET",)
    ) -> None:
        """Add a route that asks for the login where there is one."""
        wrapped = self._web_ui.auth_required_if_enabled(_named(view))
        self.blueprint.add_url_rule(
            path, view.__name__.strip("_"), wrapped, methods=list(methods), strict_slashes=False
        )

    def add_prometheus(self, login: Login | None) -> None:
        """Serve the run to Prometheus; where there is a login, with its password (basic auth)."""
        exposition = Exposition(self._desk)

        def prometheus() -> Response:
            return Response(exposition.text(), content_type=CONTENT_TYPE)

        def with_password() -> Response:
            given = request.authorization
            password = given.password if given is not None else None
            if login is None or (password is not None and not login.check(password)):
                return prometheus()
            return Response(
                "the password of the web UI is needed", 401, {"WWW-Authenticate": "Basic"}
            )

        self.blueprint.add_url_rule("/chat/prometheus", "prometheus", with_password)

    # --- before and after each request ----------------------------------------------------------

    def _check(self) -> Response | None:
        """Refuse what a foreign page sends, and check the start form before Locust takes it."""
        changes = request.endpoint in _CHANGES or (
            request.blueprint == "chat" and request.method == "POST"
        )
        if changes and is_foreign(request.headers, request.host):
            return _json({"success": False, "message": "refused: sent by another page"}, 403)
        if request.endpoint == "locust.swarm":
            return self._checked_swarm()
        return None

    def _checked_swarm(self) -> Response | None:
        """Let Locust go on with a form that is right, or answer with what is wrong."""
        if not self._is_let_in():
            return None  # Locust's own route sends it to the login
        told, problems = self._desk.accept(request.form.to_dict())
        if problems:
            return _refused(problems)
        kept = [
            (name, value)
            for name, value in request.form.items(multi=True)
            if name in ("user_classes", "shape_class")
        ]
        # Of the rest Locust takes only what was checked: it writes any field into its options.
        request.form = ImmutableMultiDict([*kept, *told.items()])
        return None

    def _is_let_in(self) -> bool:
        """Whether the present request has passed the login, where there is one."""
        passed = self._web_ui.auth_required_if_enabled(lambda: _LET_IN)
        return passed() is _LET_IN

    def _finish(self, response: Response) -> Response:
        if request.endpoint == "locust.index" and response.mimetype == "text/html":
            base = self.blueprint.url_prefix or ""
            script = f'<script type="module" src="{base}/chat/static/tab.js?v={_VERSION}"></script>'
            page = response.get_data(as_text=True)
            response.set_data(page.replace("</head>", f"{script}</head>", 1))
        if request.endpoint == "locust.request_stats" and self._desk.state != _READY:
            _with_state(response, self._desk.state)
        if request.blueprint == "chat":
            forbid_foreign_readers(response.headers, request.host_url)
        return response

    # --- pages and data --------------------------------------------------------------------------

    def _panel_page(self) -> Response:
        return self._page("panel.html")

    def _runs_page(self) -> Response:
        return self._page("runs.html")

    def _page(self, name: str) -> Response:
        text = (_PAGES / name).read_text(encoding="utf-8")
        text = text.replace("{{base}}", self.blueprint.url_prefix or "")
        response = Response(text.replace("{{version}}", _VERSION), mimetype="text/html")
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Cache-Control"] = "no-store"
        return response

    def _live(self) -> Response:
        since = request.args.get("since", 0.0, type=float)
        answer = self.screen.answer(request.args.get("run", ""), since)
        return _json({**answer, "charts": f"plotly-{_plotly_version()}.min.js"})

    def _form(self) -> Response:
        form = self._desk.form()
        return _json(
            {
                "profiles": [
                    {"name": each.name, "description": each.description} for each in form.profiles
                ],
                "values": dict(form.values),
                "placeholders": dict(form.placeholders),
                "can_choose_profile": form.can_choose_profile,
            }
        )

    def _plan(self) -> Response:
        plan, problems = self._desk.plan(request.form.to_dict())
        return _json({"plan": dict(plan), "problems": [each.to_dict() for each in problems]})

    def _runs_json(self) -> Response:
        return _json({"runs": self._runs.rows(), "studies": study_rows(self._desk.results_folder)})

    def _file(self, run_id: str, name: str) -> Response:
        path = self._runs.file(run_id, name)
        if path is None:
            abort(404)
        is_page = name.endswith(".html")
        response = send_file(path, as_attachment=not is_page, download_name=f"{run_id}-{name}")
        if is_page:
            # A report is one file with its own style, and runs no script.
            response.headers["Content-Security-Policy"] = (
                "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
            )
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def _report_so_far(self) -> Response:
        run = self._desk.run
        if run is None:
            return Response("There was no run yet.", 404, mimetype="text/plain")
        return Response(run.report(), mimetype="text/html")

    def _compare(self) -> Response:
        named = (request.args.get("base", ""), request.args.get("candidate", ""))
        base, candidate = map(self._runs.folder, named)
        if base is None or candidate is None:
            return Response("Name two runs of the list.", 404, mimetype="text/plain")
        try:
            return Response(comparison_page(base, candidate), mimetype="text/html")
        except UsageError as error:
            return Response(str(error), 422, mimetype="text/plain")

    def _static(self, name: str) -> Response:
        is_named = request.args.get("v") == _VERSION
        return send_from_directory(_STATIC, name, max_age=_LONG_S if is_named else 0)

    def _plotly(self, version: str) -> Response:
        if version != _plotly_version():
            abort(404)
        response = send_file(_plotly_path(), mimetype="text/javascript", max_age=_LONG_S)
        response.headers["Cache-Control"] = f"public, max-age={_LONG_S}, immutable"
        return response


_LET_IN = Response()
_VERSION = "-".join(
    (loadtest.__version__, format(max(p.stat().st_mtime_ns for p in _STATIC.iterdir()), "x"))
)
"""Changes with the files, so that a browser never keeps an old one."""


@functools.cache
def _plotly_version() -> str:
    return importlib.metadata.version("plotly")


@functools.cache
def _plotly_path() -> Path:
    """Return the charts' library in the installed package; importing that would take a second.

    Raises:
        UsageError: It is not there.
    """
    found = importlib.util.find_spec("plotly")
    paths = list(found.submodule_search_locations or ()) if found is not None else []
    for path in paths:
        script = Path(path) / "package_data" / "plotly.min.js"
        if script.is_file():
            return script
    raise UsageError(f"plotly {_plotly_version()}: it has no plotly.min.js; install plotly again")


def _with_state(response: Response, state: str) -> None:
    """Tell Locust's page the present state instead of one that Locust has remembered.

    It keeps the answer for two seconds. A page that is loaded right after a start would learn that
    nothing runs, and ask no more.
    """
    content = response.get_data()
    if b'"ready"' not in content:
        return
    report = orjson.loads(content)
    if report.get("state") == _READY:
        response.set_data(orjson.dumps(report | {"state": state}))


def _named(view: Callable[..., Any]) -> Callable[..., Any]:
    """Return a plain function for a bound method, as the wrapper of the login sets attributes."""

    @functools.wraps(view)
    def plain(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - a view of any shape
        return view(*arguments, **named)

    return plain


def _json(content: Mapping[str, Any], status: int = 200) -> Response:
    response = Response(
        orjson.dumps(content, default=str, option=orjson.OPT_NON_STR_KEYS),
        status,
        mimetype="application/json",
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _refused(problems: Iterable[FormProblem]) -> Response:
    listed = list(problems)
    message = "; ".join(each.text for each in listed)
    return _json(
        {
            "success": False,
            "message": message,
            "problems": [each.to_dict() for each in listed],
            "host": "",
        }
    )
