"""One open workspace: every part is opened when it is first needed, and all are closed together."""

import contextlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from socialguard import clock, errors, settings
from socialguard.audit.interface import Actor, Entry
from socialguard.canon import jcs
from socialguard.model import token_forms
from socialguard.model.account import Account
from socialguard.model.credential import HIDDEN, redact
from socialguard.store import small_file, strangers
from socialguard.store.database import Database, open_database
from socialguard.vault.begun import Begun
from socialguard.vault.identity import MEMBER, WORKER, Identity, open_identity
from socialguard.vault.marks import Marks
from socialguard.vault.pins import Pins
from socialguard.workspace.layout import Layout
from socialguard.workspace.signed import Signed

# Each part is imported by what opens it: `queue list` needs few of them and is waited for.
if TYPE_CHECKING:
    from sqlalchemy import Connection

    from socialguard.alerts.board import Board
    from socialguard.archive.archive import Archive
    from socialguard.archive.closing import Files
    from socialguard.audit.anchors.interface import Anchor
    from socialguard.audit.anchors.publishing import Published
    from socialguard.audit.emergency import EmergencyFile
    from socialguard.audit.log import AuditLog
    from socialguard.backup.backup import Backup
    from socialguard.guard.gate import Guard
    from socialguard.ledger.purse import Purse
    from socialguard.networks.interface import Network
    from socialguard.publishing.interface import Desk
    from socialguard.registry.manifest import Manifest
    from socialguard.vault.custody import Custody
    from socialguard.vault.keys import LogKey
    from socialguard.vault.readers import Readers
    from socialguard.vault.renewed import Renewed
    from socialguard.watch.watch import Watch
    from socialguard.workspace.trust import Keys, Trust

Ask = Callable[[], str]
DAEMON = "daemon"
"""The face without a person, as the log calls it."""


