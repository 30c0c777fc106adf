"""Tables of a study at a terminal: nothing is cut, whatever the width."""

import io

import pytest
from rich.console import Console

from loadtest.capacity.assumptions import assumptions, sizing_of
from loadtest.capacity.size_tables import assumption_table, size_table
from loadtest.capacity.sizing import node_capacity, populations
from loadtest.capacity.terminal import printed_table, say
from tests.support.studies import study


@pytest.mark.parametrize("width", [60, 80, 160])
def test_a_table_fits_the_width_and_loses_no_word(width: int) -> None:
    known = study()
    table = assumption_table(assumptions(known, node_capacity({"it": known}), {}))
    console = Console(file=io.StringIO(), width=width)
    console.print(printed_table(table, console))
    text = console.file.getvalue()  # type: ignore[attr-defined]

    assert all(len(line) <= width for line in text.splitlines())
    words = {word for row in table.rows for cell in row.cells for word in cell.text.split()}
    assert words <= set(text.split())


@pytest.mark.parametrize("width", [60, 80])
def test_a_narrow_terminal_leaves_out_columns_and_cuts_no_figure(width: int) -> None:
    known = study()
    sizing = sizing_of(assumptions(known, node_capacity({"it": known}), {}))
    table = size_table(populations(sizing))
    console = Console(file=io.StringIO(), width=width)
    console.print(printed_table(table, console))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]

    assert all(len(line) <= width for line in lines)
    last = lines[-1].split()
    every = [cell.text for cell in table.rows[-1].cells]
    assert last[0] == "100,000"
    assert last[-3:] == every[-3:]
    assert (len(last) == len(every) + 1) == (width == 80)


def test_a_sentence_is_folded() -> None:
    console = Console(file=io.StringIO(), width=20)
    say(console, "more words than fit a line of twenty")

    assert console.file.getvalue().count("\n") == 2  # type: ignore[attr-defined]
