from typing import Any

import pytest

from loadtest.server.http.platform_style import NEWER, OLDER, Listing, Style, style_of
from loadtest.server.state.refusals import RefusedError
from loadtest.server.state.store import ChannelType, StoredChannel, User


def test_the_path_says_the_style() -> None:
    assert style_of("/v1/users") is OLDER
    assert style_of("/users") is NEWER
    assert style_of("/v1users") is NEWER


@pytest.mark.parametrize(
    ("style", "names"),
    [(OLDER, {"displayName", "isGuest"}), (NEWER, {"display_name", "isGuest"})],
    ids=["older", "newer"],
)
def test_a_user_has_the_names_of_its_style(style: Style, names: set[str]) -> None:
    found = style.user(User(1, "jane", display_name="Jane"))

    assert names <= found.keys()
    assert found["_links"] == {"self": {"href": f"{style.prefix}/users/1"}}


def test_a_direct_channel_names_its_members() -> None:
    jane = User(1, "jane", display_name="Jane")
    channel = StoredChannel(4, 5, ChannelType.DIRECT, "x", None, None, "then", members={1: jane})

    found = NEWER.channel(channel)

    assert [user["name"] for user in found["members"]] == ["jane"]
    assert "display_name" not in found
    assert found["created_time"] == "then"


def test_names_of_a_body_are_read_as_the_style_writes_them() -> None:
    body = {"displayName": "x", "isGuest": True}

    assert OLDER.read_names(body) == {"display_name": "x", "is_guest": True}
    assert NEWER.read_names(body) == body


def page(items: list[int], style: Style = NEWER, **query: str) -> dict[str, Any]:
    return Listing(style, "users", "users", query).page(items, lambda item: {"id": item})


def test_a_page_holds_its_part_and_links_to_its_neighbours() -> None:
    found = page(list(range(7)), page="1", size="3", name="a b")

    assert [each["id"] for each in found["_embedded"]["users"]] == [3, 4, 5]
    assert found["page"] == {"size": 3, "total_elements": 7, "total_pages": 3, "number": 1}
    assert found["_links"]["next"] == {"href": "/users?name=a+b&page=2&size=3"}
    assert found["_links"]["prev"] == {"href": "/users?name=a+b&page=0&size=3"}


def test_the_last_page_has_no_next_and_the_first_no_previous() -> None:
    assert "next" not in page([1, 2], page="1", size="1")["_links"]
    assert "prev" not in page([1, 2], page="0", size="1")["_links"]


def test_an_empty_list_has_nothing_embedded() -> None:
    found = page([], OLDER)

    assert "_embedded" not in found
    assert found["page"] == {"size": 25, "totalElements": 0, "totalPages": 0, "number": 0}


@pytest.mark.parametrize("query", [{"page": "-1"}, {"size": "1001"}, {"size": "many"}])
def test_a_page_that_cannot_be_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(RefusedError, match=next(iter(query))):
        Listing(NEWER, "users", "users", query).page([1], lambda item: {"id": item})
