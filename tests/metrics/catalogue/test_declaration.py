import pytest

from loadtest.metrics.catalogue.declaration import (
    Better,
    Block,
    Kind,
    amount,
    count,
    latency,
    ratio,
)

BLOCK = Block(
    "actions.<action>",
    (latency("", "how long"), latency("completion", "whole"), count("errors", "n", "failed")),
)


def test_a_block_knows_its_names_in_brackets() -> None:
    assert BLOCK.brackets == ("<action>",)
    assert Block("phases.<phase>.latency.<event>", ()).brackets == ("<phase>", "<event>")
    assert Block("load", ()).brackets == ()


def test_a_block_gives_its_figures_by_key_and_by_kind() -> None:
    assert BLOCK.figure("errors").kind is Kind.COUNT
    assert BLOCK.keys(Kind.LATENCY) == ("", "completion")
    with pytest.raises(KeyError):
        BLOCK.figure("nothing")


def test_a_figure_is_named_by_its_key_unless_its_declaration_says_otherwise() -> None:
    plain = count("out_of_order", "events", "m")
    other = ratio("delivery_ratio", "a", ("b",), "m", title="ratio", short="ratio")

    assert (plain.heading, plain.field_name, plain.word) == ("out of order", *["out_of_order"] * 2)
    assert (other.heading, other.word) == ("ratio", "ratio")
    assert latency("latency", "m", short="").word == ""


def test_fewer_faults_are_better_and_an_amount_is_neither() -> None:
    assert count("lost", "n", "m").better is Better.LOWER
    assert amount("expected", "n", "m").better is Better.NEITHER
