"""Lists in pages, as devices walk them.

A page carries the complete relays of its neighbours. ``_embedded`` is left out when the page is
empty: with it, but without the list's name in it, the published clients break.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson

from loadtest.server.events.destinations import Address

__all__ = ["Listing", "render_page"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing:
    """How one list is named: in ``_embedded``, and by the relay that asked for it."""

    name: str
    address: Address


def render_page(listing: Listing, items: Sequence[T], render: Callable[[T], bytes]) -> bytes:
    """Return the page that the address asks for, as JSON; only its own items are rendered."""
    page = listing.address.page
    first = page.number * page.size
    shown = items[first : first + page.size]
    page_count = -(-len(items) // page.size)
    answer: dict[str, Any] = {}
    if shown:
        answer["_embedded"] = {listing.name: [orjson.Fragment(render(item)) for item in shown]}
    answer["page"] = {
        "size": page.size,
        # The SDK and the Platform API spell this field in two ways.
        "totalElement": len(items),
        "totalElements": len(items),
        "totalPages": page_count,
        "number": page.number,
    }
    answer["_relays"] = _neighbours(listing.address, page_count)
    return orjson.dumps(answer)


def _neighbours(address: Address, page_count: int) -> dict[str, str]:
    number = address.page.number
    relays = {"self": _relay(address, number)}
    if page_count:
        relays["first"] = _relay(address, 0)
        relays["last"] = _relay(address, page_count - 1)
    if 0 < number <= page_count:
        relays["prev"] = _relay(address, number - 1)
    if number < page_count - 1:
        relays["next"] = _relay(address, number + 1)
    return relays


def _relay(address: Address, number: int) -> str:
    page = address.page
    return (
        f"{address.dialect.application_prefix}{address.target}.{address.name}.relay"
        f".page.{number}.size.{page.size}.sort.{page.order}"
    )
