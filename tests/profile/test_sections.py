from collections.abc import Iterator
from typing import get_args

import pytest
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from loadtest.metrics import LedgerSettings
from loadtest.observations import ChatEvent
from loadtest.profile.fields import Section
from loadtest.profile.sections import (
    HANDLERS,
    ChannelSection,
    DeviceSection,
    GeneratorSection,
    Handler,
    MetricsSection,
    PopulationSection,
    RunSection,
    TargetSection,
)
from loadtest.profile.workload_sections import ChatSessionSection, WorkloadSection

SECTIONS: list[type[Section]] = [
    ChannelSection,
    ChatSessionSection,
    DeviceSection,
    GeneratorSection,
    MetricsSection,
    PopulationSection,
    RunSection,
    TargetSection,
    WorkloadSection,
]


def all_fields() -> Iterator[tuple[str, FieldInfo]]:
    for section in SECTIONS:
        for name, field in section.model_fields.items():
            yield f"{section.__name__}.{name}", field


@pytest.mark.parametrize(("name", "field"), list(all_fields()))
def test_every_key_is_explained_and_every_default_has_a_reason(name: str, field: FieldInfo) -> None:
    assert field.description, name
    assert isinstance(field.json_schema_extra, dict)
    assert field.is_required() or field.json_schema_extra["why"], name


def test_the_handlers_are_the_ten_of_a_chat_session() -> None:
    assert tuple(HANDLERS) == get_args(Handler)
    assert set(HANDLERS.values()) == set(ChatEvent) - {ChatEvent.NOTIFICATION_CREATED}


def test_handlers_hear_their_events() -> None:
    section = DeviceSection(handlers=("on_message_received", "on_message_read"))

    assert section.handled_events == {ChatEvent.MESSAGE_CREATED, ChatEvent.MESSAGE_READ}


def test_defaults_are_those_by_which_the_ledger_judges() -> None:
    ledger, metrics = LedgerSettings(), MetricsSection()

    assert RunSection().delivery_deadline_s == ledger.delivery_deadline_s
    assert metrics.handoff_window_s == ledger.handoff_window_s
    assert metrics.race_window_s == ledger.race_window_s
    assert metrics.server_keeps_order == ledger.server_keeps_order
    assert metrics.typing_timeout_s == ledger.typing_timeout_s


def test_users_with_devices_are_counted_by_their_weights() -> None:
    section = PopulationSection.model_validate(
        {"users": 200, "devices_per_user": {"0": 1, "1": 2, "3": 1}}
    )

    assert section.connected_users == 150


def test_sections_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        RunSection().seed = 2
