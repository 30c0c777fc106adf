"""What the Platform API does, without sockets."""

import json

import pytest

from loadtest.server.http.platform_api import is_platform_path
from tests.support.chat_devices import ChatWorld
from tests.support.platform_caller import PlatformCaller


@pytest.fixture
def world() -> ChatWorld:
    return ChatWorld()


@pytest.fixture
def api(world: ChatWorld) -> PlatformCaller:
    return PlatformCaller(world.chat)


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("/users", True),
        ("/v1/channels/4/members", True),
        ("/oauth/token", True),
        ("/v1", False),
        ("/stats", False),
        ("/usersandmore", False),
    ],
)
def test_its_paths_are_known(path: str, is_one: bool) -> None:
    assert is_platform_path(path) is is_one


# --- users ------------------------------------------------------------------------------------


def test_a_created_user_can_be_found_and_is_no_guest(api: PlatformCaller) -> None:
    created = api.user("jane", display_name="Jane Doe", properties={"a": 1})

    assert (created["display_name"], created["isGuest"], created["properties"]) == (
        "Jane Doe",
        False,
        {"a": 1},
    )
    assert api.result("GET", f"/users/{created['id']}") == created
    assert api.result("GET", "/users?name=jane")["_embedded"]["users"] == [created]
    assert api.call("HEAD", "/users?name=jane") == (200, None)
    assert api.call("HEAD", "/users?name=june") == (404, None)


def test_the_older_paths_speak_camel_case(world: ChatWorld) -> None:
    api = PlatformCaller(world.chat, "/v1")

    created = api.user("jane", displayName="Jane Doe", isGuest=True)

    assert (created["displayName"], created["isGuest"]) == ("Jane Doe", True)
    assert api.result("GET", "/users?page=0&size=1")["page"]["totalElements"] == 1


def test_the_answer_has_the_content_type_of_its_style(world: ChatWorld) -> None:
    api = PlatformCaller(world.chat)
    api.sign_in()
    bearer = f"Bearer {api.token}"

    assert api.raw("GET", "/users", authorization=bearer)[1] == "application/vnd.chatkitty+json"
    assert api.raw("GET", "/v1/users", authorization=bearer)[1] == "application/json"


def test_a_name_that_is_in_use_is_a_conflict(api: PlatformCaller, world: ChatWorld) -> None:
    world.device("jane")

    status, problem = api.call("POST", "/users", {"name": "jane"})

    assert (status, problem["error"]) == (409, "ConflictError")
    assert "jane" in problem["message"]


def test_a_device_connects_as_the_user_that_was_made_for_it(
    api: PlatformCaller, world: ChatWorld
) -> None:
    created = api.user("jane")

    device = world.device("jane")

    assert (device.resource["id"], device.resource["isGuest"]) == (created["id"], False)


def test_a_deleted_user_is_gone_from_its_channels_and_disconnected(
    api: PlatformCaller, world: ChatWorld
) -> None:
    jane, _ = world.device("jane"), world.device("bob")
    lobby = api.channel("PUBLIC", "jane", "bob", name="lobby")
    direct = api.channel("DIRECT", "jane", "bob")

    assert api.call("DELETE", f"/users/{jane.resource['id']}") == (200, {})

    assert not jane.socket.is_open
    assert api.call("GET", f"/users/{jane.resource['id']}")[0] == 404
    assert api.call("GET", f"/channels/{direct['id']}")[0] == 404
    members = api.result("GET", f"/channels/{lobby['id']}/members")
    assert [user["name"] for user in members["_embedded"]["users"]] == ["bob"]


def test_a_user_deleted_while_in_a_chat_leaves_the_others_undisturbed(
    api: PlatformCaller, world: ChatWorld
) -> None:
    jane, bob = world.device("jane"), world.device("bob")
    lobby = world.lobby(jane, "bob")
    for device in (jane, bob):
        device.enter(device.channel(lobby["id"]))
    world.hush()

    api.result("DELETE", f"/users/{jane.resource['id']}")
    jane.lose()
    bob.send_text(lobby)

    assert world.chat.counters.as_json(0, 0.0)["chat_sessions"]["open"] == 1


# --- channels ---------------------------------------------------------------------------------


def test_a_channel_has_the_members_it_was_made_with(api: PlatformCaller) -> None:
    for name in ("jane", "bob"):
        api.user(name)

    made = api.channel("PUBLIC", "jane", "bob", name="lobby", display_name="The lobby")

    assert (made["type"], made["name"], made["display_name"]) == ("PUBLIC", "lobby", "The lobby")
    assert "creator" not in made
    members = api.result("GET", f"/channels/{made['id']}/members")
    assert [user["name"] for user in members["_embedded"]["users"]] == ["jane", "bob"]


def test_members_that_are_connected_hear_of_a_new_channel(
    api: PlatformCaller, world: ChatWorld
) -> None:
    jane = world.device("jane")

    made = api.channel("PRIVATE", "jane", name="den")

    ((kind, channel),) = jane.take_events()
    assert (kind, channel["id"]) == ("user.channel.joined", made["id"])


