from loadtest.metrics.catalogue.declaration import Better, Gravity, Kind
from loadtest.metrics.catalogue.machine import GENERATOR


def test_no_figure_of_the_generator_is_a_fault_of_the_server() -> None:
    assert {each.gravity for each in GENERATOR.figures} == {Gravity.NOTHING, Gravity.REMARK}


def test_its_delays_are_the_lower_the_better() -> None:
    assert GENERATOR.keys(Kind.LATENCY) == ("lag", "loop_lag", "hub_lag", "gc_pause")
    assert {GENERATOR.figure(name).better for name in ("lag", "gc_pause")} == {Better.LOWER}
