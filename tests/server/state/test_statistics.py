from loadtest.clock import NS_PER_S
from loadtest.server.state.statistics import NOTIFICATION, Counters


def test_deliveries_are_added_over_topics_of_both_kinds() -> None:
    counters = Counters(started_ns=0)
    counters.channel_deliveries["message.read_receipt.created"] += 2
    counters.user_deliveries["message.read_receipt.created"] += 1
    counters.user_deliveries[NOTIFICATION] += 4

    stats = counters.as_json(now_ns=3 * NS_PER_S, cpu_s=0.5)

    assert stats["deliveries"] == {"message.read_receipt.created": 3, NOTIFICATION: 4}
    assert stats["deliveries_total"] == 7
    assert stats["notifications_delivered"] == 4
    assert (stats["uptime_s"], stats["cpu_s"]) == (3.0, 0.5)


def test_message_frames_are_deliveries_answers_and_errors() -> None:
    counters = Counters(started_ns=0)
    counters.channel_deliveries["channel.message.created"] += 5
    counters.relays_answered += 2
    counters.error_messages += 1
    counters.stomp_receipts += 4

    assert counters.frames_out() == {"MESSAGE": 8, "RECEIPT": 4}


def test_what_is_open_is_what_started_and_did_not_end() -> None:
    counters = Counters(started_ns=0, chat_sessions_started=5, chat_sessions_ended=2)

    stats = counters.as_json(0, 0.0)

    assert stats["chat_sessions"] == {"open": 3, "started": 5, "ended": 2}