class Workspace(AbstractContextManager["Workspace"]):
    """The parts of one workspace. `ask` gives the passphrase where one is needed, None where none can be asked;
    `via` names the face for the log."""

    def __init__(self, home: Path, *, ask: Ask | None = None, via: str = "cli") -> None:
        self.layout = Layout(home)
        self.org = self.layout.read_org()
        self._ask = ask
        self._via = via
        self._networks: dict[str, Network] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, problem: object, trace: object) -> None:
        if isinstance(problem, errors.Tampered) and "logged" not in problem.fields:
            self._log_refusal(problem)
        self.close()

    def _log_refusal(self, problem: errors.Tampered) -> None:
        """Log that something was refused as tampered with; a log that cannot be written must not hide why."""
        with contextlib.suppress(errors.SocialGuardError), self.database.write() as connection:
            said = Entry("tampering.refuse", "tampered", self.actor, reason=redact(problem.message())[:500])
            self.log.append(connection, said)

    def close(self) -> None:
        """Sign a last checkpoint where this workspace wrote, and close the database."""
        if "archive" in self.__dict__:
            self.archive.close()
        if "database" not in self.__dict__:
            return
        try:
            # Also where the command needed no key: a freeze or a cancel that is not pinned could be taken back by
            # an old copy of the workspace.
            if self.database.has_written:
                self.checkpoint()
        except errors.SocialGuardError:
            pass  # a locked vault, a full disk: the command's own outcome counts; verify tells what is unproven
        finally:
            self.database.close()

    # ── this machine ─────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def settings(self) -> "settings.Settings":
        """What the operator set; raises SettingsInvalid, which keeps no freeze from working."""
        return settings.of_workspace(self.layout.settings)

    @cached_property
    def identity(self) -> Identity:
        """The keys of this machine, still sealed."""
        return open_identity(settings.identity_base(), self.org)

    @cached_property
    def pins(self) -> Pins:
        """What this machine has seen of the workspace."""
        return self.identity.pins(self._ask)

    @cached_property
    def keys(self) -> "Keys":
        """How each key is opened; every one at most once."""
        from socialguard.workspace.trust import Keys

        opened: dict[str, object] = {}

        def once(name: str, opening: Callable[[], object]) -> Callable[[], object]:
            def get() -> object:
                if name not in opened:
                    opened[name] = opening()
                return opened[name]

            return get

        return Keys(
            member=once("member", lambda: self.identity.member(self._ask)),  # type: ignore[arg-type]
            member_id=lambda: self.identity.member_id,
            worker_id=lambda: self._worker_id,
            worker=once("worker", lambda: self.identity.worker(self._ask)),  # type: ignore[arg-type]
            log=self.log_signer,
            pins=lambda: self.pins,
        )

    @cached_property
    def person(self) -> Actor:
        """The member who acts through this face."""
        return Actor(self.identity.member_id, "person", self._via)

    @cached_property
    def stopper(self) -> Actor:
        """Who stops something here: it needs no key, so that where this machine has none it is whoever sits there;
        the entry still holds machine and user."""
        try:
            return self.person
        except errors.SocialGuardError:
            return Actor("unknown", "person", self._via)

    @cached_property
    def worker(self) -> Actor:
        """The worker of this machine."""
        return Actor(self.identity.worker_id, "worker", self._via)

    @property
    def actor(self) -> Actor:
        """Who acts through this face: the worker in a daemon, and where no person has keys."""
        is_unattended = self._via == DAEMON or not self.identity.has(MEMBER)
        return self.worker if is_unattended else self.person

    @property
    def _worker_id(self) -> str:
        """The worker's id, empty where none has keys here: a person who joined submits, and a worker elsewhere
        sends."""
        return self.identity.worker_id if self.identity.has(WORKER) else ""

    # ── what is kept ─────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def database(self) -> Database:
        """The database, opened at this program's schema; test switches are armed where they may be."""
        opened = open_database(self.layout.database_url(self.settings.database))
        from socialguard.workspace import readying

        with opened.read() as connection:
            strangers.refuse(connection)
        readying.arm(opened)
        readying.absorb(self, opened)
        readying.settle(self, opened)
        return opened

    @cached_property
    def archive(self) -> "Archive":
        """The activity that is kept; `archive.rebuilt` tells where its index had to be made anew."""
        from socialguard.archive.archive import Archive

        files = self.archive_files
        return Archive.open(files.place, self.layout.archive_url, files.seal, files.keys)

    @property
    def archive_files(self) -> "Files":
        """The files of the archive, where no index of them can be had."""
        from socialguard.archive.closing import Files
        from socialguard.vault.shelf_keys import ShelfKeys
        from socialguard.workspace.seal import WorkerSeal

        seal = WorkerSeal(self.org, self.keys.worker, self._workers)
        return Files(self.layout.archive, seal, ShelfKeys(lambda: self.custody))

    @cached_property
    def backup(self) -> "Backup":
        """The backups of this workspace."""
        from socialguard.backup.backup import Backup
        from socialguard.backup.interface import Desk

        desk = Desk(self.custody, self.archive, self.purse, self.alerts, self._renew, self._examine)
        return Backup(desk)

    @cached_property
    def watch(self) -> "Watch":
        """What tells of activity that nothing of ours made."""
        from socialguard.workspace import watching

        return watching.watch(self)

    def _examine(self, account: Account) -> None:
        """Judge what a page of a backup brought."""
        self.watch.examine(account)

    def _renew(self, account: Account) -> None:
        """Renew the credential of an account where it is about to end."""
        if self.readers.holds(account.id):
            return  # the credential that publishes is not used here, and need not open
        with self.database.read() as connection:
            due = self.trust.renewal_is_due(connection, account)
        if due:
            self.trust.renew(account)

    def _workers(self) -> "dict[str, bytes]":
        """The public keys of all workers that the owners ever signed, by key id: a line outlives its worker."""
        from socialguard.canon import envelope
        from socialguard.registry.signed import Role

        with self.database.read() as connection:
            members = self.signed.books(connection).manifest.members
        keys = [one.ed25519 for one in members if one.role is Role.WORKER]
        return {envelope.key_id("ed25519", key): key for key in keys}

    @cached_property
    def log(self) -> "AuditLog":
        """The audit log."""
        from socialguard.audit.log import AuditLog

        return AuditLog(self.org)

    @property
    def wrote_behind(self) -> bool:
        """Whether the log was written to while this machine's clock was behind its newest entry."""
        return "log" in vars(self) and self.log.wrote_behind

    @cached_property
    def signed(self) -> Signed:
        """What the owners signed."""
        return Signed(self.org, lambda: self.pins)

    @cached_property
    def marks(self) -> Marks:
        """What the text checks know our own credentials by."""
        return Marks(self.identity.place / "marks")

    def tells_ours(self, text: str) -> bool:
        """Return whether a credential of ours stands in a text; no key is opened for it. Where this machine knows
        none, none does."""
        return bool(self._ours_in(text))

    def without_secrets(self, reason: str) -> str:
        """Return what is kept of a reason to stop: nothing of it that is a credential of ours or looks like one,
        and no more than the log takes. Stopping is never refused for its words."""
        from socialguard.audit.emergency import kept

        for secret in sorted(self._ours_in(reason), key=len, reverse=True):
            reason = reason.replace(secret, HIDDEN)
        return kept(reason)

    def _ours_in(self, text: str) -> set[str]:
        try:
            return {one for start, end in token_forms.runs(text) if self.marks.is_ours(one := text[start:end])}
        except errors.SocialGuardError:
            return set()

    @cached_property
    def trust(self) -> "Trust":
        """What is signed and sealed, as senders ask for it."""
        from socialguard.workspace.stopping import noted
        from socialguard.workspace.trust import Trust

        def renew(account_id: str, seen: int) -> None:
            from socialguard.vault import upkeep

            upkeep.refresh(self.custody, account_id, seen=seen)

        return Trust(
            self.signed,
            self.log,
            self.keys,
            self.network,
            lambda: noted(self.emergency),
            self.anchor_names,
            lambda: self.database,
            renew,
            Begun(self.identity.place / "begun"),
            self.renewed,
            self.marks,
            anchor_within=self.settings.require_anchor_within_minutes,
        )

    @cached_property
    def guard(self) -> "Guard":
        """The guard."""
        from socialguard.guard.gate import Guard
        from socialguard.workspace import handles
        from socialguard.workspace.looker import Looker
        from socialguard.workspace.shelf import Shelf

        looker = Looker(lambda account, names: handles.which_exist(self, account, names))
        return Guard(self.trust, self._remember_context, Shelf(self.layout.archive_index), looker)

    @cached_property
    def desk(self) -> "Desk":
        """All that publishing works with."""
        from socialguard.publishing.interface import Desk
        from socialguard.publishing.media import MediaStore
        from socialguard.publishing.skew import Clocks

        return Desk(
            database=self.database,
            log=self.log,
            trust=self.trust,
            gate=self.guard,
            media=MediaStore(self.layout.media),
            network=self.network,
            person=self.actor,
            worker=self.worker if self._worker_id else self.actor,
            alerts=self.alerts,
            purse=self.purse,
            clocks=Clocks(self.layout.clocks),
        )

    def network(self, name: str) -> "Network":
        """Return the network of that name; loaded once."""
        from socialguard.networks import http, interface, limits

        if name not in self._networks:
            if self.settings.proxy or self.settings.ca_bundle:
                http.use(http.Transport(proxy=self.settings.proxy, ca_bundle=self.settings.ca_bundle))
            limits.use(self.settings.limits)
            self._networks[name] = interface.load(name)
        return self._networks[name]

    @property
    def zone(self) -> str:
        """The zone in which the workspace's days begin; SettingsInvalid where it is none."""
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        zone = self.settings.zone or "UTC"
        try:
            return ZoneInfo(zone).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            detail = f"zone: {zone} is not a time zone."
            raise errors.SettingsInvalid(path=self.layout.settings.name, detail=detail) from None

    @cached_property
    def purse(self) -> "Purse":
        """The budgets."""
        from socialguard.ledger.purse import Purse
        from socialguard.networks.prices import price_of

        budgets = self.settings.budget
        return Purse(
            budgets, self.zone, lambda network, act, content: price_of(self.network(network), act, content)
        )

    @cached_property
    def alerts(self) -> "Board":
        """Where alerts are raised and seen."""
        from socialguard.alerts.board import Board

        return Board(self.layout.alerts)

    @cached_property
    def custody(self) -> "Custody":
        """The life of credentials."""
        from socialguard.ledger import usage
        from socialguard.vault.custody import Custody

        def emergency(entry: Entry) -> None:
            self.emergency.note(
                entry.action, entry.actor, account=entry.account, reason=entry.reason or "", obj=entry.obj
            )

        return Custody(
            database=self.database,
            log=self.log,
            pins=self.pins,
            owner=self.keys.member,
            worker=self.keys.worker,
            worker_id=self._worker_id,
            actor=self.actor,
            network=self.network,
            emergency=emergency,
            book=usage.book_session,
            renewed=self.renewed,
            marks=self.marks,
            readers=self.readers,
        )

    @cached_property
    def readers(self) -> "Readers":
        """This machine's own credentials that can only read."""
        from socialguard.vault.readers import Readers

        keys = self.keys.worker if self._worker_id else self.keys.member
        return Readers(self.identity.place / "readers", self.org, keys)

    @property
    def renewed(self) -> "Renewed":
        """Where a renewed token waits until it is stored."""
        from socialguard.vault.renewed import Renewed

        return Renewed(self.identity.place / "renewed", self.org)

    @property
    def emergency(self) -> "EmergencyFile":
        """Where stops go while the database cannot be written."""
        from socialguard.audit.emergency import EmergencyFile

        return EmergencyFile(self.layout.emergency)

    @cached_property
    def anchors(self) -> "tuple[Anchor, ...]":
        """The places that every checkpoint is handed to; the local one lies beside the keys by default."""
        from socialguard.audit.anchors.publishing import open_anchors

        def key_of(name: str) -> str:
            from socialguard.workspace import anchoring

            return anchoring.key_of(self, name)

        local = self.settings.local_anchor
        place = self.identity.place
        return open_anchors(
            self.settings.anchors,
            local=Path(local).expanduser() if local else place / "checkpoints.jsonl",
            workspace=self.layout.home,
            cache=place / "anchors",
            key_of=key_of,
            ca_bundle=self.settings.ca_bundle,
        )

    @property
    def anchor_names(self) -> tuple[str, ...]:
        """The names of the anchors, as checkpoints are queued for them."""
        return tuple(anchor.name for anchor in self.anchors)

    def log_signer(self, connection: "Connection") -> "LogKey":
        """Return the key that signs the log as of this transaction; raises as `Identity.log_key`."""
        return self.log_key(self.signed.books(connection).manifest)

    def log_key(self, manifest: "Manifest") -> "LogKey":
        """Return the key that signs the log under a manifest; raises as `Identity.log_key`."""
        return self.identity.log_key(manifest.log_keys[-1].key, self._ask)

    @property
    def signs_log(self) -> bool:
        """Whether the key that signs the log now is on this machine; raises as `Identity.log_key`."""
        try:
            with self.database.read() as connection:
                self.log_signer(connection)
        except errors.LogKeyElsewhere:
            return False
        return True

    def checkpoint(self, *, everywhere: bool = False) -> "tuple[Published, ...]":
        """Sign and pin the log as it stands and hand it to the anchors that are at hand, to those beyond a
        network too where `everywhere`; a failure there stops nothing and waits for the next time. A machine
        without the log key only pins it."""
        from socialguard.audit import checkpoint
        from socialguard.audit.anchors.publishing import is_far, publish_pending

        if not self.signs_log:
            checkpoint.pin_head(self.database, self.org, self.pins)
            return ()
        checkpoint.make(self.database, self.org, self.log_signer, self.pins, self.anchor_names)
        if everywhere:
            checkpoint.queue_newest(self.database, self.anchor_names)
        near = self.anchors if everywhere else [one for one in self.anchors if not is_far(one.name)]
        return publish_pending(self.database, self.org, near)

    # ── caches for shell prompts ─────────────────────────────────────────────────────────────────────────

    def _remember_context(self, context_id: str, accounts: Sequence[Account]) -> None:
        small_file.write(
            self.layout.context_cache(context_id),
            {"accounts": [str(account) for account in accounts], "at": jcs.timestamp(clock.now())},
        )

    def names(self, connection: "Connection") -> dict[str, str]:
        """Return the name of every account by its id, as its row says: for showing, without any key."""
        from sqlalchemy import select

        from socialguard.store.tables import account

        rows = connection.execute(select(account.c.id, account.c.network, account.c.handle))
        return {row.id: f"{row.network}:@{row.handle}" for row in rows}

    def accounts(self) -> tuple[Account, ...]:
        """Return every account, sorted by name."""
        with self.database.read() as connection:
            return self.signed.books(connection).registry.all(connection)
