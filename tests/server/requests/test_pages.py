import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from loadtest.server.events.destinations import address_of
from loadtest.server.requests.pages import Listing, render_page


def page_of(items: list[int], destination: str) -> dict[str, Any]:
    listing = Listing("numbers", address_of(destination))
    page: dict[str, Any] = json.loads(render_page(listing, items, lambda item: b"%d" % item))
    return page


def test_the_first_page_knows_the_next() -> None:
    page = page_of(list(range(26)), "/application/user.channels.relay.page..size..sort.")

    assert page["_embedded"] == {"numbers": list(range(25))}
    assert page["page"] == {
        "size": 25,
        "totalElement": 26,
        "totalElements": 26,
        "totalPages": 2,
        "number": 0,
    }
    assert page["_relays"]["next"] == "/application/user.channels.relay.page.1.size.25.sort."
    assert "prev" not in page["_relays"]


def test_an_empty_list_has_no_embedded_at_all() -> None:
    """With an empty ``_embedded`` the published clients break."""
    page = page_of([], "/application/user.channels.relay.page..size..sort.")

    assert "_embedded" not in page
    assert page["_relays"].keys() == {"self"}


def test_a_page_beyond_the_end_is_empty() -> None:
    page = page_of([1], "/application/user.channels.relay.page.9.size..sort.")

    assert "_embedded" not in page
    assert "next" not in page["_relays"]


def test_the_order_stays_in_the_links() -> None:
    relay = "/application/v1/channels/4.members.relay.page.0.size.1.sort.user.displayName,asc"

    page = page_of([1, 2], relay)

    assert page["_relays"]["self"] == relay


@given(count=st.integers(0, 60), size=st.integers(1, 30))
def test_following_next_gives_every_item_once_in_order(count: int, size: int) -> None:
    items = list(range(count))
    seen: list[int] = []
    relay: str | None = f"/application/user.channels.relay.page..size.{size}.sort."
    while relay is not None:
        page = page_of(items, relay)
        seen += page.get("_embedded", {}).get("numbers", [])
        relay = page["_relays"].get("next")

    assert seen == items
