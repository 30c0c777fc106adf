"""The usual case of a reader, in C; built where there is a compiler."""

from collections.abc import Callable

from loadtest.device.reader import Arrival

INTERFACE: int

class Scanner:
    """Reads what is plainly usual, for all connections of a fleet; see ``_scanner.c``."""

    def __init__(
        self,
        run: bytes,
        user_rules: bytes,
        channel_rules: bytes,
        types: tuple[str, ...],
        mark: bytes,
        separator: bytes,
        created: bytes,
        /,
    ) -> None: ...
    def read(
        self, data: bytes, prefix: bytes, random_bits: Callable[[int], int] | None, /
    ) -> tuple[list[Arrival], int]: ...
