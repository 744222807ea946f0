"""What is signed and sealed, as publishing and the guard ask for it: manifest, policy, pins, log, credentials."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection, select

from socialguard import clock, errors
from socialguard.audit import checkpoint
from socialguard.audit.anchors import holding
from socialguard.audit.interface import Signer, Tree
from socialguard.audit.log import AuditLog, Since
from socialguard.canon import envelope, jcs
from socialguard.guard import switch
from socialguard.guard.interface import Ours
from socialguard.ledger import stops
from socialguard.ledger.stops import CRISIS, FREEZE, Stop
from socialguard.model.account import Account
from socialguard.model.credential import Credential
from socialguard.model.delivery import Content
from socialguard.model.mfa import weakness
from socialguard.model.text import marked
from socialguard.networks.interface import Identity as NetworkIdentity
from socialguard.networks.interface import Limits, Network
from socialguard.networks.prices import price_of_links
from socialguard.publishing import agreeing
from socialguard.publishing.freeze import THAW, thaw_statement
from socialguard.publishing.interface import Noted, Rules, Weakness
from socialguard.registry import changes, founding
from socialguard.registry import policy as policies
from socialguard.registry.names import folded, skeleton
from socialguard.registry.policy_checks import CheckRules, check_rules
from socialguard.registry.policy_file import PolicySet
from socialguard.registry.signed import Member, Right
from socialguard.store import strangers, tables
from socialguard.store.database import Database
from socialguard.store.prepared import Prepared
from socialguard.vault.begun import Begun
from socialguard.vault.credentials import Vault
from socialguard.vault.keys import KeyPair
from socialguard.vault.marks import Marks
from socialguard.vault.pins import Pins
from socialguard.vault.renewed import Renewed
from socialguard.workspace.signed import Books, Signed
from socialguard.workspace.stopping import begun_at, logged_stops

# A credential's owner is asked for again when the last answer is older (DESIGN: The switch guard).
IDENTITY_AGE: Final = timedelta(minutes=15)
# X's access tokens live two hours (OAuth 2); a post with its media is through in less than this.
RENEW_BEFORE: Final = timedelta(minutes=5)

_STOPS = Prepared(select(tables.stop).order_by(tables.stop.c.id))


@dataclass(frozen=True, slots=True)
class Keys:
    """How the keys of this machine are opened, each when it is first needed."""

    member: Callable[[], KeyPair]
    member_id: Callable[[], str]
    worker_id: Callable[[], str]
    worker: Callable[[], KeyPair]
    log: Callable[[Connection], Signer]
    pins: Callable[[], Pins]


class Trust:
    """Fulfils `publishing.interface.Trust` and `guard.gate.Directory` for one workspace."""

    def __init__(
        self,
        signed: Signed,
        log: AuditLog,
        keys: Keys,
        network: Callable[[str], Network],
        noted: Callable[[], Noted],
        anchors: Sequence[str],
        database: Callable[[], Database],
        renew: Callable[[str, int], object],
        begun: Begun,
        renewed: Renewed,
        marks: Marks,
        *,
        anchor_within: int | None = None,
    ) -> None:
        self.org = signed.org
        self._signed = signed
        self._log = log
        self._keys = keys
        self._network = network
        self._noted = noted
        self._anchors = anchors
        self._database = database
        self._renew = renew
        self._begun = begun
        self._anchor_within = anchor_within
        self._renewed = renewed
        self._marks = marks

    # ── what the owners signed ───────────────────────────────────────────────────────────────────────────

    def books(self, connection: Connection) -> Books:
        """Return manifest and registry as of this transaction, verified against the pins."""
        return self._signed.books(connection)

    def resolve(self, connection: Connection, selectors: Sequence[str]) -> tuple[Account, ...]:
        """Return the accounts that selectors name, each once."""
        return self.books(connection).registry.resolve(connection, selectors)

    def account(self, connection: Connection, account_id: str) -> Account:
        """Return one account, its row held against the manifest."""
        return self.books(connection).registry.account(connection, account_id)

    def rules(self, connection: Connection, account: Account) -> Rules:
        """Return grace, lateness and approvals of the applied policy, and whether a crisis holds what waits."""
        found = policies.effective(self._signed.policy(connection), account)
        heeds = found.checks.get(CRISIS, "hold") in ("hold", "block")
        return Rules(
            grace=found.grace,
            max_late=found.max_late,
            approvals=found.approvals,
            approver=found.approver,
            approval_hours=found.approval_hours,
            holds=found.holds,
            heeds_crisis=heeds,
        )

    def switch_rules(self, connection: Connection, account: Account) -> switch.Rules:
        """Return when the account must be confirmed."""
        found = policies.effective(self._signed.policy(connection), account)
        return switch.Rules(secure=found.secure, reconfirm_after=timedelta(minutes=found.reconfirm_after))

    def needs_approver(self, connection: Connection, account: Account) -> bool:
        """Return whether a text that does not sound like the account needs an approver there: it is secure, and
        somebody other than this machine's member may approve on it."""
        found = policies.effective(self._signed.policy(connection), account)
        if not found.secure:
            return False
        manifest, own = self.books(connection).manifest, self._keys.member_id()
        return any(
            manifest.may(one.id, Right.APPROVE, account.id) and found.approver in ("any", one.role.value)
            for one in manifest.members
            if one.id != own
        )

    def check_rules(self, connection: Connection, account: Account) -> Mapping[str, CheckRules]:
        """Return what policy makes of each check that it may set."""
        return _check_rules(self._signed.policy(connection), account)

    def is_ours(self, text: str) -> bool:
        """Return whether a text is a credential of one of our accounts, by its keyed hash."""
        return self._marks.is_ours(text)

    def needs_code(self, connection: Connection, account: Account) -> bool:
        """Return whether the account's handle could be mistaken for another of the workspace (UTS 39)."""
        return account.handle in _mistakable(tuple(one.handle for one in self.books(connection).manifest.accounts))

    def limits(self, network: str) -> Limits:
        """Return what a network takes."""
        return self._network(network).limits

    def ours(self, connection: Connection) -> tuple[Ours, ...]:
        """Return all our accounts, as the manifest names them."""
        signed = self.books(connection).manifest.accounts
        return tuple(Ours(one.id, one.network, one.handle, one.client) for one in signed)

    def link_price(self, network: str, content: Content) -> int:
        """Return what the links of a post add to its price, in millionths of a US dollar."""
        return price_of_links(self._network(network), content)

    # ── signatures ───────────────────────────────────────────────────────────────────────────────────────

    def sign(self, kind: str, body: Mapping[str, object]) -> tuple[str, bytes]:
        """Return the member's id and the signature over `body`."""
        return self._keys.member_id(), self._keys.member().sign(kind, self.org, body)

    def require_signed(
        self, connection: Connection, kind: str, body: Mapping[str, object], member: str, signature: bytes
    ) -> None:
        """Refuse unless a member, an owner for a thaw, signed exactly `body`; which rights the submitter of a
        delivery has now is asked apart."""
        found = self.books(connection).manifest
        what = f"Delivery {body.get('delivery', '')}" if kind != THAW else f"The freeze {body.get('stop')}"
        if found.member(member) is None:
            raise errors.Tampered(what=what, detail="no member signed it.")
        if kind == THAW and not found.is_owner(member):
            raise errors.Tampered(what=what, detail="only an owner may lift it.")
        if not self.is_signed(connection, kind, body, member, signature):
            raise errors.Tampered(what=what, detail="its signature is not its submitter's.")

    def is_signed(
        self, connection: Connection, kind: str, body: Mapping[str, object], member: str, signature: bytes
    ) -> bool:
        """Return whether a listed member signed exactly `body` as a statement of `kind`."""
        signer = self.books(connection).manifest.member(member)
        if signer is None:
            return False
        try:
            envelope.verify(signer.ed25519, signature, kind, self.org, jcs.encode(dict(body)))
        except (envelope.BadSignature, envelope.BadEnvelope, jcs.NotCanonical):
            return False
        return True

    def may(self, connection: Connection, member: str, right: Right, account: Account) -> bool:
        """Return whether an active member has a right on an account now."""
        return self.books(connection).manifest.may(member, right, account.id)

    def member(self, connection: Connection, member: str) -> Member | None:
        """Return what an owner signed about a member."""
        return self.books(connection).manifest.member(member)

    def named(self, connection: Connection, member: str) -> str:
        """Return the name of a member; the id where there is none."""
        known = founding.profiles(connection, self.books(connection).manifest)
        return known[member].name if member in known else member

    def epoch(self, connection: Connection) -> int:
        """Return the epoch of the manifest as of this transaction."""
        return self.books(connection).manifest.epoch

    def vouch(self, kind: str, body: Mapping[str, object]) -> tuple[str, bytes]:
        """Return the key id of this machine's worker and its signature over `body`."""
        worker = self._keys.worker()
        return worker.signing_id, worker.sign(kind, self.org, body)

    def require_vouched(
        self,
        connection: Connection,
        kind: str,
        body: Mapping[str, object],
        account: Account,
        *,
        key_id: str,
        signature: bytes,
    ) -> None:
        """Refuse unless a worker that may send on the account signed exactly `body`."""
        found = self.books(connection).manifest
        worker = found.member_of_key(key_id)
        what = f"Delivery {body.get('delivery', '')}"
        if worker is None or not found.may(worker.id, Right.SEND, account.id):
            raise errors.Tampered(what=what, detail="no worker said that it may go out again.")
        try:
            envelope.verify(worker.ed25519, signature, kind, self.org, jcs.encode(dict(body)))
        except (envelope.BadSignature, envelope.BadEnvelope, jcs.NotCanonical):
            raise errors.Tampered(what=what, detail="no worker said that it may go out again.") from None

    def sends(self, connection: Connection, account: Account) -> bool:
        """Return whether this machine's worker may send on the account."""
        return self.books(connection).manifest.may(self._keys.worker_id(), Right.SEND, account.id)

    # ── the log and the stops ────────────────────────────────────────────────────────────────────────────

    def require_intact_log(self, connection: Connection) -> None:
        """Refuse unless the audit log extends what was pinned, in a database that does nothing by itself."""
        strangers.refuse(connection)
        self._log.require_extends(connection, self._keys.pins().pinned_tree())

    def require_anchored(self, connection: Connection) -> None:
        """Refuse where the settings ask for an anchor outside and none has taken the log for so long."""
        if self._anchor_within is None:
            return
        since = holding.unheld_since(connection)
        if since is not None and since < jcs.timestamp(clock.now() - timedelta(minutes=self._anchor_within)):
            raise errors.AnchorOverdue(since=f"{since[:16].replace('T', ' ')} UTC")

    def checkpoint(self, connection: Connection) -> Tree:
        """Sign the log as it stands in this write transaction, where its key is here, and return its tree."""
        try:
            signer = self._keys.log(connection)
        except errors.LogKeyElsewhere:
            return self._log.head(connection)
        return checkpoint.store(connection, self.org, signer, self._anchors)

    def pin_log(self, tree: Tree) -> None:
        """Remember a committed tree outside the workspace, durably."""
        checkpoint.pin(self._keys.pins(), tree)

    def require_intact_stops(self, connection: Connection) -> None:
        """Refuse where a stop vanished since this machine saw it or it was logged, was moved to another scope, or
        was lifted without an owner's word."""
        rows = _STOPS.all(connection)
        count = len(rows)
        pins = self._keys.pins()
        seen = pins.freeze_count()
        if count < seen:
            raise errors.Tampered(what="The list of stops", detail=f"{seen - count} of them vanished.")
        if count > seen:
            pins.pin_freeze(count)
        kept = Counter((row.kind, row.scope) for row in rows)
        if logged_stops(connection) - kept:
            raise errors.Tampered(what="The list of stops", detail="it is not the one in the log.")
        for row in rows:
            if row.lifted_at is None:
                continue
            stop = Stop(row.id, row.kind, row.scope, row.reason, row.actor, jcs.parse_timestamp(row.since))
            self.require_lifted(connection, stop, row.lifted_by or "", row.lift_signature or b"")

    def require_lifted(
        self, connection: Connection, stop: Stop, lifted_by: str, signature: bytes
    ) -> dict[str, object]:
        """Refuse unless an owner lifted a stop, and everybody signed whom that owner's word names as agreeing;
        return what the owner signed."""
        said = thaw_statement(stop)
        try:
            self.require_signed(connection, THAW, said, lifted_by, signature)
        except errors.Tampered:
            agreed = agreeing.signers(connection, self, stop)
            if not agreed:
                raise
            said = thaw_statement(stop, agreed)
            self.require_signed(connection, THAW, said, lifted_by, signature)
        return said

    def stops(
        self, connection: Connection, account: Account, noted: Noted, hands: Callable[[], Collection[str]]
    ) -> tuple[Stop, ...]:
        """Return the freezes in force on an account and on the members in whose hands a delivery was, those of the
        emergency file included; `actor` is the name of whoever froze it."""
        freezes = [stop for stop in (*stops.in_force(connection), *noted.stops) if stop.kind == FREEZE]
        if not freezes:
            return ()
        scopes = set(stops.scopes_of(account))
        if any(stop.scope.startswith(stops.MEMBER) for stop in freezes):
            scopes.update(stops.member_scopes(hands()))
        return self._named(connection, [stop for stop in freezes if stop.scope in scopes])

    def member_stop(self, connection: Connection, member: str) -> Stop | None:
        """Return the freeze in force on a member, None where there is none."""
        scopes = stops.member_scopes([member])
        found = [stop for stop in stops.in_force(connection, scopes) if stop.kind == FREEZE]
        found += [stop for stop in self._noted().stops if stop.scope in scopes]
        return next(iter(self._named(connection, found)), None)

    def _named(self, connection: Connection, found: Sequence[Stop]) -> tuple[Stop, ...]:
        if not found:
            return ()
        known = founding.profiles(connection, self.books(connection).manifest)
        named = {key: profile.name for key, profile in known.items()}
        return tuple(replace(stop, actor=named.get(stop.actor, stop.actor)) for stop in found)

    def require_may_lift(self, connection: Connection) -> None:
        """Refuse (NotAllowed) where this machine's member is frozen, unless nobody else could ever lift that."""
        own, manifest = self._keys.member_id(), self.books(connection).manifest
        if self.member_stop(connection, own) is not None and set(manifest.owners) - {own}:
            detail = marked("they are frozen themselves; another owner does it")
            raise errors.NotAllowed(who=self.named(connection, own), what=marked("lift a freeze"), detail=detail)

    def is_lifter(self, connection: Connection) -> bool:
        """Return whether this machine's member is an owner."""
        return self.books(connection).manifest.is_owner(self._keys.member_id())

    def thaw_needs(self, connection: Connection, stop: Stop) -> int:
        """Return how many persons policy asks for to lift a freeze."""
        policy = self._signed.policy(connection)
        asked = (policies.effective(policy, one).thaw_by for one in self._under(connection, stop))
        return max(asked, default=1) if stop.kind == FREEZE else 1

    def may_agree(self, connection: Connection, member: str, stop: Stop) -> bool:
        """Return whether a member's word counts for lifting a freeze."""
        manifest = self.books(connection).manifest
        if manifest.is_owner(member):
            return True
        under = self._under(connection, stop)
        return bool(under) and all(manifest.may(member, Right.APPROVE, one.id) for one in under)

    def _under(self, connection: Connection, stop: Stop) -> tuple[Account, ...]:
        """The accounts under a stop; all of them under one on a member."""
        everyone = self.books(connection).registry.all(connection)
        if stop.scope.startswith(stops.MEMBER):
            return everyone
        return tuple(one for one in everyone if stop.scope in stops.scopes_of(one))

    def crises(self, connection: Connection, account: Account) -> tuple[tuple[Since, Stop], ...]:
        """Return the crises that ever were on an account, each with where the log says that it began."""
        found = stops.ever(connection, CRISIS, stops.scopes_of(account))
        return tuple((begun_at(connection, stop), stop) for stop in found)

    def embargo(self, connection: Connection, account: Account) -> str:
        """Return the embargo that policy lays on an account now, in words; empty where there is none."""
        from socialguard.guard.checks import embargo

        rule = self.check_rules(connection, account)[embargo.NAME]
        if rule.level not in (None, "hold", "block"):
            return ""
        windows = rule.parameters[embargo.WINDOWS]
        assert isinstance(windows, tuple)
        return embargo.window_at(windows, clock.now(), account.zone)

    def second_factor(self, connection: Connection, account: Account) -> Weakness | None:
        """Return what policy finds wrong with the second factor of an account now."""
        from socialguard.guard.checks import mfa

        rule = check_rules(self._signed.policy(connection), account, {mfa.NAME: mfa.PARAMETERS})[mfa.NAME]
        if rule.level not in ("hold", "block"):
            return None
        refused, days = rule.parameters[mfa.REFUSED], rule.parameters[mfa.DAYS]
        assert isinstance(refused, tuple)
        assert isinstance(days, int)
        found = weakness(account.mfa, clock.now(), refused=refused, days=days)
        return None if found is None else Weakness(found[0].format_map(found[1]), rule.level == "block")

    def noted(self) -> Noted:
        """Return what waits in the emergency file now."""
        return self._noted()

    # ── credentials ──────────────────────────────────────────────────────────────────────────────────────

    def credential(self, connection: Connection, account: Account, intent: int) -> tuple[Credential, int]:
        """Open the credential of an account for the logged intent of that index: the value and its generation."""
        vault = self.vault(connection)
        opened = vault.use(connection, account, self._keys.worker(), intent=intent)
        return opened, vault.term(connection, account.id)[0]

    def renewal_is_due(self, connection: Connection, account: Account) -> bool:
        """Return whether the credential is about to end, or has ended."""
        _, ends = self.vault(connection).term(connection, account.id)
        if self._renewed.holds(account.id):
            return True  # a renewed token waits to be stored: the stored one was used up
        return ends is not None and ends - clock.now() <= RENEW_BEFORE

    def renew(self, account: Account) -> None:
        """Renew the credential at its network; a failure counts only where it has ended."""
        with self._database().read() as connection:
            generation, ends = self.vault(connection).term(connection, account.id)
        try:
            self._renew(account.id, generation)
        except errors.SocialGuardError:
            if ends is None or ends <= clock.now():
                raise

    # ── what is under way ────────────────────────────────────────────────────────────────────────────────

    def begin(self, attempt_id: str) -> None:
        """Note outside the workspace that an attempt begins to send now."""
        self._begun.add(attempt_id)

    def has_begun(self, attempt_id: str) -> bool:
        """Return whether that was noted on this machine."""
        return attempt_id in self._begun

    def end(self, attempt_id: str) -> None:
        """Forget the note of an attempt whose outcome is recorded."""
        self._begun.discard(attempt_id)

    def mark_used(self, connection: Connection, account: Account) -> None:
        """Record that the credential was used now."""
        self.vault(connection).mark_used(connection, account.id, clock.now())

    def vault(self, connection: Connection) -> Vault:
        """Return the credentials of the manifest as of this transaction."""
        return Vault(self.books(connection).manifest, self._keys.pins(), self._log, self._marks)

    def identity_is_due(self, connection: Connection, account: Account, generation: int) -> bool:
        """Return whether the network must be asked again who the credential belongs to."""
        facts = self.books(connection).registry.facts(connection, account.id)
        checked = facts.identity_checked_at
        if checked is None or facts.identity_checked_gen != generation:
            return True
        return not timedelta(0) <= clock.now() - checked <= IDENTITY_AGE

    def record_identity(
        self, connection: Connection, account: Account, generation: int, found: NetworkIdentity
    ) -> None:
        """Record that the network said so now."""
        changes.record_identity(
            connection,
            account.id,
            display_name=found.display_name,
            followers=found.followers,
            gen=generation,
            at=clock.now(),
        )


@lru_cache(maxsize=1024)
def _check_rules(policy: PolicySet, account: Account) -> Mapping[str, CheckRules]:
    from socialguard.guard.checks import SET_BY_POLICY  # every check: only where one runs

    return MappingProxyType(check_rules(policy, account, SET_BY_POLICY))


@lru_cache(maxsize=4)
def _mistakable(handles: tuple[str, ...]) -> frozenset[str]:
    """The handles that are not ASCII or read like another one of them (UTS 39)."""
    alike: dict[str, set[str]] = {}
    for handle in handles:
        alike.setdefault(skeleton(handle), set()).add(folded(handle))
    return frozenset(handle for handle in handles if not handle.isascii() or len(alike[skeleton(handle)]) > 1)
