"""Every count of a run beside the server's own: the same comparison for every case.

The server counts a copy when its socket takes it, and a fault when it takes effect; devices count
what they see. With everybody in place, each number has exactly one counterpart. A clean server is
the case in which all faults are 0.
"""

from collections.abc import Iterable

from loadtest.observations import Action, ChatEvent
from loadtest.selftest.checks import Check, between, exact
from loadtest.selftest.trial import Evidence

__all__ = ["connection_checks", "count_checks", "happened", "push_checks"]

_NOTIFICATION = ChatEvent.NOTIFICATION_CREATED
_FATES = {"lost": "drop", "duplicate": "duplicate", "out_of_order": "reorder"}
PUSH = "push"
"""How the server's faults call the webhook."""
_PROBES = 1
"""User sessions of the run's own look at the server, before it begins."""
_CUTS_AT_THE_END = 1
_OWN = (ChatEvent.PARTICIPANT_LEFT, ChatEvent.PRESENCE_CHANGED)
_REFUSABLE = (Action.MESSAGE, Action.KEYSTROKES, Action.READ, Action.EDIT)


def count_checks(evidence: Evidence) -> list[Check]:
    """Compare all counts of deliveries, notifications, refusals and connections."""
    return [
        *_message_checks(evidence),
        *_copy_checks(evidence),
        *_notification_checks(evidence),
        *_refusal_checks(evidence),
        *connection_checks(evidence),
    ]


def happened(evidence: Evidence, kinds: Iterable[str]) -> list[Check]:
    """Check that faults of these kinds took effect: one that did not proves nothing."""
    return [exact(f"{kind} happened", True, evidence.faults(kind) > 0) for kind in kinds]


def connection_checks(evidence: Evidence) -> list[Check]:
    """Compare what happened to connections, and whether the ledger adds up."""
    load, cuts = evidence.summary["load"], evidence.faults("cut")
    refused = evidence.faults("refuse_connect")
    refusals, failed = refused + evidence.faults("refuse_socket"), _failed_starts(evidence)
    # A cut may hit a device whose user session the server has, and the device not yet: for the one
    # it was started, for the other its start has failed.
    cut_starts = failed - refusals
    return [
        exact("the ledger adds up", True, evidence.summary["adds_up"]),
        # A refused CONNECT ends its connection as well. A cut may hit a device that is just ending
        # its user session: to that one nothing is lost.
        between(
            "connections lost",
            load["connections_lost"],
            lowest=cuts + refused - min(cuts, _CUTS_AT_THE_END),
            highest=cuts + refused,
            injected=cuts + refused,
        ),
        between(
            "failed starts of user sessions",
            failed,
            lowest=refusals,
            highest=refusals + cuts,
            injected=refusals,
        ),
        exact(
            "user sessions started, or cut then",
            evidence.stats["user_sessions"]["started"] - _PROBES,
            load["user_sessions"] + cut_starts,
        ),
    ]


def _failed_starts(evidence: Evidence) -> int:
    starts = evidence.summary["sessions"]["user_session_start"]
    return int(starts["errors"] + evidence.summary["actions"].get("reconnect", {}).get("errors", 0))


def push_checks(evidence: Evidence) -> list[Check]:
    """Compare what the push sink got with what the server called it for."""
    push, server = evidence.summary["push"], evidence.stats["push"]
    lost, doubled = evidence.faults("drop", PUSH), evidence.faults("duplicate", PUSH)
    return [
        exact("pushes received", server["sent"], push["received"]),
        exact("pushes expected", server["created"], push["expected"]),
        exact("pushes missed", lost, push["missed"]),
        exact("pushes duplicate", doubled, push["duplicate"]),
        exact("pushes spurious", 0, push["spurious"]),
        exact("pushes late", 0, push["late"]),
        exact("pushes not assigned", 0, push["unassigned"]),
    ]


def _message_checks(evidence: Evidence) -> list[Check]:
    ledger = evidence.ledger(ChatEvent.MESSAGE_CREATED)
    checks = [
        exact(
            f"messages {name.replace('_', ' ')}",
            evidence.channel_faults(fault, ChatEvent.MESSAGE_CREATED),
            ledger[name],
        )
        for name, fault in _FATES.items()
    ]
    return [*checks, exact("messages unexpected", 0, ledger["unexpected"])]


def _copy_checks(evidence: Evidence) -> list[Check]:
    """Compare the copies of every event type that came with those that were handed out."""
    handed_out = evidence.stats["deliveries_on_channel_topics"]
    sent = {str(event): handed_out.get(event, 0) for event in ChatEvent if event != _NOTIFICATION}
    came = {event: _came(evidence, event) for event in sent}
    wrong = [exact(event, sent[event], came[event]) for event in sent if sent[event] != came[event]]
    return [exact("copies of events", sum(sent.values()), sum(came.values())), *wrong]


def _came(evidence: Evidence, event: str) -> int:
    seen = evidence.ledger(ChatEvent(event))
    names = ("delivered", "duplicate", "boundary_seen", "after_end", "unexpected")
    # A device may see its own user leave while it ends itself; no other event is only counted.
    own = evidence.summary["other_events"].get(event, 0) if event in _OWN else 0
    return sum(seen[name] for name in names) + int(own)


def _notification_checks(evidence: Evidence) -> list[Check]:
    found = evidence.summary["notifications"]
    came = found["delivered"] + found["duplicate"] + found["spurious"]
    sent = evidence.stats["notifications_delivered"]
    return [
        exact("notifications missed", evidence.faults("drop", _NOTIFICATION), found["missed"]),
        exact(
            "notifications duplicate",
            evidence.faults("duplicate", _NOTIFICATION),
            found["duplicate"],
        ),
        exact(
            "notifications spurious", evidence.faults("spurious_notification"), found["spurious"]
        ),
        # What is not judged, because it was sent as a session began or ended, may have come or not.
        between(
            "copies of notifications",
            came,
            lowest=sent - found["boundary"],
            highest=sent,
            injected=sent,
        ),
    ]


def _refusal_checks(evidence: Evidence) -> list[Check]:
    actions = evidence.summary["actions"]
    checks = []
    for action in _REFUSABLE:
        reasons = actions.get(action, {}).get("errors_by_reason", {})
        limited = sum(n for reason, n in reasons.items() if reason.startswith("RateLimitedError"))
        checks.append(exact(f"{action} refused", evidence.faults("rate_limit", action), limited))
    return checks
