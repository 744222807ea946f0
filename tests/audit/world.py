"""A log with a history, and the ways to put it back to an earlier state."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import text

from socialguard.audit import checkpoint
from socialguard.audit.anchors.interface import AnchorFailed, Statement
from socialguard.audit.anchors.publishing import publish_pending
from socialguard.audit.interface import Entry, LogKey, Tree
from socialguard.audit.log import AuditLog
from socialguard.audit.verify import Report, verify
from socialguard.store.database import Database
from tests.audit.conftest import ACTOR, ORG, Key, Pins
from tests.audit.test_log import append, intent, outcome, queue, tamper


@dataclass
class Outside:
    """An anchor outside this machine, kept in memory."""

    held: list[bytes] = field(default_factory=list)
    outside: bool = True
    name: str = "outside"
    reachable: bool = True

    def publish(self, statements: Sequence[Statement]) -> None:
        self._require()
        self.held += [each.note for each in statements]

    def notes(self, org: str) -> Iterator[bytes]:
        self._require()
        yield from self.held

    def _require(self) -> None:
        if not self.reachable:
            raise AnchorFailed(path=self.name, detail="no way there.")


@dataclass
class World:
    """A log with checkpoints at 3 and 7 of its 9 entries, pinned and anchored outside at 7."""

    database: Database
    log: AuditLog
    key: Key
    pins: Pins
    anchor: Outside

    def verify(self, *, deep: bool = False, **options: object) -> Report:
        keys = [LogKey(self.key.public)]
        return verify(self.database, ORG, keys, self.pins, [self.anchor], deep, **options)  # type: ignore[arg-type]

    def add(self, *entries: Entry) -> None:
        append(self.database, self.log, *entries)

    def checkpoint(self) -> Tree:
        tree = checkpoint.make(self.database, ORG, self.key.here, self.pins, anchors=[self.anchor.name])
        publish_pending(self.database, ORG, [self.anchor])
        return tree


def make_world(database: Database, log: AuditLog, key: Key, pins: Pins) -> World:
    made = World(database, log, key, pins, Outside())
    made.add(queue(), intent("c-1"))
    made.checkpoint()
    made.add(outcome("c-1", "sent"), queue("cd" * 32), intent("c-2", "cd" * 32))
    made.add(Entry("freeze", "done", ACTOR, account="a-1", reason="a rumour"))
    made.checkpoint()
    made.add(outcome("c-2", "sent"), Entry("account.verify", "done", ACTOR, obj={"nested": {"fingerprint": "x"}}))
    return made


def snapshot(world: World) -> list[tuple[str, list[dict[str, object]]]]:
    with world.database.read() as connection:
        return [
            (name, [dict(row) for row in connection.execute(text(f"select * from {name}")).mappings()])
            for name in ("audit_entry", "audit_head", "audit_reason", "checkpoint")
        ]


def restore(world: World, tables: list[tuple[str, list[dict[str, object]]]]) -> None:
    """Put the database back to a snapshot, and the pins with it."""
    tamper(world.database, "delete from audit_entry")
    with world.database.write() as connection:
        for name, rows in tables:
            connection.execute(text(f"delete from {name}"))
            columns = ", ".join(rows[0])
            values = ", ".join(f":{column}" for column in rows[0])
            connection.execute(text(f"insert into {name} ({columns}) values ({values})"), rows)
    world.pins.tree = None
