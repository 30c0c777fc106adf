import pytest

from loadtest.chat.dialect import DIALECT_1, DIALECT_2
from loadtest.errors import RemoteProtocolError
from loadtest.server.events.connection import Connection, Subscription
from loadtest.wire.stomp import encode
from tests.support.chat_devices import FakeSocket

ACK = encode("ACK", (("id", "1"), ("subscription", "s")))
SEND = encode("SEND", (("destination", "/d"), ("content-length", "5")), b"a\0b\0c")


@pytest.fixture
def connection() -> Connection:
    return Connection(FakeSocket(), "key", 100_000)


def test_the_first_destination_tells_the_dialect(connection: Connection) -> None:
    connection.speaks(DIALECT_1)
    connection.speaks(DIALECT_2)

    assert connection.dialect is DIALECT_1


def test_a_whole_ack_is_known_without_parsing(connection: Connection) -> None:
    assert connection.is_lone_ack(ACK)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(ACK + ACK, id="two of them"),
        pytest.param(ACK[:-1], id="without its end"),
        pytest.param(ACK + b"\n", id="with a heart-beat behind it"),
        pytest.param(SEND, id="another command"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_anything_else_is_for_the_parser(connection: Connection, data: bytes) -> None:
    assert not connection.is_lone_ack(data)


def test_what_looks_like_an_ack_inside_a_body_is_not_one(connection: Connection) -> None:
    """A frame may be split over WebSocket messages, and its body may hold any bytes."""
    whole = encode("SEND", (("destination", "/d"),), b"x\0" + ACK)
    cut = whole.index(ACK)

    first = connection.feed(whole[:cut])
    looks_like_ack = connection.is_lone_ack(whole[cut : cut + len(ACK)])
    rest = connection.feed(whole[cut:])

    assert first == []
    assert not looks_like_ack
    assert [frame.body for frame in rest if frame] == [b"x\0" + ACK]


def test_an_ack_is_known_again_after_a_split_frame_is_complete(connection: Connection) -> None:
    connection.feed(ACK[:5])
    connection.feed(ACK[5:])

    assert connection.is_lone_ack(ACK)


def test_a_heart_beat_between_frames_changes_nothing(connection: Connection) -> None:
    connection.feed(b"\n")

    assert connection.is_lone_ack(ACK)


def test_a_piece_with_more_nuls_than_frames_leaves_it_open(connection: Connection) -> None:
    connection.feed(SEND + SEND[:-4])

    assert not connection.is_lone_ack(ACK)


def test_bytes_that_are_not_stomp_are_the_devices_fault(connection: Connection) -> None:
    with pytest.raises(RemoteProtocolError):
        connection.feed(b"NONSENSE\n\n\0")


def test_only_the_own_subscriptions_to_a_topic_are_found(connection: Connection) -> None:
    for number, topic in enumerate(["channels/1", "channels/2", "channels/1"]):
        subscription = Subscription(str(number), connection, "/d", topic, wants_ack=True)
        connection.subscriptions[subscription.id] = subscription

    assert [found.id for found in connection.subscriptions_to("channels/1")] == ["0", "2"]
