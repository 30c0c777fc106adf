import pytest

from loadtest.server.settings import ServerSettings
from tests.support.chat_devices import ChatWorld, FakeDevice

STARTED = ["thread.typing.started", "participant.typing.started"]
STOPPED = ["thread.typing.stopped", "participant.typing.stopped"]


class Scene:
    """Alice watches bob type, carol sees it in her list of channels."""

    def __init__(self) -> None:
        self.world = ChatWorld(ServerSettings(typing_timeout_s=3.0))
        self.alice, self.bob, self.carol = (
            self.world.device(name) for name in ("alice", "bob", "carol")
        )
        self.channel = self.world.lobby(self.alice, "bob", "carol")
        self.alice.enter(self.channel)
        self.session = self.bob.enter(self.channel)
        self.world.hush()

    def press(self, keys: str, device: FakeDevice | None = None) -> str:
        return (device or self.bob).act(self.channel["_actions"]["keystrokes"], {"keys": keys})


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_every_keystroke_is_passed_on(scene: Scene) -> None:
    scene.press("h")
    scene.press("he")

    keystrokes = scene.alice.take_events("thread.keystrokes")
    assert [(each["username"], each["keys"]) for _, each in keystrokes] == [
        ("bob", "h"),
        ("bob", "he"),
    ]


def test_typing_starts_once(scene: Scene) -> None:
    scene.press("h")
    scene.press("he")

    types = scene.alice.take_types()
    assert types == ["thread.keystrokes.created", *STARTED, "thread.keystrokes.created"]


def test_members_without_a_chat_session_see_it_in_their_list(scene: Scene) -> None:
    scene.press("h")

    assert scene.carol.take_types() == ["participant.typing.started"]


def test_the_typist_sees_it_too(scene: Scene) -> None:
    scene.press("h")

    assert scene.bob.take_types() == ["thread.keystrokes.created", *STARTED]


def test_typing_stops_after_a_pause(scene: Scene) -> None:
    scene.press("h")
    scene.alice.take()

    scene.world.pass_time(2.95)
    before = scene.alice.take_types()
    scene.world.pass_time(0.1)

    assert before == []
    assert scene.alice.take_types() == STOPPED


def test_more_keystrokes_put_the_pause_off(scene: Scene) -> None:
    scene.press("h")
    scene.world.pass_time(2)
    scene.press("he")
    scene.world.pass_time(2)
    before = scene.alice.take_types("thread.typing")

    scene.world.pass_time(1.1)

    assert before == STARTED[:1]
    assert scene.alice.take_types() == STOPPED


def test_empty_keys_stop_it_at_once(scene: Scene) -> None:
    scene.press("h")
    scene.alice.take()

    scene.press("")

    assert scene.alice.take_types() == ["thread.keystrokes.created", *STOPPED]


def test_a_sent_message_stops_it(scene: Scene) -> None:
    scene.press("h")
    scene.alice.take()

    scene.bob.act(scene.channel["_actions"]["message"], {"type": "TEXT", "body": "hi"})

    assert scene.alice.take_types() == ["channel.message.created", *STOPPED]


def test_the_end_of_the_last_chat_session_stops_it(scene: Scene) -> None:
    scene.press("h")
    scene.alice.take()

    scene.bob.unsubscribe(*scene.session)

    assert scene.alice.take_types() == [*STOPPED, "channel.participant.inactive"]


def test_an_old_timer_does_not_stop_new_typing(scene: Scene) -> None:
    scene.press("h")
    scene.world.pass_time(2)
    scene.press("")
    scene.press("new")
    scene.alice.take()

    scene.world.pass_time(2)

    assert scene.alice.take_types() == []


def test_keystrokes_without_a_receipt_are_taken(scene: Scene) -> None:
    destination = scene.channel["_actions"]["keystrokes"]

    scene.bob.say("SEND", {"destination": destination}, b'{"keys":"h"}')

    assert scene.alice.take_types("thread.keystrokes") == ["thread.keystrokes.created"]
