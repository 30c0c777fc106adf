from loadtest.selftest import Trial
from loadtest.selftest.case import Case
from loadtest.selftest.checks import exact


def test_a_case_is_in_the_short_form_and_shares_the_machine_unless_it_says_otherwise() -> None:
    case = Case("drop", "all are counted", Trial(), lambda _found, _clean: [exact("lost", 1, 1)])

    assert case.is_quick
    assert not case.is_alone