def test_the_equivalent_channel_is_returned_instead_of_a_new_one(api: PlatformCaller) -> None:
    for name in ("jane", "bob"):
        api.user(name)

    groups = [api.channel("PRIVATE", name, name="den") for name in ("jane", "bob")]
    directs = [api.channel("DIRECT", *names) for names in (("jane", "bob"), ("bob", "jane"))]

    assert groups[0]["id"] == groups[1]["id"]
    assert directs[0]["id"] == directs[1]["id"]
    assert api.result("GET", "/channels")["page"]["total_elements"] == 2


def test_a_creator_is_the_first_member(api: PlatformCaller) -> None:
    for name in ("jane", "bob"):
        api.user(name)

    made = api.channel("PRIVATE", "bob", name="den", creator={"username": "jane"})

    assert made["creator"]["name"] == "jane"
    assert api.result("GET", f"/channels/{made['id']}/members")["page"]["total_elements"] == 2


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        pytest.param({"type": "ROUND"}, 400, "type is 'ROUND'; it must be DIRECT", id="type"),
        pytest.param({"type": "PUBLIC", "name": ""}, 400, "$.name", id="empty name"),
        pytest.param(
            {"type": "PUBLIC", "members": [{"username": "nobody"}]},
            404,
            "user 'nobody' does not exist",
            id="unknown member",
        ),
        pytest.param({"type": "DIRECT", "members": []}, 400, "it must be 2 to 10", id="direct"),
        pytest.param({"type": "PUBLIC", "name": "den"}, 409, "PRIVATE channel", id="other type"),
        pytest.param([], 400, "the body is not valid", id="no object"),
    ],
)
def test_an_impossible_channel_is_refused_with_the_reason(
    api: PlatformCaller, body: object, status: int, text: str
) -> None:
    api.channel("PRIVATE", name="den")

    found, problem = api.call("POST", "/channels", body)

    assert found == status
    assert text in problem["message"]
    assert api.result("GET", "/channels")["page"]["total_elements"] == 1


def test_a_deleted_channel_is_gone_and_its_members_hear_of_it(
    api: PlatformCaller, world: ChatWorld
) -> None:
    jane = world.device("jane")
    made = api.channel("PRIVATE", "jane", name="den")
    jane.enter(jane.channel(made["id"]))
    world.hush()

    assert api.call("DELETE", f"/channels/{made['id']}") == (200, {})

    assert jane.take_types() == ["channel.self.deleted", "user.channel.deleted"]
    assert api.call("DELETE", f"/channels/{made['id']}")[0] == 404
    assert world.chat.store.counts() == {"users": 1, "channels": 0, "messages": 0}


# --- members ----------------------------------------------------------------------------------


def test_members_come_and_go(api: PlatformCaller, world: ChatWorld) -> None:
    jane = world.device("jane")
    made = api.channel("PUBLIC", name="lobby")
    members = f"/channels/{made['id']}/members"

    api.result("POST", members, {"username": "jane"})
    api.result("POST", members, {"id": jane.resource["id"]})

    assert jane.take_types() == ["user.channel.joined"]
    assert api.result("GET", members)["page"]["total_elements"] == 1

    api.result("DELETE", f"{members}/{jane.resource['id']}")

    assert api.result("GET", members)["page"]["total_elements"] == 0
    assert api.call("DELETE", f"{members}/{jane.resource['id']}")[0] == 404


def test_participants_are_those_with_a_chat_session(api: PlatformCaller, world: ChatWorld) -> None:
    jane = world.device("jane")
    lobby = world.lobby(jane)
    path = f"/channels/{lobby['id']}/participants"

    before = api.result("GET", path)
    jane.enter(lobby)

    assert "_embedded" not in before
    assert [user["name"] for user in api.result("GET", path)["_embedded"]["users"]] == ["jane"]


def test_the_members_of_a_direct_channel_are_fixed(api: PlatformCaller) -> None:
    for name in ("jane", "bob", "eve"):
        api.user(name)
    made = api.channel("DIRECT", "jane", "bob")

    status, problem = api.call("POST", f"/channels/{made['id']}/members", {"username": "eve"})

    assert (status, problem["error"]) == (400, "ClientError")


# --- whatever else is asked -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/users/7", 404),
        ("GET", "/channels/7", 404),
        ("GET", "/channels/7/members", 404),
        ("GET", "/channels/7/nothing", 404),
        ("PUT", "/users", 405),
        ("PATCH", "/channels/7", 405),
        ("GET", "/users?page=x", 400),
        ("GET", "/users?size=0", 400),
        ("GET", f"/users/{'9' * 30}", 404),
    ],
)
def test_what_cannot_be_answered_has_its_status(
    api: PlatformCaller, world: ChatWorld, method: str, path: str, status: int
) -> None:
    found, problem = api.call(method, path)

    assert found == status
    assert problem["message"]
    assert world.chat.counters.platform_answers[str(status)] == 1


def test_nothing_is_answered_without_a_token(world: ChatWorld) -> None:
    api = PlatformCaller(world.chat)

    for authorization in ("", "Basic eDp5", "Bearer made-up"):
        status, _, content = api.raw("POST", "/users", b"{}", authorization=authorization)

        assert status == 401
        assert json.loads(content)["error"] == "access_denied"
    assert world.chat.store.counts()["users"] == 0
