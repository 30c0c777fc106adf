"""A size as tables and sentences, for the terminal, Markdown and the page alike."""

from collections.abc import Sequence

from loadtest.capacity.assumptions import Assumption
from loadtest.capacity.sizing import Size
from loadtest.report.tables import Column, Table, TableCell, TableRow

__all__ = [
    "LIMITS_OF_SIZING",
    "assumption_table",
    "money_text",
    "size_sentence",
    "size_table",
    "value_text",
]

LIMITS_OF_SIZING = (
    "Nodes are taken to share the load evenly, and N nodes to carry N times what one carries. The"
    " study measured one deployment: whatever all nodes share (a database, a broker, a load"
    " balancer) is not in these figures.",
    "The workload of the population is taken to be that of the study's profile, but for the figures"
    " above.",
)
"""What a size takes for granted besides its figures."""


def size_sentence(size: Size) -> str:
    """Return the size in a sentence."""
    nodes = f"{size.nodes:,} node" + ("s" if size.nodes != 1 else "")
    return (
        f"{size.users:,.0f} users need {nodes}: {size.devices:,.0f} devices and"
        f" {size.deliveries_per_s:,.0f} deliveries/s at the peak, decided by {size.decided_by};"
        f" {size.cost_per_month:,.0f} per month, {money_text(size.cost_per_1000_users)} per 1,000"
        " users."
    )


def assumption_table(found: Sequence[Assumption]) -> Table:
    """Return every figure that a size rests on, and where it comes from."""
    columns = (
        Column("value", "value", ""),
        Column("source", "where it comes from", ""),
    )
    rows = [
        TableRow(
            f"{each.input.label} {each.input.option}",
            (TableCell(value_text(each)), TableCell(each.source)),
        )
        for each in found
    ]
    return Table("What the size rests on", "figure", columns, tuple(rows))


def size_table(sizes: Sequence[Size]) -> Table:
    """Return the sizes of several populations."""
    columns = tuple(
        Column(key, title, meaning)
        for key, title, meaning in (
            ("devices", "devices", "connected at the peak"),
            ("deliveries_per_s", "deliveries/s", "at the peak"),
            ("nodes_by_devices", "by devices", "nodes that the devices need"),
            ("nodes_by_deliveries", "by deliveries", "nodes that the deliveries need"),
            ("nodes", "nodes", "the larger of both, and those that may be lost"),
            ("cost_per_month", "per month", "of all nodes, 730 hours"),
            ("cost_per_1000_users", "per 1,000 users", "cost per month"),
        )
    )
    rows = tuple(
        TableRow(f"{size.users:,.0f}", tuple(map(TableCell, _texts(size)))) for size in sizes
    )
    return Table("Nodes and cost by population", "users", columns, rows)


def _texts(size: Size) -> tuple[str, ...]:
    return (
        f"{size.devices:,.0f}",
        f"{size.deliveries_per_s:,.0f}",
        f"{size.nodes_by_devices:,}",
        f"{size.nodes_by_deliveries:,}",
        f"{size.nodes:,}",
        f"{size.cost_per_month:,.0f}",
        money_text(size.cost_per_1000_users),
    )


def value_text(found: Assumption) -> str:
    """Return the value of a figure as a person writes it."""
    if found.input.is_ratio:
        return f"{100 * found.value:g}%"
    return f"{found.value:,.4g}" if found.value < 1000 else f"{found.value:,.0f}"


def money_text(amount: float) -> str:
    """Return an amount with cents where they matter."""
    return f"{amount:,.2f}" if amount < 100 else f"{amount:,.0f}"
