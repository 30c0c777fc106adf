"""Errors of the command line: one line, with what may have been meant."""

import pytest

from loadtest.cli.main import main


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        pytest.param(
            ["run", "--devces", "3"],
            "loadtest run: --devces is no option; did you mean --devices?",
            id="a mistyped option of ours",
        ),
        pytest.param(
            ["run", "--procesess=2"],
            "loadtest run: --procesess is no option; did you mean --processes?",
            id="of Locust's",
        ),
        pytest.param(
            ["serve", "--zzz"],
            "loadtest serve: --zzz is no option; loadtest serve --help lists them",
            id="nothing near",
        ),
        pytest.param(
            ["sink", "extra"],
            "loadtest sink: 'extra' is one argument too many; loadtest sink --help lists them",
            id="too many",
        ),
        pytest.param(
            ["profiles", "explian", "smoke"],
            "loadtest profiles: WHAT: there is no 'explian'; did you mean explain?",
            id="a mistyped choice",
        ),
        pytest.param(
            ["run", "--devices", "-3"],
            "loadtest run: --devices: it is '-3'; it must be a number of 1 or more",
            id="a value that Locust's parser refuses",
        ),
    ],
)
def test_it_is_one_line_and_the_exit_code_of_usage(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    [said] = capsys.readouterr().err.splitlines()
    assert said == line
