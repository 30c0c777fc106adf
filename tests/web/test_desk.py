"""What passes between the screens and the process that leads runs."""

from loadtest.web.desk import FormProblem


def test_a_problem_names_its_field_and_what_is_wrong() -> None:
    assert FormProblem("devices", "it is 0").to_dict() == {"field": "devices", "text": "it is 0"}
