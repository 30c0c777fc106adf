"""Pages and routes in Locust's own web server: what they answer, and to whom."""

import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from locust.env import Environment
from locust.event import Events
from locust.web import WebUI

from loadtest.report import RunFolder
from loadtest.web.desk import FormProblem
from loadtest.web.login import Login
from loadtest.web.mount import ChatPages
from tests.support.locust_process import Guest, parsed
from tests.support.summaries import passing_summary
from tests.support.web_desk import FakeDesk, FakeRun

RUN = "20261126T020053Z-smoke-26e8"
OURS = (
    "/chat",
    "/chat/runs",
    "/chat/live",
    "/chat/form",
    "/chat/runs.json",
    "/chat/report",
    "/chat/compare",
)


class Server:
    """Locust's web server with our pages, without a socket."""

    def __init__(
        self, results: Path, base: str = "", password: str = "", *, has_prometheus: bool = False
    ) -> None:
        self.base = base
        self.environment = Environment(
            events=Events(),  # type: ignore[no-untyped-call]
            user_classes=[Guest],
            parsed_options=parsed(results),
        )
        self.environment.create_local_runner()
        self.web_ui = WebUI(
            self.environment,
            "",
            0,
            web_base_path=base or None,
            web_login=bool(password),
            delayed_start=True,
        )
        self.desk = FakeDesk(results)
        pages = ChatPages(self.web_ui, self.desk, base)
        app: Flask | None = self.web_ui.app
        assert app is not None
        login = Login(password, f"{base}/") if password else None
        if login is not None:
            manager: Any = self.web_ui.login_manager
            self.web_ui.auth_args.update(
                login.install(app, pages.blueprint, manager, is_secure=False)  # type: ignore[typeddict-item]
            )
        if has_prometheus:
            pages.add_prometheus(login)
        pages.mount()
        app.debug = False
        self.client: FlaskClient = app.test_client()

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(self.base + path, buffered=True, **more)

    def post(self, path: str, data: dict[str, str], **more: Any) -> Any:
        return self.client.post(self.base + path, data=data, buffered=True, **more)


@pytest.fixture(autouse=True)
def _no_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locust reads the command line for each page."""
    monkeypatch.setattr(sys, "argv", ["locust"])


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


@pytest.mark.parametrize("base", ["", "/lt"])
def test_every_page_is_there_below_the_base_path(tmp_path: Path, base: str) -> None:
    server = Server(tmp_path, base)
    server.desk.run = FakeRun(tmp_path / RUN)

    for path in OURS[:-1]:
        assert server.get(path).status_code == 200, path
    assert f'src="{base}/chat/static/page.js' in server.get("/chat").text
    assert f'src="{base}/chat/static/tab.js' in server.get("/").text
    assert '"component": "chat-panel"' in server.get("/").text


@pytest.mark.parametrize("base", ["", "/lt"])
def test_every_page_asks_for_the_login_where_there_is_one(tmp_path: Path, base: str) -> None:
    server = Server(tmp_path, base, password="open sesame")
    server.desk.run = FakeRun(tmp_path / RUN)
    for path in (*OURS, f"/chat/runs/{RUN}/summary.json"):
        answer = server.get(path)
        assert answer.status_code == 302, path
        assert answer.location.startswith(f"{base}/login")
    assert server.post("/chat/plan", {}).status_code == 302
    assert server.post("/swarm", {"user_count": "1"}).status_code == 302
    assert server.desk.accepted == []
    assert server.post("/chat/login", {"password": "wrong"}).location == f"{base}/login"
    assert server.get("/chat/live").status_code == 302
    assert server.post("/chat/login", {"password": "open sesame"}).location == f"{base}/"

    assert server.get("/chat/live").status_code == 200


def test_the_login_page_tells_no_secret(tmp_path: Path) -> None:
    server = Server(tmp_path, password="open sesame")
    assert "open sesame" not in server.get("/login").text


@pytest.mark.parametrize("path", ["/swarm", "/stop", "/stats/reset", "/chat/plan", "/user"])
def test_what_a_foreign_page_sends_is_refused(server: Server, path: str) -> None:
    headers = {"Origin": "http://evil.example"}
    method = server.client.get if path == "/stats/reset" else server.client.post
    answer = method(path, headers=headers, data=None if path == "/stats/reset" else {"a": "b"})

    assert answer.status_code in (403, 405)
    assert server.desk.accepted == []


def test_a_foreign_page_may_not_read(server: Server) -> None:
    answer = server.get("/chat/live", headers={"Origin": "http://evil.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost"


def test_a_wrong_value_is_refused_beside_its_field_and_locust_never_hears_of_it(
    server: Server,
) -> None:
    server.desk.problems = [FormProblem("devices", "devices is '0'; it must be more")]
    answer = server.post("/swarm", {"devices": "0", "user_count": "1", "spawn_rate": "1"})

    assert answer.json["success"] is False
    assert answer.json["message"] == "devices is '0'; it must be more"
    assert answer.json["problems"] == [server.desk.problems[0].to_dict()]
    assert server.environment.runner is not None
    assert server.environment.runner.state == "ready"


def test_locust_takes_only_what_was_checked(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own route writes every field that is sent into its options."""
    started: list[tuple[int, float]] = []
    runner: Any = server.environment.runner
    monkeypatch.setattr(runner, "start", lambda users, rate: started.append((users, rate)))
    answer = server.post("/swarm", {"devices": "x", "results": "/etc", "user_count": "99"})
    greenlet: Any = server.web_ui._swarm_greenlet
    greenlet.join()

    assert answer.json["success"] is True
    assert started == [(5, 1.0)]
    options: Any = server.environment.parsed_options
    assert options.results != "/etc"
    assert server.desk.accepted[0]["devices"] == "x"


