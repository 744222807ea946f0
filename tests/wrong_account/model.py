"""The rules of the switch guard once more, written from the design and without a line of the program's.

A terminal remembers the set of accounts that was last confirmed there, the client of the last target and when it
was last used."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.wrong_account.firm import ALIKE, CLIENTS, SECURE, SHORT_NAMES

RECONFIRM_AFTER: Final = 30.0
TRIES: Final = 3


@dataclass(slots=True)
class Terminal:
    """What one terminal session has confirmed; times are in minutes."""

    confirmed: frozenset[str]
    client: str
    used_at: float


@dataclass(slots=True)
class Model:
    """All terminals of a person, and the time."""

    now: float = 0.0
    terminals: dict[str, Terminal] = field(default_factory=dict)

    def asks(self, terminal: str, targets: Sequence[str]) -> bool:
        """Return whether a person has to type a name before anything goes to `targets`."""
        known = self.terminals.get(terminal)
        if SECURE in targets or known is None:
            return True
        if self.now - known.used_at > RECONFIRM_AFTER:
            return True
        if not set(targets) <= known.confirmed:
            return True
        return any(CLIENTS[target] != known.client for target in targets)

    def words(self, targets: Sequence[str], code: str | None) -> str:
        """Return what has to be typed: a short name, a secure account's handle in full, or the count with each
        client's name (and every secure account); then the code that the card shows."""
        if len(targets) == 1:
            name = targets[0] if targets[0] == SECURE else SHORT_NAMES[targets[0]]
        else:
            clients = [CLIENTS[target] for target in targets]
            ordered = sorted(dict.fromkeys(clients), key=lambda client: -clients.count(client))
            name = " ".join([str(len(targets)), *ordered, *(target for target in targets if target == SECURE)])
        return name if code is None else f"{name} {code}"

    @staticmethod
    def needs_code(targets: Sequence[str]) -> bool:
        """Return whether a handle among the targets can be mistaken for another."""
        return not ALIKE.isdisjoint(targets)

    def confirm(self, terminal: str, targets: Sequence[str]) -> None:
        """Take the targets as confirmed by name in a terminal."""
        self.terminals[terminal] = Terminal(frozenset(targets), CLIENTS[targets[-1]], self.now)

    def use(self, terminal: str, targets: Sequence[str]) -> None:
        """Take a terminal as used inside its confirmed set."""
        known = self.terminals[terminal]
        known.client, known.used_at = CLIENTS[targets[-1]], self.now
