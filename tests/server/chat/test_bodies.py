import pytest

from loadtest.server.chat.bodies import (
    ChannelChanges,
    MessageBody,
    Muting,
    NewChannel,
    decode,
    properties_text,
)
from loadtest.server.state.refusals import RefusedError


def test_a_body_is_read_by_its_names_on_the_wire() -> None:
    body = decode(b'{"type":"TEXT","body":"x","groupTag":"tag"}', MessageBody)

    assert (body.body, body.group_tag) == ("x", "tag")


def test_links_of_a_resource_that_is_sent_back_are_ignored() -> None:
    body = decode(b'{"displayName":"New","_relays":{"self":"x"},"id":4}', ChannelChanges)

    assert (body.display_name, body.name) == ("New", None)


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        (b"", MessageBody, "not valid"),
        (b"{", MessageBody, "not valid"),
        (b"\xff", MessageBody, "not valid"),
        (b"[]", MessageBody, "not valid"),
        (b'{"type":"POEM"}', MessageBody, "POEM"),
        (b'{"type":"PUBLIC","name":""}', NewChannel, "length >= 1"),
        (b'{"type":"PUBLIC","members":"bob"}', NewChannel, "members"),
        (b'{"state":true}', Muting, "state"),
    ],
)
def test_a_wrong_body_is_refused_with_the_reason(
    text: bytes, expected: type[object], reason: str
) -> None:
    with pytest.raises(RefusedError, match="ClientError") as caught:
        decode(text, expected)

    assert reason in str(caught.value)


def test_no_properties_are_an_empty_object() -> None:
    assert properties_text(None) == properties_text({}) == b"{}"
    assert properties_text({"a": [1, None]}) == b'{"a":[1,null]}'


def test_properties_that_cannot_be_written_again_are_refused() -> None:
    deep = b'{"type":"TEXT","body":"x","properties":{"a":' + b"[" * 500 + b"]" * 500 + b"}}"

    with pytest.raises(RefusedError, match="cannot be kept"):
        properties_text(decode(deep, MessageBody).properties)
