"""How a call is made: tokens, patience, and answers of no use; none of it on sockets."""

import pytest
import requests

from loadtest.errors import TargetError
from loadtest.provisioning.access import ApiAccess
from loadtest.provisioning.calls import RefusedCallError
from tests.support.platform_worlds import ACCESS, NoPause, ScriptedAnswers, answer, client_of

TOKEN = {"access_token": "t-1", "expires_in": 60}
URLS = (ACCESS.api_url, ACCESS.token_url)
JANE = {"id": 7, "name": "jane", "properties": {"a": 1}}


def test_a_token_is_asked_for_as_documented_and_used_for_every_call() -> None:
    server = ScriptedAnswers(answer(200, TOKEN), answer(200, JANE), answer(200, JANE))
    client = client_of(server)

    client.user(7)
    client.user(7)

    token, first, second = server.asked
    assert (token.method, token.path) == ("POST", "/oauth/token")
    assert token.headers["authorization"].startswith("Basic ")
    assert token.headers["content-type"].startswith("multipart/form-data")
    assert b'name="grant_type"' in token.body
    assert {first.headers["authorization"], second.headers["authorization"]} == {"Bearer t-1"}


# --- patience ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "passing",
    [
        answer(429, {"message": "slower"}),
        answer(503, b"<html>"),
        requests.ConnectionError("reset"),
        requests.Timeout("slow"),
    ],
    ids=["429", "503", "lost connection", "timeout"],
)
def test_what_passes_is_tried_again_after_a_pause(passing: requests.Response | Exception) -> None:
    stop = NoPause()
    server = ScriptedAnswers(answer(200, TOKEN), passing, answer(200, JANE))

    found = client_of(server, stop=stop).user(7)

    assert found is not None
    assert len(stop.pauses_s) == 1


def test_the_pauses_grow_and_the_attempts_are_bounded() -> None:
    stop = NoPause()
    access = ApiAccess(ACCESS.api_url, ACCESS.token_url, attempts=12)
    refusals = [answer(500, {"message": "broken"}) for _ in range(12)]
    server = ScriptedAnswers(answer(200, TOKEN), *refusals)

    with pytest.raises(RefusedCallError, match=r"GET http://chat\.test/users/7: answered 500: bro"):
        client_of(server, access, stop).user(7)

    assert len(stop.pauses_s) == 11
    assert 0.125 <= stop.pauses_s[0] <= 0.25
    assert stop.pauses_s[4] > 4 * stop.pauses_s[0]
    assert max(stop.pauses_s) <= 30


def test_a_server_says_how_long_it_is_to_be_left_alone() -> None:
    stop = NoPause()
    limited = answer(429, {}, {"Retry-After": "7"})
    server = ScriptedAnswers(answer(200, TOKEN), limited, answer(200, JANE))

    client_of(server, stop=stop).user(7)

    assert stop.pauses_s == [7.0]


def test_a_stop_ends_a_pause_and_the_call() -> None:
    stop = NoPause()
    stop.set()
    server = ScriptedAnswers(answer(200, TOKEN), answer(503))

    with pytest.raises(TargetError, match="stopped before it was answered"):
        client_of(server, stop=stop).user(7)


def test_an_expired_token_is_replaced_once() -> None:
    denied = {"error": "access_denied", "error_description": "the token has expired"}
    renewed = {"access_token": "t-2"}
    server = ScriptedAnswers(
        answer(200, TOKEN), answer(401, denied), answer(200, renewed), answer(200, JANE)
    )

    client_of(server).user(7)

    assert server.asked[-1].headers["authorization"] == "Bearer t-2"

    server = ScriptedAnswers(
        answer(200, TOKEN), answer(401, denied), answer(200, TOKEN), answer(401, denied)
    )
    with pytest.raises(RefusedCallError, match="the token has expired; check LOADTEST_CLIENT_ID"):
        client_of(server).user(7)


# --- what cannot be used ----------------------------------------------------------------------


def test_wrong_credentials_are_told_with_the_remedy() -> None:
    denied = {"error": "access_denied", "error_description": "not known here"}
    server = ScriptedAnswers(answer(401, denied))

    with pytest.raises(TargetError, match="not known here; check LOADTEST_CLIENT_ID") as caught:
        client_of(server).sign_in()

    assert "secret" not in str(caught.value)


def test_a_server_that_is_not_there_is_told_with_its_address() -> None:
    server = ScriptedAnswers(*(requests.ConnectionError(OSError("refused")) for _ in range(3)))

    with pytest.raises(TargetError, match=r"POST http://chat\.test/oauth/token: no answer: refuse"):
        client_of(server).sign_in()


def test_a_certificate_that_is_not_trusted_is_not_tried_again() -> None:
    server = ScriptedAnswers(requests.exceptions.SSLError("self-signed certificate"))

    with pytest.raises(TargetError, match="self-signed certificate"):
        client_of(server).sign_in()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"<html>", "the answer '<html>' is not JSON"),
        ({"name": "jane"}, "an answer cannot be used: .*`id`"),
        ({"id": "7"}, "an answer cannot be used: Expected `int`"),
        ([], "an answer cannot be used: .*`id`"),
    ],
)
def test_an_answer_that_makes_no_sense_is_told(content: object, problem: str) -> None:
    server = ScriptedAnswers(answer(200, TOKEN), answer(200, content))

    with pytest.raises(TargetError, match=problem):
        client_of(server).user(7)


def test_a_token_endpoint_without_a_token_is_told() -> None:
    with pytest.raises(TargetError, match="has no access_token"):
        client_of(ScriptedAnswers(answer(200, {"token": "x"}))).sign_in()


def test_any_good_status_will_do_with_a_body_or_without_one() -> None:
    server = ScriptedAnswers(answer(201, TOKEN), answer(201, JANE), answer(204, b""))
    client = client_of(server)

    assert client.create_user("jane", {}) is not None
    assert client.delete_user(7)


def test_whoever_sends_us_elsewhere_is_not_followed() -> None:
    """The token is for the server that was named."""
    server = ScriptedAnswers(answer(302, {}, {"Location": "http://elsewhere.test/"}))

    with pytest.raises(RefusedCallError, match="answered 302"):
        client_of(server).sign_in()


# --- the way to the server --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("access", "way"),
    [
        (ApiAccess(*URLS), {"verify": True, "cert": None, "proxies": {}}),
        (
            ApiAccess(*URLS, ca_file="ca.pem", client_certificate="me.pem"),
            {"verify": "ca.pem", "cert": "me.pem", "proxies": {}},
        ),
        (
            ApiAccess(
                *URLS,
                client_certificate="me.pem",
                client_key="key.pem",
                is_verified=False,
                proxy="http://p:1",
            ),
            {
                "verify": False,
                "cert": ("me.pem", "key.pem"),
                "proxies": {"http": "http://p:1", "https": "http://p:1"},
            },
        ),
    ],
    ids=["nothing set", "files", "all"],
)
def test_calls_go_the_way_that_was_set_whatever_the_environment_says(
    access: ApiAccess, way: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://ambient:3128")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/ambient.pem")
    server = ScriptedAnswers(answer(200, TOKEN), answer(200, JANE))
    client_of(server, access).user(7)

    assert [dict(each, proxies=dict(each["proxies"])) for each in server.ways] == [way, way]


def test_what_a_server_says_is_harmless_on_a_terminal() -> None:
    refusal = answer(400, {"message": "\x1b[2J\r\nPASS"})
    server = ScriptedAnswers(answer(200, TOKEN), refusal)
    with pytest.raises(RefusedCallError, match="answered 400: \ufffd\\[2J PASS"):
        client_of(server).user(7)
