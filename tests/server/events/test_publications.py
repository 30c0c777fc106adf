import json

from loadtest.chat.dialect import DIALECT_1, DIALECT_2
from loadtest.server.events.connection import Connection
from loadtest.server.events.publications import Completion, Publication, publication_of_user
from loadtest.server.events.rendering import Renderer
from loadtest.server.state.store import User
from tests.support.chat_devices import FakeSocket


def test_a_body_is_rendered_once_for_each_dialect() -> None:
    rendered: list[int] = []

    def render(renderer: Renderer) -> bytes:
        rendered.append(renderer.dialect.number)
        return b"{}"

    publication = Publication("a.b", render)
    for dialect in (DIALECT_1, DIALECT_2, DIALECT_1):
        publication.tail(dialect)

    assert rendered == [1, 2]


def test_the_end_of_a_frame_has_the_size_of_its_body() -> None:
    tail = publication_of_user("user.x", User(1, "é", "é")).tail(DIALECT_2)

    head, _, rest = tail.partition(b"\n\n")
    body = rest.removesuffix(b"\0")
    assert head == b"content-length:%d" % len(body)
    assert json.loads(body)["resource"]["name"] == "é"
    assert json.loads(body) | {"resource": None} == {
        "type": "user.x",
        "version": "v1",
        "resource": None,
    }


def test_a_completion_is_for_the_actor_and_used_once() -> None:
    actor, other = (Connection(FakeSocket(), None, 1_000) for _ in range(2))
    completion = Completion(actor, "receipt:1")

    headers = [completion.header_for(each) for each in (other, actor, actor)]

    assert headers == [b"", b"receipt-id:receipt\\c1\n", b""]
    assert completion.is_done


def test_an_action_without_a_receipt_needs_no_completion() -> None:
    assert Completion(Connection(FakeSocket(), None, 1_000), None).is_done
