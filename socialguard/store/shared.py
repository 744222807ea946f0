"""Writes of several threads in one transaction: each has its turn, and one commit serves all who came meanwhile.

A commit waits for the disk; fifty threads that commit one after the other wait fifty times. Here a write that ends
while others wait leaves the transaction open to the next, and returns when it is committed, durably as always. A
write that fails takes back what it did and nothing of the others. Alone, a write commits at once: nothing is ever
held back for somebody who may come."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from sqlalchemy import Connection, Engine

from socialguard import clock, errors
from socialguard.store import dialect

MOST: Final = 64
LONGEST: Final = 0.1
"""Seconds after which a transaction is committed although others wait: who came first waits no longer."""


class _Group:
    """One transaction, and whoever waits for its end; `failure` is why it came to nothing."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.size = 0
        self.began = clock.monotonic()
        self.ended = threading.Event()
        self.failure: BaseException | None = None

    @property
    def is_full(self) -> bool:
        """Whether nobody may come any more."""
        return self.size >= MOST or clock.monotonic() - self.began > LONGEST


class LostTogether(Exception):
    """The transaction that this write was part of came to nothing; the cause is the failure of another."""


class SharedWrites:
    """The writes of one database in this process; `where` names it."""

    def __init__(self, engine: Engine, where: str) -> None:
        self._engine = engine
        self._where = where
        self._changed = threading.Condition()
        self._waiting = 0
        self._taken = False
        self._group: _Group | None = None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection in a write transaction that is committed when the block has ended.

        Raises what the driver raises, LostTogether, and Busy after 15 s of waiting for the other threads."""
        self._take_turn()
        group = None
        try:
            group = self._joined()
            yield group.connection
        except BaseException as problem:
            self._take_back(group, problem)
            raise
        else:
            self._leave(group)
        group.ended.wait()
        if group.failure is not None:
            raise LostTogether from group.failure

    def _take_turn(self) -> None:
        with self._changed:
            self._waiting += 1
            free = self._changed.wait_for(lambda: not self._taken, dialect.BUSY_MS / 1000)
            self._waiting -= 1
            if not free:  # whoever has it sees at its end that we have gone
                raise errors.Busy(what=self._where)
            self._taken = True

    def _joined(self) -> _Group:
        """Begin a transaction, or go on in the one that was left open."""
        group = self._group
        if group is None:
            connection = self._engine.connect()
            try:
                connection.begin()
                dialect.begin(connection, writes=True)
            except BaseException:
                connection.close()
                raise
            group = self._group = _Group(connection)
        else:
            group.connection.exec_driver_sql("savepoint turn")
        group.size += 1
        return group

    def _leave(self, group: _Group) -> None:
        """End a turn that went well."""
        if group.size > 1:
            try:
                group.connection.exec_driver_sql("release savepoint turn")
            except BaseException as problem:
                self._finish(group, problem)
                raise
        self._pass_on(group)

    def _take_back(self, group: _Group | None, problem: BaseException) -> None:
        """End a turn that went wrong: what it did is undone, what others did before it stays."""
        if group is None:
            self._end_turn()
            return
        if group.size == 1:
            self._finish(group, None)
            return
        group.size -= 1
        try:
            # A full disk makes SQLite take back everything: then there is no savepoint any more.
            group.connection.exec_driver_sql("rollback to savepoint turn")
            group.connection.exec_driver_sql("release savepoint turn")
        except Exception:  # noqa: BLE001 - whatever it was, nothing of the transaction is left
            self._finish(group, problem)
            return
        with suppress(Exception):  # whoever waits for the commit is told; this write has its own problem
            self._pass_on(group)

    def _pass_on(self, group: _Group) -> None:
        """Leave the transaction to whoever waits, or commit it."""
        with self._changed:
            if self._waiting and not group.is_full:
                self._taken = False
                self._changed.notify()
                return
        self._commit(group)

    def _commit(self, group: _Group) -> None:
        try:
            group.connection.commit()
        except BaseException as problem:
            self._finish(group, problem)
            raise
        self._finish(group, None)

    def _finish(self, group: _Group, failure: BaseException | None) -> None:
        """Close the transaction, committed or not, and tell whoever waits for it."""
        self._group = None
        group.failure = failure
        try:
            if failure is not None:
                group.connection.invalidate()  # whatever state it is in, nobody goes on with it
            group.connection.close()  # rolls back what was not committed
        finally:
            group.ended.set()
            self._end_turn()

    def _end_turn(self) -> None:
        with self._changed:
            self._taken = False
            self._changed.notify()
