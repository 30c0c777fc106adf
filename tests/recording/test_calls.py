from typing import Any

import pytest

from loadtest.errors import UsageError
from loadtest.metrics import HealthSample, Ledger, LedgerSettings
from loadtest.observations import Action, ChatEvent
from loadtest.recording.calls import ENUMS, METHODS, Player, health_arguments

_QUERIES = {"open_count", "snapshot"}
_MEMBERS = {"ChatEvent": tuple(ChatEvent), "Action": tuple(Action)}


class _Ledger(Ledger):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def event_delivered(
        self, event: ChatEvent, session: int, subject: int, arrived_ns: int
    ) -> None:
        self.told.append((event, session, subject, arrived_ns))

    def health(self, sample: HealthSample) -> None:
        self.told.append(sample)

    def finish(self, now_ns: int, *, drained: bool) -> None:
        self.told.append((now_ns, drained))


def test_every_method_that_changes_a_ledger_is_recorded() -> None:
    public = {name for name in vars(Ledger) if not name.startswith("_")}

    assert set(METHODS) == public - _QUERIES


def test_a_member_of_an_enum_comes_back_as_one() -> None:
    ledger = _Ledger()
    Player(ledger, ["event_delivered"], _MEMBERS).play([(0, [3, 1, 2, 4])])

    assert ledger.told == [(ChatEvent.TYPING_STOPPED, 1, 2, 4)]
    assert isinstance(ledger.told[0][0], ChatEvent)


def test_the_recordings_own_numbers_are_used_and_not_those_of_this_version() -> None:
    ledger = _Ledger()
    members = {"ChatEvent": ("message.read_receipt.created",)}
    Player(ledger, ["finish", "event_delivered"], members).play([(1, [0, 1, 2, 4])])

    assert ledger.told == [(ChatEvent.MESSAGE_READ, 1, 2, 4)]


def test_a_health_sample_survives() -> None:
    sample = HealthSample(1, 2, 3, 4, 0.5, 6, 7)
    ledger = _Ledger()
    Player(ledger, ["health"], _MEMBERS).play([(0, health_arguments(sample))])

    assert ledger.told == [sample]


def test_a_player_knows_its_last_instant_and_how_many_calls_it_made() -> None:
    ledger = _Ledger()
    player = Player(ledger, METHODS, _MEMBERS)
    player.play([(METHODS.index("finish"), (77, True))])

    assert (player.last_ns, player.call_count) == (77, 1)
    assert ledger.told == [(77, True)]


def test_members_are_written_as_places_for_every_method_that_takes_one() -> None:
    assert set(ENUMS) <= set(METHODS)


@pytest.mark.parametrize(
    "call", [(999, [1]), (0, []), (0, [1, 2, 3, 4, 5]), (METHODS.index("action_failed"), [99] * 5)]
)
def test_a_call_that_cannot_be_made_is_a_usage_error(call: tuple[int, list[int]]) -> None:
    members = {kind.__name__: tuple(kind) for kind in ENUMS.values()}
    player = Player(Ledger(LedgerSettings()), METHODS, members)
    with pytest.raises(UsageError, match="call 1 of the recording cannot be made"):
        player.play([call])
