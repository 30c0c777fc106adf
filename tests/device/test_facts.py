"""What is read of an event's body, by the rule of its topic."""

import pytest

from loadtest.chat.correlation import PROPERTY, marked_keystrokes
from loadtest.chat.dialect import DIALECT_1, DIALECT_2, Dialect
from loadtest.device.facts import Rule, channel_rules, facts_of, linked_message, user_rules
from tests.support import stompx_resources as resources
from tests.support.device_world import RUN

BOTH = pytest.mark.parametrize("dialect", [DIALECT_1, DIALECT_2], ids=["dialect 1", "dialect 2"])


@BOTH
def test_each_topic_of_a_channel_has_its_rule(dialect: Dialect) -> None:
    rules = dict(zip(dialect.channel_topics, channel_rules(dialect), strict=False))
    assert len(channel_rules(dialect)) == 16
    assert {name: rule for name, rule in rules.items() if rule != Rule.OTHER} == {
        "self": Rule.SUBJECT,
        "messages": Rule.MESSAGE,
        "keystrokes": Rule.KEYSTROKES,
        "typing": Rule.SUBJECT,
        "participants": Rule.SUBJECT,
        "readReceipts": Rule.READ_RECEIPT,
    }


@BOTH
def test_each_topic_of_a_user_has_its_rule(dialect: Dialect) -> None:
    rules = dict(zip(dialect.user_topics, user_rules(dialect), strict=False))
    assert {name: rule for name, rule in rules.items() if rule != Rule.OTHER} == {
        "messages": Rule.MESSAGE,
        "notifications": Rule.NOTIFICATION,
    }


def marked(run: str) -> dict[str, object]:
    return {PROPERTY: [run, 9, 7, 1, 50, 60]}


def test_a_message_is_known_by_its_id_and_by_the_mark_of_this_run() -> None:
    for run, key in ((RUN, 9), ("deadbeef", None)):
        body = resources.event("x", resources.message(6, properties=marked(run)))
        assert facts_of(Rule.MESSAGE, body, RUN) == ("x", 6, key, 0, None)


def test_the_parent_of_a_reply_is_relayed_when_it_is_new() -> None:
    reply = resources.message(6, _relays={"parent": "~p"})
    for event, link in (("channel.message.created", "~p"), ("channel.message.updated", None)):
        facts = facts_of(Rule.MESSAGE, resources.event(event, reply), RUN)
        assert facts == (event, 6, None, 0, link)


def test_a_link_that_is_none_leaves_the_message_readable() -> None:
    reply = resources.message(6, _relays={"parent": 5})
    body = resources.event("channel.message.created", reply)
    assert facts_of(Rule.MESSAGE, body, RUN) == ("channel.message.created", 6, None, 0, None)


def test_keystrokes_are_known_by_their_mark() -> None:
    body = resources.event("x", {"keys": marked_keystrokes("hi", RUN, 31)})
    assert facts_of(Rule.KEYSTROKES, body, RUN) == ("x", None, 31, 0, None)


def test_a_read_receipt_names_its_reader_and_a_link() -> None:
    body = resources.event("x", resources.read_receipt(6, reader=2))
    link = "~message-relay~6~self"
    assert facts_of(Rule.READ_RECEIPT, body, RUN) == ("x", None, None, 2, link)


def test_a_notification_names_its_message_its_mark_and_its_channel() -> None:
    notification = resources.notification(6, 4)
    notification["data"]["message"]["properties"] = marked(RUN)
    body = resources.event("x", notification)
    assert facts_of(Rule.NOTIFICATION, body, RUN) == ("x", 6, 9, 4, None)


def test_a_notification_of_something_else_has_no_message() -> None:
    body = resources.event("x", {"data": {"type": "USER:MENTIONED:USER"}})
    assert facts_of(Rule.NOTIFICATION, body, RUN) == ("x", None, None, 0, None)


@pytest.mark.parametrize("rule", list(Rule))
@pytest.mark.parametrize("body", [b"", b"{}", b'{"type":1}', b"[" * 5_000, b'{"type":"\xff"}'])
def test_what_cannot_be_read_has_no_facts(rule: Rule, body: bytes) -> None:
    assert facts_of(rule, body, RUN) is None


def test_a_reaction_links_to_its_message() -> None:
    assert linked_message(resources.event("x", {"_relays": {"message": "~m"}})) == "~m"
    assert linked_message(resources.event("x", {"_relays": {}})) is None
    assert linked_message(b"no JSON") is None
