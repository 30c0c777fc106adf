"""The figures of deliveries: what should have arrived, what did, and how fast."""

from dataclasses import replace

from loadtest.metrics.catalogue.declaration import (
    Block,
    Declaration,
    Gravity,
    amount,
    count,
    latency,
    ratio,
)
from loadtest.metrics.figures.figures import SHEDDABLE
from loadtest.observations import ChatEvent

__all__ = [
    "BY_DEVICE_CLASS",
    "COMPLETION",
    "CROSS_WORKER",
    "DELIVERY_BLOCKS",
    "LATENCY",
    "LEDGER",
    "SERVICE_LATENCY",
    "STALENESS",
]

_MESSAGE = ChatEvent.MESSAGE_CREATED.value
_EXPECTED = ("expected",)
_OF_SHEDDABLE = frozenset(SHEDDABLE)


def _for_sheddable(figure: Declaration) -> Declaration:
    return replace(figure, only=_OF_SHEDDABLE, is_shown_if_any=True)


LEDGER = Block(
    "ledger.<event>",
    (
        amount("expected", "deliveries", "deliveries that had to happen: one per active device"),
        amount(
            "delivered",
            "deliveries",
            "expected deliveries that were seen (late ones included)",
            of=_EXPECTED,
        ),
        count(
            "lost",
            "deliveries",
            "expected and not seen; delivered + lost = expected",
            Gravity.FAULT,
            of=_EXPECTED,
        ),
        count(
            "late", "deliveries", "seen after the delivery deadline", Gravity.REMARK, of=_EXPECTED
        ),
        count("duplicate", "events", "seen again by the same device", Gravity.FAULT, of=_EXPECTED),
        count(
            "out_of_order",
            "events",
            "seen in another order than one sender sent",
            Gravity.FAULT,
            of=_EXPECTED,
        ),
        count(
            "after_end",
            "events",
            "seen by a chat session that had ended before the cause was written",
            Gravity.FAULT,
        ),
        count("unexpected", "events", "seen, and caused by nothing this run did", Gravity.REMARK),
        count(
            "boundary",
            "deliveries",
            "not judged: the chat session was starting or ending, or its connection broke",
        ),
        count("boundary_seen", "deliveries", "boundary deliveries that arrived"),
        count(
            "in_flight",
            "deliveries",
            "boundary deliveries still young when the run ended without waiting for them",
            is_shown_if_any=True,
        ),
        count(
            "refused",
            "causes",
            "causes that the server refused before anyone saw them",
            Gravity.REMARK,
            is_shown_if_any=True,
        ),
        ratio(
            "delivery_ratio",
            "delivered",
            _EXPECTED,
            "delivered of expected, rounded down",
            title="ratio",
            short="ratio",
        ),
        ratio(
            "judged_share",
            "expected",
            ("expected", "boundary"),
            "share of what happened that could be judged: expected of expected and boundary",
            title="judged",
        ),
        _for_sheddable(
            count("coalesced", "deliveries", "lost, but overtaken by a newer one: shed or merged")
        ),
        _for_sheddable(ratio("coalescing_ratio", "coalesced", _EXPECTED, "coalesced of expected")),
    ),
    short=("delivery.<event>",),
    judged_by="ledger.<event>.judged_share",
)

LATENCY = Block(
    "latency.<event>",
    (latency("", "delivery latency: from due to arrival at one device", source="latency"),),
    short=("delivery.<event>",),
    short_of={_MESSAGE: "fanout"},
    judged_by="ledger.<event>.judged_share",
)
SERVICE_LATENCY = Block(
    "service_latency.<event>",
    (latency("", "the same from the instant the frame was written", source="service"),),
    short=("delivery.<event>.service",),
    short_of={_MESSAGE: "fanout.service"},
    judged_by="ledger.<event>.judged_share",
)
STALENESS = Block(
    "staleness.<event>",
    (
        replace(
            latency(
                "",
                "of an event that a newer one overtook: from its due time until the newer one "
                "arrived",
                source="staleness",
            ),
            only=_OF_SHEDDABLE,
        ),
    ),
    short=("delivery.<event>.staleness",),
)
CROSS_WORKER = Block(
    "cross_worker.<event>",
    (
        latency(
            "latency",
            "delivery latency of what was sent on one worker and arrived on another, where "
            "channels span workers; `latency` and `service_latency` then hold the rest. Give or "
            "take `generator.clock_uncertainty_ms`",
        ),
        latency(
            "service_latency", "the same from the instant the frame was written", source="service"
        ),
        count(
            "negative_count",
            "deliveries",
            "deliveries between workers that arrived before they were due, by the two clocks; they "
            "count as they are",
            source="latency.negative_count",
        ),
    ),
    crosses_workers=True,
)

COMPLETION = Block(
    "completion.<size class>",
    (
        latency("first", "until the first device had it", title="first receiver"),
        latency("p50", "until half of its expected devices had it", title="half of them"),
        latency("p90", "until 90 % of them had it", title="90 %"),
        latency("p99", "until 99 % of them had it", title="99 %"),
        latency("last", "until every one of them had it", title="last receiver"),
        latency("spread", "from the first receiver to the last"),
        count(
            "incomplete",
            "messages",
            "messages with a loss: they have no last receiver",
            Gravity.FAULT,
            of=("last.count",),
        ),
    ),
    short_of={"all": "fanout"},
    judged_by=f"ledger.{_MESSAGE}.judged_share",
    crosses_workers=True,
)

BY_DEVICE_CLASS = Block(
    "by_device_class.<device class>",
    (
        amount("devices", "devices", "devices of this class"),
        amount("expected", "deliveries", "deliveries of messages that had to happen"),
        amount(
            "delivered",
            "deliveries",
            "expected deliveries that were seen (late ones included)",
            of=_EXPECTED,
        ),
        count("lost", "deliveries", "expected and not seen", Gravity.FAULT, of=_EXPECTED),
        count(
            "late", "deliveries", "seen after the delivery deadline", Gravity.REMARK, of=_EXPECTED
        ),
        latency("latency", "delivery latency: from due to arrival at one device", short=""),
    ),
    short=("readers.<device class>",),
    judged_by=f"ledger.{_MESSAGE}.judged_share",
)

DELIVERY_BLOCKS = (
    LEDGER,
    LATENCY,
    SERVICE_LATENCY,
    STALENESS,
    CROSS_WORKER,
    COMPLETION,
    BY_DEVICE_CLASS,
)
