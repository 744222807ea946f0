"""What the owners signed, verified against the pins in every transaction that asks."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, RootTransaction, select

from socialguard import errors
from socialguard.audit.interface import LogKey
from socialguard.registry import manifest as manifests
from socialguard.registry.accounts import Registry
from socialguard.registry.manifest import Manifest
from socialguard.store import tables
from socialguard.store.prepared import Prepared
from socialguard.vault.pins import Pins

if TYPE_CHECKING:
    from socialguard.registry.policy_file import PolicySet

_NEWEST: Final = Prepared(
    select(tables.manifest.c.epoch, tables.manifest.c.sha256).order_by(tables.manifest.c.epoch.desc()).limit(1)
)


@dataclass(frozen=True, slots=True)
class Books:
    """The manifest and its accounts."""

    manifest: Manifest
    registry: Registry


class _Known:
    """Books that were verified, and the policy that belongs to them once it was asked for."""

    __slots__ = ("books", "policy")

    def __init__(self, books: Books) -> None:
        self.books = books
        self.policy: PolicySet | None = None


class _Seen(threading.local):
    """What one thread verified last, and in which transaction: one transaction sees one state."""

    transaction: RootTransaction | None = None
    known: _Known | None = None


def log_keys_of(manifest: Manifest) -> list[LogKey]:
    """Return the keys that sign checkpoints, as a manifest names them."""
    return [LogKey(key.key, key.from_size, key.incarnation) for key in manifest.log_keys]


class Signed:
    """The books of one organisation; read again only when the newest epoch is another. Safe to share between
    threads: each transaction has the books of its own state."""

    def __init__(self, org: str, pins: Callable[[], Pins]) -> None:
        self.org = org
        self._pins = pins
        self._known: _Known | None = None
        self._seen = _Seen()

    def log_keys(self, connection: Connection) -> list[LogKey]:
        """Return the keys that sign checkpoints, as the owners signed them; raises as `books`."""
        return log_keys_of(self.books(connection).manifest)

    def books(self, connection: Connection) -> Books:
        """Return manifest and registry as of this transaction; pin a newer epoch.

        Raises NotAdopted, and Tampered for what is not as signed, or older than what was seen."""
        return self._of(connection).books

    def policy(self, connection: Connection) -> "PolicySet":
        """Return the applied policy as of this transaction; raises as `books`, Tampered also for a text that is
        not the one in the manifest."""
        known = self._of(connection)
        if known.policy is None:
            from socialguard.registry import policy

            known.policy = policy.load_applied(connection, known.books.manifest)
        return known.policy

    def _of(self, connection: Connection) -> _Known:
        """What is known as of this transaction."""
        transaction = connection.get_transaction()
        # What was verified in it once needs no second look.
        if self._seen.known is not None and transaction is not None and transaction is self._seen.transaction:
            return self._seen.known
        known = self._known
        if known is None or not self._is_newest(connection, known.books.manifest):
            known = self._known = _Known(self._load(connection))
        self._seen.transaction, self._seen.known = transaction, known
        return known

    def _load(self, connection: Connection) -> Books:
        pins = self._pins()
        # Read before the rows: an epoch that another process adds meanwhile is then newer than the pin, not older.
        pin = pins.manifest()
        if pin is None:
            raise errors.NotAdopted(detail="this machine has not seen its manifest.")
        found = manifests.load(connection, pin)
        if found.org != self.org:
            raise errors.Tampered(what="The manifest", detail="it is another organisation's.")
        if found.epoch > pin[0]:
            pins.pin_manifest(found.epoch, found.sha256)
        return Books(found, Registry(found))

    def _is_newest(self, connection: Connection, known: Manifest) -> bool:
        row = _NEWEST.first(connection)
        return row is not None and (row.epoch, row.sha256) == (known.epoch, known.sha256)
