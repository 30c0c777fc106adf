"""Users, channels and messages, in memory.

The store keeps what must be true of the resources by themselves (names are unique, a
direct channel stands for one set of users, the history is bounded); who may change what, and who is
told, is decided elsewhere. Ids come from one sequence for all kinds.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from loadtest.observations import ChannelType
from loadtest.server.state.refusals import bad_request, not_found

__all__ = [
    "NO_PROPERTIES",
    "ChannelType",
    "FileLink",
    "Message",
    "NewMessage",
    "Store",
    "StoredChannel",
    "User",
]

NO_PROPERTIES = b"{}"
"""An empty JSON object: what properties are unless somebody sets them."""


@dataclass(slots=True, eq=False)
class User:
    """A chat user."""

    id: int
    name: str
    display_name: str
    properties: bytes = NO_PROPERTIES
    """JSON text of an object."""
    is_guest: bool = True
    """Whether the user came by connecting, and not through the Platform API."""
    created_time: str = ""
    """Empty for a guest."""
    connection_count: int = 0
    channels: "dict[int, StoredChannel]" = field(default_factory=dict)
    rendered: dict[int, bytes] = field(default_factory=dict)
    """JSON of this user by number of the dialect; see ``touch``."""

    @property
    def is_online(self) -> bool:
        """Whether at least one user session is open."""
        return self.connection_count > 0

    def touch(self) -> None:
        """Forget the rendered JSON; to be called after every visible change."""
        self.rendered.clear()


@dataclass(frozen=True, slots=True)
class FileLink:
    """A file that a message names by its URL."""

    url: str
    name: str
    content_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class NewMessage:
    """What a message says, before it has an id."""

    body: str | None = None
    file: FileLink | None = None
    group_tag: str | None = None
    properties: bytes = NO_PROPERTIES


@dataclass(slots=True, eq=False)
class Message:
    """A message of a user."""

    id: int
    channel: "StoredChannel"
    author: User
    created_time: str
    content: NewMessage
    parent_id: int | None = None
    last_edited_time: str | None = None
    reply_ids: list[int] = field(default_factory=list)
    read_times: dict[User, str] = field(default_factory=dict)
    """When each reader has read it: the read receipts."""
    reactions: dict[str, dict[User, str]] = field(default_factory=dict)
    """When each user reacted, by emoji."""


@dataclass(slots=True, eq=False)
class StoredChannel:
    """A channel with its members and its bounded history."""

    id: int
    thread_id: int
    """Id of its main thread."""
    kind: ChannelType
    name: str
    display_name: str | None
    creator: User | None
    """None if the Platform API made the channel."""
    created_time: str
    properties: bytes = NO_PROPERTIES
    members: dict[int, User] = field(default_factory=dict)
    participants: dict[int, int] = field(default_factory=dict)
    """Chat sessions of each user, by id; none is 0."""
    absentees: dict[int, User] = field(default_factory=dict)
    """Members without a chat session here; kept up to date, as every message asks for it."""
    muted_by: set[int] = field(default_factory=set)
    history: "OrderedDict[int, Message]" = field(default_factory=OrderedDict)
    read_receipt_count: int = 0

    @property
    def last_message(self) -> Message | None:
        """The newest message that is kept."""
        return self.history[next(reversed(self.history))] if self.history else None

    def has_member(self, user: User) -> bool:
        """Tell whether the user belongs to this channel."""
        return user.id in self.members

    def enter(self, user: User) -> bool:
        """Count one more chat session of a member; True if it is the user's first."""
        count = self.participants.get(user.id, 0)
        self.participants[user.id] = count + 1
        self.absentees.pop(user.id, None)
        return count == 0

    def exit(self, user: User) -> bool:
        """Count one chat session less; True if it was the user's last."""
        count = self.participants[user.id] - 1
        if count:
            self.participants[user.id] = count
            return False
        del self.participants[user.id]
        if user.id in self.members:
            self.absentees[user.id] = user
        return True


