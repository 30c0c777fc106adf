"""What the client asks, and what it makes of the answers; none of it on sockets."""

import pytest
import requests

from loadtest.errors import TargetError
from loadtest.provisioning.access import ApiAccess, PathStyle
from loadtest.provisioning.platform_client import RefusedCallError
from tests.support.platform_worlds import (
    ACCESS,
    NoPause,
    PlatformWorld,
    ScriptedAnswers,
    answer,
    client_of,
)

TOKEN = {"access_token": "t-1", "expires_in": 60}
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


@pytest.mark.parametrize(
    ("style", "path", "content_type", "names"),
    [
        (PathStyle.PLAIN, "/users", "application/vnd.chatkitty+json", ("display_name", "is_guest")),
        (PathStyle.V1, "/v1/users", "application/json", ("displayName", "isGuest")),
    ],
)
def test_a_call_is_written_in_its_style(
    style: PathStyle, path: str, content_type: str, names: tuple[str, str]
) -> None:
    server = ScriptedAnswers(answer(200, TOKEN), answer(200, JANE))
    access = ApiAccess(ACCESS.api_url, ACCESS.token_url, style)

    client_of(server, access).create_user("jane", {"a": 1})

    asked = server.asked[1]
    assert (asked.path, asked.headers["content-type"]) == (path, content_type)
    assert content_type in asked.headers["accept"]
    assert asked.json == {"name": "jane", names[0]: "jane", names[1]: False, "properties": {"a": 1}}


@pytest.mark.parametrize("style", list(PathStyle))
def test_users_and_channels_are_made_found_and_removed(style: PathStyle) -> None:
    world = PlatformWorld()
    client = world.client(style)

    user = client.create_user("jane", {"a": 1})
    assert user is not None
    channel = client.create_channel({"type": "PUBLIC", "name": "lobby", "members": ["jane"]})

    assert client.create_user("jane", {}) is None
    assert client.find_user("jane") == client.user(user.id) == user
    assert client.channel(channel.id) == channel
    assert list(client.channels()) == [channel]
    assert [client.delete_channel(channel.id), client.delete_channel(channel.id)] == [True, False]
    assert [client.delete_user(user.id), client.delete_user(user.id)] == [True, False]
    assert client.user(user.id) is client.channel(channel.id) is client.find_user("jane") is None
    assert world.counts == {"users": 0, "channels": 0, "messages": 0}


def test_a_user_is_found_on_a_later_page_of_a_server_that_filters_nothing() -> None:
    pages = [
        {"_embedded": {"users": [{"id": n, "name": name}]}, "page": {"totalPages": 2}}
        for n, name in enumerate(("janet", "jane"))
    ]
    server = ScriptedAnswers(answer(200, TOKEN), *(answer(200, page) for page in pages))

    found = client_of(server).find_user("jane")

    assert found is not None
    assert found.id == 1
    assert [each.path for each in server.asked[1:]] == [
        "/users?name=jane&page=0&size=100",
        "/users?name=jane&page=1&size=100",
    ]


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
        ({"name": "jane"}, "the id None; it is no number"),
        ([], "the id None; it is no number"),
    ],
)
def test_an_answer_that_makes_no_sense_is_told(content: object, problem: str) -> None:
    server = ScriptedAnswers(answer(200, TOKEN), answer(200, content))

    with pytest.raises(TargetError, match=problem):
        client_of(server).user(7)


def test_a_token_endpoint_without_a_token_is_told() -> None:
    with pytest.raises(TargetError, match="has no access_token"):
        client_of(ScriptedAnswers(answer(200, {"token": "x"}))).sign_in()


def test_a_bad_request_may_mean_that_the_name_is_in_use() -> None:
    page = {"_embedded": {"users": [JANE]}, "page": {"total_pages": 1}}
    refusal = answer(400, {"message": "name taken"})
    server = ScriptedAnswers(answer(200, TOKEN), refusal, answer(200, page))

    assert client_of(server).create_user("jane", {}) is None

    refusal = answer(400, {"message": "name too long"})
    server = ScriptedAnswers(answer(200, TOKEN), refusal, answer(200, {}))
    with pytest.raises(RefusedCallError, match="name too long"):
        client_of(server).create_user("j" * 1_000, {})
