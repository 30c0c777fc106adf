"""How much ``loadtest run`` prints at its end; whole runs are in ``tests/integration``."""

import argparse

import pytest

from loadtest.cli.run import add_arguments
from loadtest.report import Ending


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(arguments)


@pytest.mark.parametrize(
    ("arguments", "ending"),
    [
        ((), Ending.SHORT),
        (("--details",), Ending.DETAILS),
        (("--quiet",), Ending.QUIET),
        (("--json",), Ending.JSON),
    ],
)
def test_an_option_says_how_much_is_printed(arguments: tuple[str, ...], ending: Ending) -> None:
    """Locust has a ``--json`` of its own, which must not get this one."""
    options = parsed(*arguments)

    assert options.ending is ending
    assert options.passed_on == []


def test_two_ways_to_end_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("--quiet", "--json")

    assert "not allowed with argument" in capsys.readouterr().err
