import json
from pathlib import Path
from typing import Any

import pytest

from loadtest.chat.dialect import DIALECTS
from loadtest.server.events.links import CHANNEL_ID, ID, LINKS, PARENT_ID

TRACES = Path(__file__).parents[2] / "data" / "traces"

CHANNEL_NAMES_OF_MEMBERS = {1: {"leave", "addModerator", "invite"}}
CHANNEL_NAMES_OF_MEMBERS[2] = CHANNEL_NAMES_OF_MEMBERS[1] | {"deleteModerator"}


def recorded(dialect: int, event_type: str, link: str) -> dict[str, Any]:
    """Return the first recorded resource of an event that has a link of this name."""
    for line in (TRACES / f"full-dialect-{dialect}.jsonl").read_text().splitlines():
        body = json.loads(json.loads(line).get("body") or "{}")
        if body.get("type") == event_type and link in body["resource"].get("_relays", {}):
            resource: dict[str, Any] = body["resource"]
            return resource
    raise AssertionError(f"no {event_type} with {link} in the recording of dialect {dialect}")


def links_of(dialect: int, kind: str, **ids: int) -> dict[str, Any]:
    text: str = getattr(LINKS[dialect], kind).decode()
    for placeholder, value in ids.items():
        marks = {"id": ID, "channel": CHANNEL_ID, "parent": PARENT_ID}
        text = text.replace(marks[placeholder], str(value))
    links: dict[str, Any] = json.loads(f"{{{text}}}")
    return links


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
@pytest.mark.parametrize(
    ("kind", "event_type", "link", "ids"),
    [
        ("current_user", "resource.relayed", "channelsCount", {"id": 1}),
        ("user", "thread.typing.started", "channelMember", {"id": 1}),
        ("channel_of_member", "user.channel.created", "context", {"id": 4}),
        ("message", "channel.message.created", "replies", {"id": 6, "channel": 4}),
        ("keystrokes", "thread.keystrokes.created", "thread", {"id": 5, "parent": 1}),
        ("message_only", "message.read_receipt.created", "message", {"id": 6}),
    ],
)
def test_links_are_those_that_satisfied_the_real_sdk(
    dialect: int, kind: str, event_type: str, link: str, ids: dict[str, int]
) -> None:
    resource = recorded(dialect, event_type, link)

    assert links_of(dialect, kind, **ids) == {
        name: value for name, value in resource.items() if name.startswith("_")
    }


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_visitors_may_join_and_members_may_leave(dialect: int) -> None:
    visitor = links_of(dialect, "public_channel_of_visitor")["_actions"]
    nobody = links_of(dialect, "channel_of_visitor")["_actions"]
    member = links_of(dialect, "channel_of_member")["_actions"]

    assert visitor.keys() - nobody.keys() == {"join"}
    assert member.keys() - nobody.keys() == CHANNEL_NAMES_OF_MEMBERS[dialect]


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_topics_are_named_as_the_dialect_subscribes_them(dialect: int) -> None:
    user = links_of(dialect, "current_user", id=1)["_topics"]
    channel = links_of(dialect, "channel_of_member", id=4)["_topics"]

    assert set(user) == set(DIALECTS[dialect].user_topics)
    assert set(channel) == set(DIALECTS[dialect].channel_topics)


def test_a_reply_links_to_its_parent() -> None:
    reply = links_of(1, "reply", id=9, channel=4, parent=6)

    assert reply["_relays"]["parent"] == "/application/v1/messages/6.relay"


def test_no_placeholder_is_left_in_a_resource() -> None:
    thread = json.dumps(links_of(2, "thread", id=5, channel=4))

    assert "<" not in thread
