import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.server.state.refusals import RefusedError
from loadtest.server.state.store import ChannelType, Message, NewMessage, Store, StoredChannel, User


def new_channel(
    store: Store, *users: User, kind: ChannelType = ChannelType.PUBLIC, name: str = "lobby"
) -> StoredChannel:
    channel = StoredChannel(
        id=store.next_id(),
        thread_id=store.next_id(),
        kind=kind,
        name=name,
        display_name=name,
        creator=users[0],
        created_time="now",
    )
    store.add_channel(channel, users)
    return channel


def new_message(store: Store, channel: StoredChannel, parent: Message | None = None) -> Message:
    assert channel.creator is not None
    message = Message(
        id=store.next_id(),
        channel=channel,
        author=channel.creator,
        created_time="now",
        content=NewMessage(body="hello"),
        parent_id=None if parent is None else parent.id,
    )
    store.add_message(message)
    return message


@pytest.fixture
def store() -> Store:
    return Store(history_limit=3, read_receipt_limit=4)


@pytest.fixture
def alice(store: Store) -> User:
    return store.user_named("alice")


@pytest.fixture
def bob(store: Store) -> User:
    return store.user_named("bob")


def test_a_name_is_one_user(store: Store, alice: User) -> None:
    assert store.user_named("alice") is alice
    assert store.find_user(user_id=alice.id) is alice
    assert store.find_user(name="alice") is alice
    assert store.find_user() is None


def test_ids_are_unique_over_all_kinds(store: Store, alice: User) -> None:
    channel = new_channel(store, alice)
    message = new_message(store, channel)

    assert len({alice.id, channel.id, channel.thread_id, message.id}) == 4


def test_what_does_not_exist_is_refused(store: Store) -> None:
    for find in (store.user, store.channel, store.message, store.channel_of_thread):
        with pytest.raises(RefusedError, match="does not exist"):
            find(77)


def test_a_touched_user_is_rendered_again(alice: User) -> None:
    alice.rendered[2] = b"old"

    alice.touch()

    assert alice.rendered == {}


def test_a_group_is_found_by_its_name_and_type(store: Store, alice: User) -> None:
    channel = new_channel(store, alice)

    assert store.find_group(ChannelType.PUBLIC, "lobby") is channel
    assert store.find_group(ChannelType.PUBLIC, "other") is None


def test_a_name_of_another_type_is_refused(store: Store, alice: User) -> None:
    new_channel(store, alice)

    with pytest.raises(RefusedError, match="in use by a PUBLIC channel"):
        store.find_group(ChannelType.PRIVATE, "lobby")


def test_a_direct_channel_stands_for_its_set_of_users(store: Store, alice: User, bob: User) -> None:
    channel = new_channel(store, alice, bob, kind=ChannelType.DIRECT)

    assert store.find_direct([bob, alice]) is channel
    assert store.find_direct([alice]) is None


def test_a_renamed_channel_is_found_by_its_new_name_only(store: Store, alice: User) -> None:
    channel = new_channel(store, alice)
    new_channel(store, alice, name="taken")

    with pytest.raises(RefusedError, match="in use"):
        store.rename_channel(channel, "taken")
    store.rename_channel(channel, "hall")

    assert store.find_group(ChannelType.PUBLIC, "hall") is channel
    assert store.find_group(ChannelType.PUBLIC, "lobby") is None


@pytest.mark.parametrize("kind", list(ChannelType))
def test_a_removed_channel_leaves_nothing_behind(
    store: Store, alice: User, bob: User, kind: ChannelType
) -> None:
    channel = new_channel(store, alice, bob, kind=kind)
    message = new_message(store, channel)

    store.remove_channel(channel)

    assert alice.channels == {}
    assert list(store.channels()) == []
    with pytest.raises(RefusedError):
        store.message(message.id)
    assert store.find_direct([alice, bob]) is None
    assert store.find_group(kind, "lobby") is None


def test_members_without_a_chat_session_are_absent(store: Store, alice: User, bob: User) -> None:
    channel = new_channel(store, alice, bob)

    first = channel.enter(bob)
    second = channel.enter(bob)

    assert (first, second) == (True, False)
    assert list(channel.absentees.values()) == [alice]


def test_only_the_last_exit_makes_a_member_absent(store: Store, alice: User, bob: User) -> None:
    channel = new_channel(store, alice, bob)
    channel.enter(bob)
    channel.enter(bob)

    assert channel.exit(bob) is False
    assert bob.id not in channel.absentees
    assert channel.exit(bob) is True
    assert bob.id in channel.absentees


def test_who_left_is_not_absent_but_gone(store: Store, alice: User, bob: User) -> None:
    channel = new_channel(store, alice, bob)
    channel.enter(bob)
    store.remove_member(channel, bob)

    channel.exit(bob)

    assert list(channel.absentees.values()) == [alice]
    assert not channel.has_member(bob)


def test_joining_twice_is_joining_once(store: Store, alice: User, bob: User) -> None:
    channel = new_channel(store, alice)

    assert store.add_member(channel, bob) is True
    assert store.add_member(channel, bob) is False


def test_the_oldest_message_goes_when_the_history_is_full(store: Store, alice: User) -> None:
    channel = new_channel(store, alice)

    messages = [new_message(store, channel) for _ in range(4)]

    assert list(channel.history.values()) == messages[1:]
    assert channel.last_message is messages[-1]
    with pytest.raises(RefusedError):
        store.message(messages[0].id)


def test_replies_are_known_to_their_parent(store: Store, alice: User) -> None:
    channel = new_channel(store, alice)
    parent = new_message(store, channel)
    replies = [new_message(store, channel, parent) for _ in range(2)]

    assert store.replies(parent) == replies[::-1]


def test_a_reply_outlives_its_parent(store: Store, alice: User) -> None:
    channel = new_channel(store, alice)
    parent = new_message(store, channel)
    store.remove_message(parent)

    reply = new_message(store, channel, parent)

    assert reply.parent_id == parent.id


def test_a_message_is_read_once(store: Store, alice: User, bob: User) -> None:
    message = new_message(store, new_channel(store, alice, bob))

    assert store.add_read_receipt(message, bob, "first") is True
    assert store.add_read_receipt(message, bob, "second") is False
    assert store.remove_read_receipt(message, bob) == "first"
    assert store.remove_read_receipt(message, bob) is None


@given(reads=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=60))
def test_read_receipts_of_a_channel_stay_below_their_limit(reads: list[tuple[int, int]]) -> None:
    """A soak of a large channel must not eat the memory: the oldest messages go."""
    store = Store(history_limit=6, read_receipt_limit=8)
    readers = [store.user_named(f"reader {number}") for number in range(10)]
    channel = new_channel(store, *readers)
    for place, reader in reads:
        while len(channel.history) < 6:
            new_message(store, channel)
        message = list(channel.history.values())[place]
        store.add_read_receipt(message, readers[reader], "now")

    kept = sum(len(message.read_times) for message in channel.history.values())

    assert channel.read_receipt_count == kept
    assert kept <= 8 or len(channel.history) == 1
