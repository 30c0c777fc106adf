import msgspec

from loadtest.metrics.catalogue.values import block_values
from loadtest.metrics.catalogue.work import ACTIONS, LOAD, SESSIONS
from loadtest.metrics.figures.figures import ActionFigures, LoadFigures


def test_errors_and_drops_are_summed_over_their_reasons() -> None:
    figures = ActionFigures(errors={"refused": 2, "late": 1}, dropped={"busy": 4})

    for block in (ACTIONS, SESSIONS):
        made = block_values(block, figures)
        assert (made["errors"], made["dropped"]) == (3, 4)


def test_the_load_is_made_of_its_counts_and_peaks() -> None:
    load = LoadFigures(user_sessions_started=3, connections_lost={"reset": 2})
    counts = msgspec.structs.asdict(load) | {"devices_peak": 5, "chat_sessions_peak": 6}

    made = block_values(LOAD, counts)
    assert made["user_sessions"] == 3
    assert made["connections_lost"] == 2
    assert made["devices_peak"] == 5


def test_an_error_is_judged_beside_all_that_was_tried() -> None:
    assert ACTIONS.figure("errors").samples == ("completed", "errors")
    assert ACTIONS.figure("dropped").samples == ("completed", "errors", "dropped")
