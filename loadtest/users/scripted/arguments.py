"""Arguments of a scripted user's actions, checked where the caller is.

What cannot be sent must not get into the engine's thread: there nobody could tell the caller.
"""

from loadtest.chat.texts import json_problem, text_problem
from loadtest.errors import UsageError

__all__ = ["check_json", "check_texts"]


def check_texts(action: str, **texts: object) -> None:
    """Check that every text can be sent.

    Raises:
        UsageError: One cannot.
    """
    for name, text in texts.items():
        problem = text_problem(text)
        if problem:
            raise UsageError(f"{action}: {name} is {text!r}; {problem}")


def check_json(action: str, value: object) -> None:
    """Check that ``value`` can be sent as JSON.

    Raises:
        UsageError: It cannot.
    """
    problem = json_problem(value)
    if problem:
        raise UsageError(f"{action}: {value!r} cannot be sent; {problem}")
