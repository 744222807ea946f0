"""What the owners signed, verified against the pins in every transaction that asks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, RootTransaction, select

from socialguard import errors
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


class Signed:
    """The books of one organisation; read again only when the newest epoch is another."""

    def __init__(self, org: str, pins: Callable[[], Pins]) -> None:
        self.org = org
        self._pins = pins
        self._known: Books | None = None
        self._verified_in: RootTransaction | None = None
        self._policy: PolicySet | None = None

    def books(self, connection: Connection) -> Books:
        """Return manifest and registry as of this transaction; pin a newer epoch.

        Raises NotAdopted, and Tampered for what is not as signed, or older than what was seen."""
        transaction = connection.get_transaction()
        # One transaction sees one state: what was verified in it once needs no second look.
        if self._known is not None and (
            (transaction is not None and transaction is self._verified_in)
            or self._is_newest(connection, self._known.manifest)
        ):
            self._verified_in = transaction
            return self._known
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
        self._known, self._policy = Books(found, Registry(found)), None
        self._verified_in = transaction
        return self._known

    def policy(self, connection: Connection) -> "PolicySet":
        """Return the applied policy as of this transaction; raises as `books`, Tampered also for a text that is
        not the one in the manifest."""
        manifest = self.books(connection).manifest
        if self._policy is None:
            from socialguard.registry import policy

            self._policy = policy.load_applied(connection, manifest)
        return self._policy

    def _is_newest(self, connection: Connection, known: Manifest) -> bool:
        row = _NEWEST.first(connection)
        return row is not None and (row.epoch, row.sha256) == (known.epoch, known.sha256)
