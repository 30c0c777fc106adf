"""What devices put into actions: typed, and checked before anything changes.

A body that is not as its type says is refused as a whole, with the reason. Fields that a
type does not name are ignored, as updates send whole resources back, links and all.
"""

from typing import Annotated, Any, Literal, TypeVar

import msgspec
import orjson
from msgspec import Meta, Struct

from loadtest.server.state.refusals import bad_request
from loadtest.server.state.store import NO_PROPERTIES

__all__ = [
    "ChannelChanges",
    "Edit",
    "EmojiChoice",
    "FileBody",
    "Invitation",
    "KeystrokesBody",
    "Leaving",
    "MessageBody",
    "Muting",
    "Name",
    "NewChannel",
    "Properties",
    "PropertiesChange",
    "TriggeredEvent",
    "UserChanges",
    "UserReference",
    "decode",
    "properties_text",
]

T = TypeVar("T")
Properties = dict[str, Any]
Name = Annotated[str, Meta(min_length=1, max_length=1_000)]


class UserReference(Struct):
    """A user, by id or by name."""

    id: int | None = None
    username: str | None = None


class NewChannel(Struct, rename="camel"):
    """Body of createChannel."""

    type: Literal["DIRECT", "PUBLIC", "PRIVATE"]
    name: Name | None = None
    display_name: str | None = None
    members: list[UserReference] = []
    properties: Properties | None = None


class ChannelChanges(Struct, rename="camel"):
    """Body of updateChannel: of the whole Channel, what may change."""

    name: Name | None = None
    display_name: str | None = None
    properties: Properties | None = None


class UserChanges(Struct, rename="camel"):
    """Body of updateCurrentUser: of the whole CurrentUser, what may change."""

    display_name: str | None = None
    properties: Properties | None = None


class FileBody(Struct, rename="camel"):
    """A file that is somewhere else."""

    url: str
    name: str
    content_type: str
    size: int


class MessageBody(Struct, rename="camel"):
    """Body of sendMessage."""

    type: Literal["TEXT", "FILE"]
    body: str | None = None
    file: FileBody | None = None
    group_tag: str | None = None
    properties: Properties | None = None


class KeystrokesBody(Struct):
    """Body of sendKeystrokes."""

    keys: str


class Edit(Struct):
    """Body of editMessage."""

    body: str


class PropertiesChange(Struct):
    """Body of updateMessageProperties."""

    properties: Properties


class EmojiChoice(Struct):
    """Body of reactToMessage and removeReaction."""

    emoji: Name


class TriggeredEvent(Struct):
    """Body of triggerEvent."""

    type: str
    properties: Properties | None = None


class Muting(Struct):
    """Body of muteChannel and unmuteChannel."""

    state: Literal["ON", "OFF"]


class Invitation(Struct):
    """Body of inviteUser."""

    user: UserReference


class Leaving(Struct):
    """Body of leaveChannel; without a user it is the actor who leaves."""

    user: UserReference | None = None


def decode(body: bytes, expected: type[T]) -> T:
    """Return a body as its type.

    Raises:
        RefusedError: The body is not JSON, or not what the type says.
    """
    try:
        return msgspec.convert(orjson.loads(body), expected)
    except (orjson.JSONDecodeError, msgspec.ValidationError) as error:
        raise bad_request(f"the body is not valid: {error}") from error


def properties_text(properties: Properties | None) -> bytes:
    """Return properties as JSON text; none are an empty object.

    Raises:
        RefusedError: They are nested too deeply to be written again.
    """
    if not properties:
        return NO_PROPERTIES
    try:
        return orjson.dumps(properties)
    except TypeError as error:
        raise bad_request(f"the properties cannot be kept: {error}") from error
