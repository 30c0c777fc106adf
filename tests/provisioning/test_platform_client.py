"""What the client asks, and what it makes of the answers; none of it on sockets."""

import pytest

from loadtest.errors import TargetError
from loadtest.provisioning.access import ApiAccess, PathStyle
from loadtest.provisioning.calls import RefusedCallError
from tests.support.platform_worlds import (
    ACCESS,
    PlatformWorld,
    ScriptedAnswers,
    answer,
    client_of,
)

TOKEN = {"access_token": "t-1", "expires_in": 60}
JANE = {"id": 7, "name": "jane", "properties": {"a": 1}}


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


def test_a_bad_request_may_mean_that_the_name_is_in_use() -> None:
    page = {"_embedded": {"users": [JANE]}, "page": {"total_pages": 1}}
    refusal = answer(400, {"message": "name taken"})
    server = ScriptedAnswers(answer(200, TOKEN), refusal, answer(200, page))

    assert client_of(server).create_user("jane", {}) is None

    refusal = answer(400, {"message": "name too long"})
    server = ScriptedAnswers(answer(200, TOKEN), refusal, answer(200, {}))
    with pytest.raises(RefusedCallError, match="name too long"):
        client_of(server).create_user("j" * 1_000, {})


@pytest.mark.parametrize(
    "page", [{"_embedded": None}, {"_embedded": {"users": [7]}}, {"page": {"totalPages": "many"}}]
)
def test_a_page_that_makes_no_sense_is_told(page: object) -> None:
    server = ScriptedAnswers(answer(200, TOKEN), answer(200, page))

    with pytest.raises(TargetError, match="an answer cannot be used: "):
        client_of(server).find_user("jane")
