"""A size as text: every figure with its unit, sums of money with cents where they matter."""

from loadtest.capacity.assumptions import assumptions, sizing_of
from loadtest.capacity.size_tables import (
    assumption_table,
    money_text,
    size_sentence,
    size_table,
)
from loadtest.capacity.sizing import node_capacity, populations, sized
from tests.support.studies import study

FOUND = assumptions(study(), node_capacity({"it": study()}), {"users": (50_000.0, "given")})


def test_every_assumption_is_printed_with_its_source() -> None:
    rows = {row.label: [cell.text for cell in row.cells] for row in assumption_table(FOUND).rows}

    assert len(rows) == 11
    assert rows["users --users"] == ["50,000", "given"]
    assert rows["online at the busiest hour --online"][0] == "10%"
    assert rows["deliveries that a node carries --deliveries-per-node"] == [
        "1,360",
        "low end of the limit in it: 170 messages/s",
    ]


def test_the_size_is_said_in_a_sentence() -> None:
    # 5 000 online: 5 000 * 80 / 3600 * 1.5 * 8 = 1 333 deliveries/s, of 952 usable: 2 nodes.
    # 5 000 * 4 / 3 = 6 667 devices, of 840 usable: 8 nodes.
    assert size_sentence(sized(sizing_of(FOUND))) == (
        "50,000 users need 9 nodes: 6,667 devices and 1,333 deliveries/s at the peak, decided by"
        " devices; 1,248 per month, 24.97 per 1,000 users."
    )


def test_a_row_per_population() -> None:
    table = size_table(populations(sizing_of(FOUND), (1_000, 50_000)))

    assert [row.label for row in table.rows] == ["1,000", "50,000"]
    assert [cell.text for cell in table.rows[1].cells] == [
        *("6,667", "1,333", "8", "2", "9", "1,248", "24.97")
    ]


def test_money_has_cents_below_a_hundred() -> None:
    assert [money_text(amount) for amount in (7.592, 1898.0)] == ["7.59", "1,898"]
