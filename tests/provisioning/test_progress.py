from loadtest.clock import NS_PER_S
from loadtest.provisioning.progress import ProgressLines


def test_a_line_a_second_and_the_last_one() -> None:
    said: list[str] = []
    times = iter(n * NS_PER_S // 2 for n in range(100))
    lines = ProgressLines(said.append, clock=lambda: next(times))

    lines.begin("users", 5)
    for outcome in ("made", "made", "found", "made", "made"):
        lines.count(outcome)

    assert said == [
        "users: 2 of 5 (2 made)",
        "users: 4 of 5 (3 made, 1 found)",
        "users: 5 of 5 (4 made, 1 found)",
    ]


def test_the_next_kind_counts_from_nothing() -> None:
    said: list[str] = []
    lines = ProgressLines(said.append, clock=lambda: 0)

    for what in ("users", "channels"):
        lines.begin(what, 1)
        lines.count("made")

    assert said == ["users: 1 of 1 (1 made)", "channels: 1 of 1 (1 made)"]
