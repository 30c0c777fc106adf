from rich.text import Text

from loadtest.report.figures import MISSING
from loadtest.report.screen import Screen, printable
from loadtest.report.tables import Tone
from tests.support.consoles import ascii_console, plain_console, printed


def test_ascii_keeps_the_meaning_of_marks() -> None:
    text = f"{MISSING} \N{CHECK MARK} \N{MULTIPLICATION X} \N{RIGHTWARDS ARROW}"

    assert printable(text, ascii_console()) == "- + x ->"
    assert printable(text, plain_console()) == text


def test_the_height_of_a_part_is_how_many_lines_it_takes() -> None:
    screen = Screen(plain_console(40))
    part = screen.hanging("!", "a text that is longer than forty columns of a terminal", "")

    assert screen.height(part) == 2
    assert screen.height(part, Text()) == 3
    screen.put(part)
    assert len(printed(screen.console).splitlines()) == 2


def test_a_path_is_never_broken() -> None:
    screen = Screen(plain_console(40))
    screen.path("results/" + "long" * 20)

    assert printed(screen.console) == "results/" + "long" * 20 + "\n"


def test_the_verdict_is_a_badge_before_what_was_run() -> None:
    line = Screen(plain_console()).verdict_line("FAIL", Tone.BAD, ("smoke", "20 s"))

    assert line.plain == " FAIL   smoke \N{MIDDLE DOT} 20 s"