def test_a_page_that_is_loaded_right_after_a_start_learns_of_it(server: Server) -> None:
    """Locust remembers its answer for two seconds, and its page believes it for good."""
    assert server.get("/stats/requests").json["state"] == "ready"
    server.desk.state = "spawning"

    assert server.get("/stats/requests").json["state"] == "spawning"


def test_plans_and_problems_are_told_while_somebody_types(server: Server) -> None:
    assert server.post("/chat/plan", {"devices": "4"}).json["plan"] == {"deliveries_per_s": 12.0}
    server.desk.problems = [FormProblem("host", "no")]

    assert server.post("/chat/plan", {}).json["problems"] == [{"field": "host", "text": "no"}]


def test_what_a_profile_says_is_text(server: Server) -> None:
    """It passes as JSON, and the scripts set it as text."""
    answer = server.get("/chat/form")

    assert answer.mimetype == "application/json"
    assert answer.json["profiles"][0]["description"] == "<b>everything</b>"


def test_no_script_of_ours_makes_html_of_text() -> None:
    static = Path(__file__).parent.parent.parent / "loadtest" / "web" / "static"
    for script in static.glob("*.js"):
        text = script.read_text()
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert word not in text, f"{script.name}: {word}"


def test_the_charts_library_is_kept_for_long_and_named_by_its_version(server: Server) -> None:
    name = server.get("/chat/live").json["charts"]
    answer = server.get(f"/chat/{name}")

    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert "plotly.js" in answer.get_data()[:200].decode()
    assert server.get("/chat/plotly-0.0.min.js").status_code == 404


def test_our_own_scripts_are_asked_for_again_unless_they_carry_their_version(
    server: Server,
) -> None:
    assert server.get("/chat/static/panel.js").headers["Cache-Control"] == "no-cache, max-age=0"
    assert server.get("/chat/static/../mount.py").status_code == 404


def test_the_files_of_a_run_can_be_had(server: Server) -> None:
    folder = server.desk.results_folder / RUN
    folder.mkdir()
    RunFolder(folder).write_summary(passing_summary())
    (folder / "report.html").write_text("<title>report</title>")
    summary = server.get(f"/chat/runs/{RUN}/summary.json")
    report = server.get(f"/chat/runs/{RUN}/report.html")

    assert "attachment" in summary.headers["Content-Disposition"]
    assert "attachment" not in report.headers["Content-Disposition"]
    assert report.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert server.get(f"/chat/runs/{RUN}/nothing").status_code == 404
    assert [run["run_id"] for run in server.get("/chat/runs.json").json["runs"]] == [RUN]


def test_two_runs_can_be_compared(server: Server) -> None:
    others = (RUN, RUN.replace("smoke", "ci"))
    for name in others:
        folder = server.desk.results_folder / name
        folder.mkdir()
        RunFolder(folder).write_summary(passing_summary())
    page = server.get("/chat/compare", query_string={"base": RUN, "candidate": others[1]})

    assert page.status_code == 200
    assert RUN in page.text
    assert server.get("/chat/compare", query_string={"base": RUN}).status_code == 404
    outside = {"base": RUN, "candidate": "../../etc"}
    assert server.get("/chat/compare", query_string=outside).status_code == 404


def test_without_a_run_there_is_no_report_so_far(server: Server) -> None:
    assert server.get("/chat/report").status_code == 404
    server.desk.run = FakeRun(server.desk.results_folder / RUN)

    assert "so far" in server.get("/chat/report").text


def test_prometheus_is_served_only_if_it_is_asked_for(tmp_path: Path) -> None:
    assert Server(tmp_path).get("/chat/prometheus").status_code == 404
    answer = Server(tmp_path, has_prometheus=True).get("/chat/prometheus")

    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert 'loadtest_run_state{state="idle"} 1' in answer.text


def test_prometheus_brings_the_password_where_there_is_a_login(tmp_path: Path) -> None:
    server = Server(tmp_path, password="open sesame", has_prometheus=True)

    assert server.get("/chat/prometheus").status_code == 401
    assert server.get("/chat/prometheus", auth=("any", "wrong")).status_code == 401
    assert server.get("/chat/prometheus", auth=("any", "open sesame")).status_code == 200
