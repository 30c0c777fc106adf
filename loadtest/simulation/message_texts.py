"""What simulated users write: plain words, cut to the length that the workload asks for."""

__all__ = ["keys_typed", "text_of_length"]

_WORDS = (
    "could we meet at the station around noon, the train is late again and I would like a coffee "
    "first; tell the others that the tickets are with me and that nobody needs to hurry. "
)


def text_of_length(length: int) -> str:
    """Return a text of ``length`` characters, at least one."""
    length = max(length, 1)
    return (_WORDS * (length // len(_WORDS) + 1))[:length]


def keys_typed(length: int) -> str:
    """Return what stands in the field when ``length`` characters of a message are typed."""
    return text_of_length(length)
