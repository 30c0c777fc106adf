import pytest

from loadtest.server.events.connection import Connection, Subscription
from loadtest.server.events.publications import Completion, Publication
from loadtest.server.events.publisher import Publisher
from loadtest.server.state.statistics import Counters
from loadtest.wire.stomp import Frame
from tests.support.chat_devices import FakeSocket

TOPIC = "channels/1.messages"
PUBLICATION = Publication("channel.message.created", lambda renderer: b"{}")


class Listener:
    """A connection with one subscription."""

    def __init__(self, publisher: Publisher, topic: str = TOPIC, *, wants_ack: bool = True) -> None:
        self.socket = FakeSocket()
        self.connection = Connection(self.socket, None, 1_000)
        self.subscription = Subscription(
            "sub:1", self.connection, f"/topic/{topic}", topic, wants_ack=wants_ack
        )
        self.connection.subscriptions[self.subscription.id] = self.subscription
        publisher.add(self.subscription)

    def frames(self) -> list[Frame]:
        return [frame for frame in self.socket.frames if frame is not None]


@pytest.fixture
def counters() -> Counters:
    return Counters(started_ns=0)


@pytest.fixture
def publisher(counters: Counters) -> Publisher:
    return Publisher(counters)


def test_a_delivery_is_a_whole_frame_of_the_subscription(publisher: Publisher) -> None:
    listener = Listener(publisher)

    publisher.publish(TOPIC, PUBLICATION)

    (frame,) = listener.frames()
    assert [name for name, _ in frame.headers] == [
        "destination",
        "content-type",
        "subscription",
        "message-id",
        "ack",
        "content-length",
    ]
    assert frame.get("subscription") == "sub:1"
    assert frame.body == b'{"type":"channel.message.created","version":"v1","resource":{}}'


def test_no_two_deliveries_share_an_ack_id(publisher: Publisher) -> None:
    listeners = [Listener(publisher) for _ in range(3)]

    for _ in range(3):
        publisher.publish(TOPIC, PUBLICATION)

    ids = [frame.get("ack") for listener in listeners for frame in listener.frames()]
    assert len(set(ids)) == 9


def test_a_subscription_without_acks_gets_no_ack_id(publisher: Publisher) -> None:
    listener = Listener(publisher, wants_ack=False)

    publisher.publish(TOPIC, PUBLICATION)

    assert listener.frames()[0].get("ack") is None


def test_only_subscribers_of_the_topic_get_it(publisher: Publisher) -> None:
    other = Listener(publisher, "channels/2.messages")
    gone = Listener(publisher)
    publisher.remove(gone.subscription)

    publisher.publish(TOPIC, PUBLICATION)

    assert other.frames() == gone.frames() == []


def test_a_device_that_subscribes_twice_gets_two_copies(publisher: Publisher) -> None:
    listener = Listener(publisher)
    again = Subscription("sub:2", listener.connection, TOPIC, TOPIC, wants_ack=True)
    publisher.add(again)

    publisher.publish(TOPIC, PUBLICATION)

    assert [frame.get("subscription") for frame in listener.frames()] == ["sub:1", "sub:2"]


def test_one_copy_completes_the_action(publisher: Publisher) -> None:
    actor = Listener(publisher)
    publisher.add(Subscription("sub:2", actor.connection, TOPIC, TOPIC, wants_ack=True))
    other = Listener(publisher)
    completion = Completion(actor.connection, "receipt-1")

    publisher.publish(TOPIC, PUBLICATION, completion)

    assert [frame.get("receipt-id") for frame in actor.frames()] == ["receipt-1", None]
    assert [frame.get("receipt-id") for frame in other.frames()] == [None]


def test_the_actor_alone_is_told_what_nothing_else_completes(publisher: Publisher) -> None:
    actor, other = Listener(publisher), Listener(publisher)
    completion = Completion(actor.connection, "receipt-1")

    publisher.complete(TOPIC, PUBLICATION, completion)
    publisher.complete(TOPIC, PUBLICATION, completion)

    assert len(actor.frames()) == 1
    assert other.frames() == []


def test_deliveries_are_counted_by_kind_of_topic(publisher: Publisher, counters: Counters) -> None:
    Listener(publisher)
    Listener(publisher)
    Listener(publisher, "users/1.messages")

    publisher.publish(TOPIC, PUBLICATION)
    publisher.publish("users/1.messages", PUBLICATION)

    assert counters.published == {"channel.message.created": 2}
    assert counters.channel_deliveries == {"channel.message.created": 2}
    assert counters.user_deliveries == {"channel.message.created": 1}


def test_what_a_closed_socket_does_not_take_is_no_delivery(
    publisher: Publisher, counters: Counters
) -> None:
    Listener(publisher).socket.close()

    publisher.publish(TOPIC, PUBLICATION)

    assert counters.deliveries() == {}
