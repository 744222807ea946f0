"""The way back after an account was taken over: a new credential, its identity, a review of what strangers did,
and a thaw, in this order. Each step's state is read from what is stored, so that whoever runs it again goes on.

A recovery begins with the first look: from then on the account's token is `rotation_due`, so that only another
token ends that step. What was reviewed stands in the log, one entry each; the thaw is `publishing.freeze`'s, two
persons where policy says so."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from socialguard import errors
from socialguard.audit import usage
from socialguard.audit.interface import Entry
from socialguard.audit.usage import Told
from socialguard.canon import jcs
from socialguard.ledger import stops
from socialguard.ledger.stops import FREEZE, Stop
from socialguard.model.account import Account, AccountState
from socialguard.model.text import marked
from socialguard.publishing import agreeing
from socialguard.publishing import freeze as freezing
from socialguard.registry import changes
from socialguard.vault import upkeep
from socialguard.watch import sightings
from socialguard.watch.interface import Severity
from socialguard.watch.sightings import Kept
from socialguard.workspace import standing

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from socialguard.workspace.opened import Workspace

BEGIN: Final = "recover.begin"
LOOK: Final = "recover.look"
REVIEW: Final = "recover.review"
END: Final = "recover.end"
BEFORE: Final = timedelta(days=7)
"""What strangers did so long before the freeze is reviewed, too."""


class Step(StrEnum):
    """A step of the way back, in its order."""

    CREDENTIAL = "credential"
    IDENTITY = "identity"
    REVIEW = "review"
    THAW = "thaw"


@dataclass(frozen=True, slots=True)
class Foreign:
    """Something that nothing of ours did; `number` names it, `reviewed` tells whether a person said what became of
    it."""

    number: int
    kept: Kept
    reviewed: bool


@dataclass(frozen=True, slots=True)
class Left:
    """Where one step stands: `is_done`, what is known of it, and the words that bring it on, both empty where
    there is nothing to say."""

    step: Step
    is_done: bool
    detail: str = ""
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Recovery:
    """Where the way back of one account stands: the freezes over it, every step, what strangers did, and whether
    the network was asked since (`looked`)."""

    account: Account
    stops: tuple[Stop, ...]
    steps: tuple[Left, ...]
    foreign: tuple[Foreign, ...]
    looked: bool

    @property
    def own(self) -> list[Stop]:
        """The freezes on this account alone, which a recovery lifts."""
        return [one for one in self.stops if _is_own(one, self.account)]

    @property
    def is_over(self) -> bool:
        """Return whether nothing is left."""
        return all(one.is_done for one in self.steps)

    def next(self) -> Left | None:
        """Return the first step that is left, None where none is."""
        return next((one for one in self.steps if not one.is_done), None)


def begin(workspace: "Workspace", account_id: str) -> Recovery:
    """Begin the way back of a frozen account, or go on with it, and return where it stands.

    The token that it has is one to replace from now on. Raises NotFrozen where no freeze is on the account."""
    with workspace.database.write() as connection:
        account = workspace.trust.account(connection, account_id)
        first = _stops(workspace, connection, account)[0]
        if _entries(connection, _corr(first, account), BEGIN):
            return _state(workspace, connection, account)
        obj = {"stop": first.id, "state": account.state.value}
        said = Entry(BEGIN, "ok", workspace.person, account.id, corr=_corr(first, account), obj=obj)
        workspace.log.append(connection, said)
        if account.state is AccountState.ACTIVE:
            changes.set_state(connection, account.id, AccountState.ROTATION_DUE)
        return _state(workspace, connection, workspace.trust.account(connection, account.id))


def state(workspace: "Workspace", account_id: str) -> Recovery:
    """Return where the way back of an account stands; raises NotFrozen."""
    with workspace.database.read() as connection:
        return _state(workspace, connection, workspace.trust.account(connection, account_id))


def identify(workspace: "Workspace", account_id: str) -> None:
    """Ask the network whose the new credential is; raises as `upkeep.verify`."""
    upkeep.verify(workspace.custody, account_id)


def look(workspace: "Workspace", found: Recovery) -> errors.SocialGuardError | None:
    """Fetch what happened on the account until now, so that all of it is reviewed; return what kept it from being
    seen whole: the step is left then."""
    try:
        problem = workspace.watch.look(found.account).error
    finally:
        workspace.backup.close()
    if problem is None:
        corr = _corr(found.stops[0], found.account)
        with workspace.database.write() as connection:
            workspace.log.append(connection, Entry(LOOK, "ok", workspace.person, found.account.id, corr=corr))
    return problem


def review(workspace: "Workspace", found: Recovery, numbers: Collection[int], reason: str | None) -> None:
    """Say that a person dealt with these, one entry each; what no alert tells of any more is seen, too.

    Raises NotFound for a number that is none of them."""
    require_known(found, numbers)
    known = {one.number: one for one in found.foreign}
    corr = _corr(found.stops[0], found.account)
    with workspace.database.write() as connection, workspace.alerts.noting_once(connection):
        for number in sorted(numbers):
            if known[number].reviewed:
                continue
            one = known[number].kept.sighting
            obj = {"sighting": number, "kind": one.kind.value, "evidence": one.evidence}
            said = Entry(
                REVIEW, "ok", workspace.person, found.account.id, corr=corr, reason=reason or None, obj=obj
            )
            workspace.log.append(connection, said)
        left = [one.number for one in found.foreign if not one.reviewed and one.number not in numbers]
        if not left:
            told = sightings.alerts_of(connection, [one.number for one in found.foreign])
            if told:
                workspace.alerts.see(connection, told)


def require_known(found: Recovery, numbers: Collection[int]) -> None:
    """Refuse (NotFound) a number that names nothing that strangers did."""
    for number in sorted(set(numbers) - {one.number for one in found.foreign}):
        raise errors.NotFound(
            kind="thing to review", name=number, hint=f"Run: socialguard recover {found.account}"
        )


def thaw(workspace: "Workspace", found: Recovery, reason: str) -> Recovery:
    """Lift the freezes that are on this account alone, and return where the way back stands then.

    Raises AgreementNeeded where policy asks for more persons, Held while a step before is left."""
    left = found.next()
    if left is not None and left.step is not Step.THAW:
        raise errors.Held(detail=left.detail, fix=left.todo)
    freezing.thaw(workspace.desk, [one.scope for one in found.own], reason)
    try:
        return state(workspace, found.account.id)  # a wider freeze is over it still
    except NotFrozen:
        pass
    with workspace.database.write() as connection:
        corr = _corr(found.stops[0], found.account)
        workspace.log.append(connection, Entry(END, "ok", workspace.person, found.account.id, corr=corr))
    return replace(found, steps=(*found.steps[:-1], Left(Step.THAW, is_done=True)))


class NotFrozen(errors.NotFound):
    """{account} is not frozen: there is nothing to recover from."""

    remedy = "If it was taken over: socialguard panic {account} --reason …"

    @property
    def name(self) -> str:
        """The name that scripts know: nothing was found, as anywhere else."""
        return "not_found"


def _state(workspace: "Workspace", connection: "Connection", account: Account) -> Recovery:
    found = _stops(workspace, connection, account)
    corr = _corr(found[0], account)
    reviewed = {int(str(one.obj["sighting"])) for one in _entries(connection, corr, REVIEW)}
    looked = bool(_entries(connection, corr, LOOK))
    foreign = tuple(
        Foreign(number, kept, number in reviewed)
        for number, kept in sightings.numbered(connection, account.id, found[0].since - BEFORE)
        if kept.sighting.severity is not Severity.NOTE
    )
    steps = (
        _credential(account),
        _identity(workspace, connection, account, found),
        _review(account, foreign, looked=looked),
        _thaw(workspace, connection, account, found),
    )
    return Recovery(account, found, steps, foreign, looked)


def _credential(account: Account) -> Left:
    step, rotate = Step.CREDENTIAL, f"socialguard account rotate {account} --credential -"
    match account.state:
        case AccountState.ACTIVE:
            return Left(step, is_done=True)
        case AccountState.REVOCATION_PENDING:
            detail = marked("the network still accepts the credential that is to be revoked")
            return Left(step, False, detail, f"socialguard account revoke {account}")
        case AccountState.REVOKED:
            return Left(step, False, marked("the old credential was revoked, and there is no new one"), rotate)
        case _:
            detail = marked("change the password and end every session at the network, then log in anew")
            return Left(step, False, detail, rotate)


def _identity(workspace: "Workspace", connection: "Connection", account: Account, found: Sequence[Stop]) -> Left:
    facts = workspace.signed.books(connection).registry.facts(connection, account.id)
    gen = workspace.trust.vault(connection).generation(connection, account.id)
    is_done = (
        facts.identity_checked_gen == gen
        and facts.identity_checked_at is not None
        and facts.identity_checked_at >= _began(connection, found, account)
    )
    if is_done:
        return Left(Step.IDENTITY, is_done=True)
    detail = marked("the network was not asked yet whose the new credential is")
    return Left(Step.IDENTITY, False, detail, f"socialguard recover {account}")


def _review(account: Account, foreign: Sequence[Foreign], *, looked: bool) -> Left:
    left = [one.number for one in foreign if not one.reviewed]
    if not looked:
        detail = marked("the network was not asked yet what happened there since")
        return Left(Step.REVIEW, False, detail, f"socialguard recover {account}")
    if not left:
        return Left(Step.REVIEW, is_done=True)
    words = " ".join(f"--reviewed {number}" for number in left)
    count = len(left)
    detail = marked(f"{count} things that nobody here did were not reviewed")
    return Left(Step.REVIEW, False, detail, f"socialguard recover {account} {words}")


def _thaw(workspace: "Workspace", connection: "Connection", account: Account, found: Sequence[Stop]) -> Left:
    wide = [one for one in found if not _is_own(one, account)]
    own = [one for one in found if _is_own(one, account)]
    if own:
        needed = max(workspace.trust.thaw_needs(connection, one) for one in own)
        given = len(agreeing.counting(connection, workspace.trust, own[0]))
        detail = marked(f"needs {needed} persons, an owner among them; {given} agreed so far")
        return Left(
            Step.THAW,
            False,
            detail if needed > 1 else "",
            f"socialguard recover {account} --reason … --confirm {account}",
        )
    scope = wide[0].scope
    words = f"socialguard thaw {'--all' if scope == stops.ALL else scope} --reason …"
    return Left(Step.THAW, False, marked(f"a freeze on {scope} is over it, and is lifted only as a whole"), words)


def _stops(workspace: "Workspace", connection: "Connection", account: Account) -> tuple[Stop, ...]:
    """The freezes over an account; with the oldest the recovery began."""
    scopes = stops.scopes_of(account)
    everything = standing.in_force(workspace, connection)
    found = tuple(one for one in everything if one.kind == FREEZE and one.scope in scopes)
    if not found:
        raise NotFrozen(account=account)
    return found


def _is_own(stop: Stop, account: Account) -> bool:
    return stop.scope in (f"account:{account.id}", f"name:{account}")


def _corr(stop: Stop, account: Account) -> str:
    """How the entries of one recovery are found."""
    return f"recover.{stop.id}.{account.id}"


def _began(connection: "Connection", found: Sequence[Stop], account: Account) -> datetime:
    begun = _entries(connection, _corr(found[0], account), BEGIN)
    return jcs.parse_timestamp(begun[0].ts) if begun else found[0].since


def _entries(connection: "Connection", corr: str, action: str) -> list[Told]:
    """What the log says of a recovery: the entries of an action, oldest first."""
    return [one for one in usage.about(connection, corr) if one.action == action]