class Store:
    """All resources of one server."""

    def __init__(self, *, history_limit: int, read_receipt_limit: int) -> None:
        self._history_limit = history_limit
        self._read_receipt_limit = read_receipt_limit
        self._last_id = 0
        self._users: dict[int, User] = {}
        self._users_by_name: dict[str, User] = {}
        self._channels: dict[int, StoredChannel] = {}
        self._channels_by_name: dict[str, StoredChannel] = {}
        self._direct_channels: dict[frozenset[int], StoredChannel] = {}
        self._channels_by_thread: dict[int, StoredChannel] = {}
        self._messages: dict[int, Message] = {}

    def next_id(self) -> int:
        """Return an id that nothing has had."""
        self._last_id += 1
        return self._last_id

    # --- users --------------------------------------------------------------------------------

    def user_named(self, name: str) -> User:
        """Return the user of this name, a new guest if there is none."""
        user = self._users_by_name.get(name)
        if user is None:
            user = User(self.next_id(), name, display_name=name)
            self.add_user(user)
        return user

    def find_user(self, *, user_id: int | None = None, name: str | None = None) -> User | None:
        """Return the user with this id, else with this name, else None."""
        if user_id is not None:
            return self._users.get(user_id)
        return self._users_by_name.get(name) if name is not None else None

    def add_user(self, user: User) -> None:
        """Take in a new user, whose name nobody has."""
        self._users[user.id] = user
        self._users_by_name[user.name] = user

    def remove_user(self, user: User) -> None:
        """Forget a user, who is a member of nothing; messages keep their author."""
        del self._users[user.id]
        del self._users_by_name[user.name]

    def users(self) -> Iterable[User]:
        """Return all users, the oldest first."""
        return self._users.values()

    def counts(self) -> dict[str, int]:
        """Return how many resources are kept, by kind."""
        return {
            "users": len(self._users),
            "channels": len(self._channels),
            "messages": len(self._messages),
        }

    def user(self, user_id: int) -> User:
        """Return a user.

        Raises:
            RefusedError: There is none.
        """
        user = self._users.get(user_id)
        if user is None:
            raise not_found(f"user {user_id}")
        return user

    # --- channels -----------------------------------------------------------------------------

    def channels(self) -> Iterable[StoredChannel]:
        """Return all channels, the oldest first."""
        return self._channels.values()

    def channel(self, channel_id: int) -> StoredChannel:
        """Return a channel.

        Raises:
            RefusedError: There is none.
        """
        channel = self._channels.get(channel_id)
        if channel is None:
            raise not_found(f"channel {channel_id}")
        return channel

    def channel_of_thread(self, thread_id: int) -> StoredChannel:
        """Return the channel of a main thread.

        Raises:
            RefusedError: There is none.
        """
        channel = self._channels_by_thread.get(thread_id)
        if channel is None:
            raise not_found(f"thread {thread_id}")
        return channel

    def find_group(self, kind: ChannelType, name: str) -> StoredChannel | None:
        """Return the group channel of this name, or None.

        Raises:
            RefusedError: The name belongs to a channel of another type.
        """
        channel = self._channels_by_name.get(name)
        if channel is not None and channel.kind is not kind:
            raise bad_request(f"the name {name!r} is in use by a {channel.kind} channel")
        return channel

    def find_direct(self, users: Iterable[User]) -> StoredChannel | None:
        """Return the direct channel of exactly these users, or None."""
        return self._direct_channels.get(frozenset(user.id for user in users))

    def add_channel(self, channel: StoredChannel, members: Iterable[User]) -> None:
        """Take in a new channel with its first members."""
        self._channels[channel.id] = channel
        self._channels_by_thread[channel.thread_id] = channel
        for user in members:
            self.add_member(channel, user)
        if channel.kind is ChannelType.DIRECT:
            self._direct_channels[frozenset(channel.members)] = channel
        else:
            self._channels_by_name[channel.name] = channel

    def rename_channel(self, channel: StoredChannel, name: str) -> None:
        """Give a group channel another name.

        Raises:
            RefusedError: Another channel has it.
        """
        if name in self._channels_by_name:
            raise bad_request(f"the name {name!r} is in use by another channel")
        del self._channels_by_name[channel.name]
        self._channels_by_name[name] = channel
        channel.name = name

    def remove_channel(self, channel: StoredChannel) -> None:
        """Forget a channel, its messages and its memberships."""
        if channel.kind is ChannelType.DIRECT:
            del self._direct_channels[frozenset(channel.members)]
        else:
            del self._channels_by_name[channel.name]
        for message in list(channel.history.values()):
            self.remove_message(message)
        for user in list(channel.members.values()):
            self.remove_member(channel, user)
        del self._channels[channel.id]
        del self._channels_by_thread[channel.thread_id]

    def add_member(self, channel: StoredChannel, user: User) -> bool:
        """Make the user a member; False if it was one."""
        if channel.has_member(user):
            return False
        channel.members[user.id] = user
        user.channels[channel.id] = channel
        if user.id not in channel.participants:
            channel.absentees[user.id] = user
        return True

    def remove_member(self, channel: StoredChannel, user: User) -> None:
        """End a membership."""
        del channel.members[user.id]
        del user.channels[channel.id]
        channel.absentees.pop(user.id, None)
        channel.muted_by.discard(user.id)

    # --- messages -----------------------------------------------------------------------------

    def message(self, message_id: int) -> Message:
        """Return a message.

        Raises:
            RefusedError: There is none, or no more.
        """
        message = self._messages.get(message_id)
        if message is None:
            raise not_found(f"message {message_id}")
        return message

    def replies(self, message: Message) -> list[Message]:
        """Return the replies that are kept, the newest first."""
        kept = (self._messages.get(reply_id) for reply_id in reversed(message.reply_ids))
        return [reply for reply in kept if reply is not None]

    def add_message(self, message: Message) -> None:
        """Take in a new message; the oldest one goes if the history is full."""
        channel = message.channel
        channel.history[message.id] = message
        self._messages[message.id] = message
        if message.parent_id in self._messages:
            self._messages[message.parent_id].reply_ids.append(message.id)
        if len(channel.history) > self._history_limit:
            self._remove_oldest(channel)

    def remove_message(self, message: Message) -> None:
        """Forget a message and its read receipts."""
        del message.channel.history[message.id]
        del self._messages[message.id]
        message.channel.read_receipt_count -= len(message.read_times)

    def add_read_receipt(self, message: Message, reader: User, time: str) -> bool:
        """Note that the reader has read the message; False if that was known.

        The oldest messages of the channel go if it holds too many read receipts.
        """
        if reader in message.read_times:
            return False
        message.read_times[reader] = time
        channel = message.channel
        channel.read_receipt_count += 1
        while channel.read_receipt_count > self._read_receipt_limit and len(channel.history) > 1:
            self._remove_oldest(channel)
        return True

    def remove_read_receipt(self, message: Message, reader: User) -> str | None:
        """Forget that the reader has read the message; return when it did, None if never."""
        time = message.read_times.pop(reader, None)
        if time is not None:
            message.channel.read_receipt_count -= 1
        return time

    def _remove_oldest(self, channel: StoredChannel) -> None:
        self.remove_message(channel.history[next(iter(channel.history))])
