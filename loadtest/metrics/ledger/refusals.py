"""Causes that the server refuses: nobody was ever going to see them.

Only a refusal by name, such as ``RateLimitedError: …``, takes a cause back, and only as long as
nobody has seen its event. It is an error then, and not a loss; a timeout excuses nothing. A cause
whose connection broke before any answer may never have reached the server: it is *doubtful*, and
judged only if somebody sees its effect.
"""

from collections.abc import Iterable

from loadtest.metrics.ledger.events import EventBook
from loadtest.metrics.ledger.keyed import KeystrokesBook
from loadtest.metrics.ledger.messages import MessageBook
from loadtest.metrics.ledger.model import EventRecord, MessageRecord, Record
from loadtest.metrics.ledger.typists import TypingBook
from loadtest.observations import Action, ChatEvent

__all__ = ["RefusalBook", "is_refusal"]

_EFFECTS = {
    Action.MESSAGE: ChatEvent.MESSAGE_CREATED,
    Action.REPLY: ChatEvent.MESSAGE_CREATED,
    Action.KEYSTROKES: ChatEvent.KEYSTROKES_CREATED,
    Action.EDIT: ChatEvent.MESSAGE_UPDATED,
    Action.UPDATE_CHANNEL: ChatEvent.CHANNEL_UPDATED,
    Action.READ: ChatEvent.MESSAGE_READ,
}


def is_refusal(reason: str) -> bool:
    """Tell whether an action failed because the server refused it by name."""
    return reason.partition(":")[0].endswith("Error")


class RefusalBook:
    """Knows which records are of actions that may still be refused."""

    def __init__(
        self,
        messages: MessageBook,
        keystrokes: KeystrokesBook,
        events: EventBook,
        typing: TypingBook,
    ) -> None:
        self._messages = messages
        self._keystrokes = keystrokes
        self._events = events
        self._typing = typing
        self._refusable: dict[tuple[ChatEvent, int, int], Record] = {}

    @property
    def open_count(self) -> int:
        """How many records may still be taken back."""
        return len(self._refusable)

    def planned(self, record: Record, device: int) -> None:
        """Note a record that an action of ``device`` has caused."""
        self._refusable[record.event, device, record.due_ns] = record

    def closed(self, records: Iterable[Record]) -> None:
        """Forget records that were judged."""
        for record in records:
            if record.sender is not None:
                self._refusable.pop((record.event, record.sender.number, record.due_ns), None)

    def failed(
        self, action: Action, device: int, due_ns: int, reason: str, *, is_broken: bool
    ) -> None:
        """Take the failure of an action: if the server refused it by name, it caused nothing.

        ``is_broken`` says that the connection is lost.
        """
        event = _EFFECTS.get(action)
        if event is None:
            return
        if is_broken:
            record = self._refusable.get((event, device, due_ns))
            if record is not None:
                record.suffer().is_doubtful = True
                self._typing.doubt(record)
        elif is_refusal(reason):
            self._take_back(self._refusable.get((event, device, due_ns)))

    def _take_back(self, record: Record | None) -> None:
        if record is None or record.sender is None:
            return
        if isinstance(record, EventRecord):
            self._events.refuse(record)
        elif isinstance(record, MessageRecord):
            if self._messages.withdraw(record):
                self._typing.message_refused(record.sender, record.channel, record.written_ns)
        elif self._keystrokes.withdraw(record):
            self._typing.keystrokes_refused(record.sender, record.channel, record.written_ns)
