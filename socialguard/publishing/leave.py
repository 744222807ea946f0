"""Leaving while something is being sent: what this process cannot wait for becomes `unknown`, with the reason in
the log, so that no row says `sending` for a process that is gone."""

from socialguard import errors
from socialguard.ledger import due, reader, writer
from socialguard.model.delivery import Delivery, State
from socialguard.publishing.course import append
from socialguard.publishing.interface import Desk
from socialguard.store.process import here

REASON = "the sending process was stopped before the answer came"


def leave(desk: Desk) -> tuple[Delivery, ...]:
    """Mark every attempt of this process that is under way as unknown, and return their deliveries.

    A call that still ends well afterwards is found by looking, as after a crash."""
    ours, left = here(), []
    with desk.database.read() as connection:
        attempts = [(value, reader.open_attempt(connection, value.id)) for value in due.sending(connection)]
    for value, attempt in attempts:
        if attempt is None or attempt.owner != ours:
            continue
        try:
            with desk.database.write() as connection:
                writer.settle(connection, value, State.UNKNOWN, reason=REASON)
                append(connection, desk, value, "unknown", reason=REASON)
        except errors.Busy:
            continue  # its own thread was faster
        left.append(value)
    return tuple(left)
