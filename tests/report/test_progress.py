from dataclasses import replace

from loadtest.report.figures import MISSING
from loadtest.report.progress import Progress, ProgressView
from tests.support.consoles import ascii_console, live_console, plain_console, printed

VIEW = ProgressView(
    phase="running",
    elapsed_s=7.2,
    devices=200,
    devices_planned=200,
    user_sessions=200,
    chat_sessions=402,
    messages_per_s=61.0,
    deliveries_per_s=2093.0,
    p99_ms=7.41,
    lost=0,
    lag_ms=0.31,
)
EARLY = replace(VIEW, phase="spawning", elapsed_s=0.0, p99_ms=None, lag_ms=None)


def test_without_a_terminal_each_line_stands_alone() -> None:
    console = plain_console(60)

    Progress(console, 20.0).update(VIEW)

    assert printed(console) == (
        "   7 of 20 s  running: 200 of 200 devices, 200 user sessions, 402 chat sessions, "
        "61 messages/s, 2,093 deliveries/s, p99 7.41 ms, lost 0, generator lag 0.31 ms\n"
    )


def test_without_a_terminal_a_line_comes_every_five_seconds() -> None:
    console = plain_console()
    progress = Progress(console, 20.0)

    for tenth in range(0, 200):
        progress.update(replace(VIEW, elapsed_s=tenth / 10))

    assert [line.split()[0] for line in printed(console).splitlines()] == ["0", "5", "10", "15"]


def test_a_new_phase_is_told_at_once() -> None:
    console = plain_console()
    progress = Progress(console, 20.0)

    progress.update(EARLY)
    progress.update(replace(VIEW, elapsed_s=0.4))

    assert [line.split()[4] for line in printed(console).splitlines()] == ["spawning:", "running:"]


def test_what_is_not_known_yet_is_a_dash() -> None:
    console = plain_console()

    Progress(console, 20.0).update(EARLY)

    assert f"p99 {MISSING}, lost 0, generator lag {MISSING}" in printed(console)


def test_a_terminal_shows_the_view_and_is_left_clean() -> None:
    console = live_console()
    progress = Progress(console, 20.0)

    progress.update(VIEW)
    drawn = printed(console)
    progress.close()

    assert "7 of 20 s" in drawn
    assert "2,093 deliveries/s" in drawn
    erase_line = "\x1b[2K"
    assert erase_line in printed(console)[len(drawn) :]


def test_losses_stand_out() -> None:
    console = live_console()

    Progress(console, 20.0).update(replace(VIEW, lost=3))

    bold_red = "\x1b[1;31m"
    assert f"{bold_red}lost 3" in printed(console)


def test_a_run_that_takes_longer_fills_its_bar_and_no_more() -> None:
    console = live_console()

    Progress(console, 20.0).update(replace(VIEW, elapsed_s=31.0))

    assert "  31 s" in printed(console)
    assert "of 20 s" not in printed(console)


def test_closing_twice_is_harmless() -> None:
    progress = Progress(live_console(), 20.0)

    progress.close()
    progress.close()


def test_a_stream_without_unicode_gets_ascii() -> None:
    console = ascii_console()

    Progress(console, 20.0).update(EARLY)

    assert "p99 -, lost 0" in printed(console)
