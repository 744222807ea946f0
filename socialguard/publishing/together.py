"""Work of several threads in one transaction: what comes while a commit is on its way goes with the next one.

A commit waits for the disk, and a claim signs and pins the log: fifty accounts that are sent to at once would each
do so alone. A thread that is alone does its work at once, as if this were not here."""

import threading
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

MOST: Final = 32
"""Items in one transaction, so that it stays short."""


class _Ticket(Generic[Item, Outcome]):
    def __init__(self, item: Item) -> None:
        self.item = item
        self.outcomes: list[Outcome | Exception] = []


class Together(Generic[Item, Outcome]):
    """A place where threads bring one kind of work."""

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._turn = threading.Lock()
        self._waiting: list[_Ticket[Item, Outcome]] = []

    def do(self, item: Item, act: Callable[[Sequence[Item]], Sequence[Outcome | Exception]]) -> Outcome:
        """Have `item` done by `act`, with whatever else waits, and return its outcome, or raise the error that is
        its outcome. Every caller of one place brings an `act` that does the same; what it raises is raised to all
        whose work was in it."""
        ticket: _Ticket[Item, Outcome] = _Ticket(item)
        with self._gate:
            self._waiting.append(ticket)
        with self._turn:
            while not ticket.outcomes:
                self._act(act)
        outcome = ticket.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _act(self, act: Callable[[Sequence[Item]], Sequence[Outcome | Exception]]) -> None:
        with self._gate:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        outcomes: Sequence[Outcome | Exception] = ()
        failure: Exception = RuntimeError("the transaction was left before its end")
        try:
            outcomes = act([ticket.item for ticket in batch])
        except Exception as problem:  # noqa: BLE001 - whoever's work was in it is told, and judges
            failure = problem
        finally:  # nobody waits for ever, whatever happened
            for number, ticket in enumerate(batch):
                ticket.outcomes.append(outcomes[number] if number < len(outcomes) else failure)
