from loadtest.metrics.figures.figures import EventFigures, Figures, NotificationFigures
from loadtest.metrics.figures.notified import OutcomeFigures
from loadtest.observations import Action, ChatEvent, Phase
from loadtest.report.blocks import (
    actions_block,
    ledger_block,
    notifications_block,
    phases_block,
    sessions_block,
    steady_times,
    work_block,
)


def test_every_event_type_has_an_entry_in_the_ledger() -> None:
    assert list(ledger_block(Figures())) == [event.value for event in ChatEvent]


def test_a_missed_notification_is_a_lost_event() -> None:
    figures = Figures(events={ChatEvent.NOTIFICATION_CREATED: EventFigures(unexpected={"odd": 1})})
    figures.notifications["single_device"] = NotificationFigures(
        expected=3, delivered=2, missed=1, spurious=4
    )
    entry = ledger_block(figures)[ChatEvent.NOTIFICATION_CREATED]

    assert (entry["expected"], entry["lost"], entry["unexpected"]) == (3, 1, 5)


def test_handoff_and_entry_have_four_outcomes_each() -> None:
    figures = Figures()
    figures.notifications["single_device"] = NotificationFigures(
        handoff=OutcomeFigures(delivered=1, notified=2, neither=3, both=4),
        entry=OutcomeFigures(neither=5),
    )
    block = notifications_block(figures, steady_times(figures))

    assert block["handoff"] == {"delivered": 1, "notified": 2, "neither": 3, "both": 4}
    assert block["entry"] == {"delivered": 0, "notified": 0, "neither": 5, "both": 0}
    assert (block["handoff_gap"], block["handoff_overlap"]) == (3, 4)
    assert block["by_devices"]["single_device"]["handoff"]["both"] == 4


def test_activation_is_an_interval() -> None:
    figures = Figures()
    part = NotificationFigures()
    part.activation.at_least.record_ns(1_000_000)
    part.activation.at_most.record_ns(3_000_000)
    part.activation.resolution.record_ns(2_000_000)
    figures.notifications["single_device"] = part
    activation = notifications_block(figures, steady_times(figures))["activation"]

    assert activation["count"] == 1
    assert [activation[name]["max_ms"] for name in ("at_least", "at_most", "resolution")] == [
        1,
        3,
        2,
    ]


def test_starts_are_no_actions() -> None:
    figures = Figures()
    figures.action(Action.CHAT_SESSION_START).completed = 1
    figures.action(Action.MESSAGE).completed = 2

    assert list(actions_block(figures, steady_times(figures))) == ["message"]
    assert sessions_block(figures)["chat_session_start"]["completed"] == 1
    assert sessions_block(figures)["user_session_start"]["completed"] == 0


def test_what_devices_do_by_themselves_is_not_planned() -> None:
    figures = Figures()
    for action in (Action.RELAY, Action.RECONNECT, Action.GET_CHANNEL):
        figures.action(action).completed = 5
    figures.action(Action.READ).completed = 2

    assert work_block(figures)["all"]["planned"] == 2


def test_a_run_of_an_older_version_is_one_phase() -> None:
    figures = Figures(events={ChatEvent.MESSAGE_CREATED: EventFigures()})
    figures.event(ChatEvent.MESSAGE_CREATED).latency.record_ns(7_000_000)

    assert list(phases_block(figures)) == ["whole"]
    assert steady_times(figures).events[ChatEvent.MESSAGE_CREATED].latency.max_us == 7000


def test_the_whole_lasts_from_its_first_phase_to_its_last() -> None:
    figures = Figures()
    for name, span in ((Phase.RAMP, (0.0, 4.0)), (Phase.DRAIN, (20.0, 21.5))):
        figures.phase(name).from_s_low, figures.phase(name).to_s_peak = span
    phases = phases_block(figures)

    assert (phases["whole"]["from_s"], phases["whole"]["to_s"]) == (0.0, 21.5)
    assert (phases["drain"]["from_s"], phases["drain"]["to_s"]) == (20.0, 21.5)
