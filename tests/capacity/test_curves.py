"""The charts of a study: a dot for each trial, the interval, the promise."""

from xml.etree import ElementTree

from loadtest.capacity.curves import study_figures
from loadtest.capacity.search import StoppedBy
from loadtest.capacity.studied import StudyFacts, studied
from loadtest.capacity.study import ServerUse, Study
from loadtest.profile import load_profile
from tests.support.studies import study, trial


def of_class(svg: str, name: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(svg)
    return [each for each in root.iter() if name in each.get("class", "").split()]


def made() -> Study:
    facts = StudyFacts.of(study(profile=load_profile("capacity").resolved()))
    return studied(facts, study().trials, StoppedBy.BUDGET, 400)


def test_each_trial_is_a_dot_of_its_outcome() -> None:
    throughput, latency = study_figures(made())

    for figure in (throughput, latency):
        assert len(of_class(figure.wide_svg, "s-good")) == 5
        assert len(of_class(figure.wide_svg, "s-bad")) == 3
        assert len(of_class(figure.wide_svg, "band")) == 1
        assert len(of_class(figure.narrow_svg, "dot")) == 8


def test_the_law_is_drawn_through_the_throughput_and_the_promise_over_the_latency() -> None:
    throughput, latency = study_figures(made())

    assert len(of_class(throughput.wide_svg, "line")) == 1
    (promise,) = of_class(latency.wide_svg, "s-limit")
    # Flat: both ends at the same height.
    ends = promise.get("d", "").removeprefix("M").split("L")
    assert len({end.split()[1] for end in ends}) == 1


def test_a_watched_server_has_charts_of_its_own() -> None:
    use = ServerUse(cpu_cores=0.5, memory_mb=120, sockets=1200, queries={"threads": 4.0})
    watched = study(trials=[trial(20, server=use), trial(40, server=use)])

    assert [figure.title for figure in study_figures(watched)] == [
        "Throughput",
        "Delivery latency, p99",
        "Server: processor",
        "Server: memory",
        "Server: connections",
        "Server: threads",
    ]


def test_a_study_without_trials_has_no_charts() -> None:
    assert study_figures(study(trials=[])) == ()
    assert len(study_figures(study(trials=[trial(20)]))) == 2
