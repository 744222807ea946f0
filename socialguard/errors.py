"""Every refusal and failure that a person may meet, each with a stable exit code, a sentence and a remedy.

A class's docstring is its message and `remedy` what to do next; both are templates over the fields that the
raiser gives, and both are entries of the message catalogue. Field values are escaped (`model.text.visible`)
when the sentence is made, so a hostile name cannot act on a terminal or a log.

    SocialGuardError 1
    ├── UsageError 2            ├── ConfirmationRequired 10   ├── Unreadable 15
    ├── Cancelled 3             ├── Held 11                   ├── Stale 16
    ├── AuthenticationNeeded 4  ├── OutcomeUnknown 12         ├── NotAnchored 17
    ├── NotFound 5              ├── Tampered 13               ├── PartlyDone 18
    ├── NetworkRefused 6        ├── WrongIdentity 14          ├── AuditUnwritable 74
    └── RateLimited 7                                         └── Interrupted 130
"""

import re
from collections.abc import Callable, Iterable
from typing import ClassVar, Final

from socialguard.model.text import visible

Translate = Callable[[str], str]

# DESIGN: with several outcomes the gravest counts, in this order.
GRAVITY: Final = (130, 74, 13, 12, 14, 11, 10, 7, 6, 4, 1)


def gravest(codes: Iterable[int]) -> int:
    """Return the exit code that stands for several outcomes; 0 when there is none or all are 0."""
    given = {code for code in codes if code}
    for code in GRAVITY:
        if code in given:
            return code
    return min(given, default=0)


class SocialGuardError(Exception):
    """{detail}"""

    exit_code: ClassVar[int] = 1
    remedy: ClassVar[str] = ""

    def __init__(self, *, remedy: str | None = None, **fields: object) -> None:
        self.fields = fields
        if remedy is not None:
            self.remedy = remedy  # type: ignore[misc] # this instance knows better than its class
        super().__init__(self.message())

    @property
    def name(self) -> str:
        """The stable snake_case name that `--json` prints, e.g. `confirmation_required`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()

    def message(self, translate: Translate = str) -> str:
        """Return what happened, as one sentence in the language of `translate`."""
        return self._fill(translate(template_of(type(self))))

    def what_to_do(self, translate: Translate = str) -> str:
        """Return what the person can do next, or an empty string."""
        return self._fill(translate(self.remedy)) if self.remedy else ""

    def _fill(self, template: str) -> str:
        shown = {key: visible(value, 2000) for key, value in self.fields.items()}
        return template.format_map(_Fields(shown))


def template_of(error: type[SocialGuardError]) -> str:
    """Return the message of an error class, its `{fields}` still open: its docstring on one line."""
    return re.sub(r"\s*\n\s*", " ", (error.__doc__ or "").strip())


class _Fields(dict[str, str]):
    """A field that the raiser forgot shows as `?`: an error must never fail while it is being told."""

    def __missing__(self, key: str) -> str:
        return "?"


# 1 · general


class SettingsInvalid(SocialGuardError):
    """{path}: {detail}"""

    remedy = "Correct the file; docs/cli.md lists every setting."


class SettingsOpen(SettingsInvalid):
    """{path} can be written or replaced by others, and holds {section}, which is this machine's own matter."""

    remedy = "Move {section} to {own}, where only you can write."


class Unwritable(SocialGuardError):
    """{path} cannot be written: {detail}"""

    remedy = "Check its permissions and the disk, then repeat the command."


class DiskFull(Unwritable):
    """The disk is full: {path} could not be written. Nothing was sent."""

    remedy = "Free space, then repeat the command."


class SchemaTooNew(SocialGuardError):
    """The database {path} was written by a newer program (schema {found}, this one knows {known})."""

    remedy = "Use the newer version of socialguard."


class Busy(SocialGuardError):
    """{what} is in use by another process."""

    remedy = "Wait until it has finished, then repeat the command."


class AlreadyRunning(Busy):
    """A daemon of this workspace runs already: process {pid} on {host}, since {since}."""

    remedy = "Look at it: socialguard daemon status. One workspace has one daemon."


class ArchiveUnwritable(SocialGuardError):
    """The archive cannot be written ({detail}). What it holds is whole."""

    remedy = "Free space, then run the backup again: it goes on where it stopped."


class DiskLow(SocialGuardError):
    """Only {free} % of the disk is free: {what} waits, so that posts can still be sent and logged."""

    remedy = "Free space, then run the backup again: it goes on where it stopped."


class PagesOpen(SocialGuardError):
    """The index of the archive holds {pages} pages that are in no segment and cannot be put into one: {detail}"""

    remedy = "Nothing was changed. Run: socialguard backup verify; docs/operations.md says what to do."


# 2 · usage


class UsageError(SocialGuardError):
    """{detail}"""

    exit_code = 2


class AmbiguousName(UsageError):
    """{name} could be {candidates}."""

    remedy = "Write the account in full, for example {example}."


class LogKeyElsewhere(UsageError):
    """The key that signs the log is on another machine: do this there."""

    remedy = "Or give the log to a machine that stays. There: socialguard vault log-key --offer"


class BadTime(UsageError):
    """{text} is not a time that can be used: {detail}"""

    remedy = "Give ISO 8601 (2026-11-27T09:00) or words such as 'friday 9am' or 'vendredi 9h'."


class CredentialInvalid(UsageError):
    """The credential document for {account} is not usable: {detail}"""

    remedy = "docs/cli.md shows the documents that each network takes."


# 3 · cancelled


class Cancelled(SocialGuardError):
    """Stopped. Nothing was sent. Draft {draft} kept."""

    exit_code = 3


class PriceRefused(Cancelled):
    """Stopped. Nothing was read but the price."""


class WrongName(Cancelled):
    """Not {expected}. Nothing was sent. Draft {draft} kept."""


# 4 · authentication


class AuthenticationNeeded(SocialGuardError):
    """{network} no longer accepts the credential of {account}: {detail}"""

    exit_code = 4
    remedy = "Run: socialguard account rotate {account} --credential -"


class Locked(SocialGuardError):
    """The vault is locked: {detail}"""

    exit_code = 4
    remedy = "Run: socialguard vault unlock"


# 5 · not found


class NotFound(SocialGuardError):
    """There is no {kind} {name}."""

    exit_code = 5
    remedy = "{hint}"


class NoWorkspace(NotFound):
    """There is no workspace in {path}."""

    remedy = "Run: socialguard init --org NAME --owner NAME"


class UnknownAccount(NotFound):
    """There is no account {name}."""

    remedy = "Run: socialguard account list"


# 6, 7 · the network said no: proof that nothing was created


class NetworkRefused(SocialGuardError):
    """{network} refused for {account}: {detail}"""

    exit_code = 6


class NotReached(NetworkRefused):
    """{network} could not be reached for {account}: {detail} Nothing was sent."""

    remedy = "Check the connection, then repeat the command."


class FileRefused(NetworkRefused):
    """A file at {host} could not be fetched: {detail}"""


class RateLimited(SocialGuardError):
    """{network} allows no more calls for {account} until {until}."""

    exit_code = 7
    remedy = "It stays queued and goes out then: socialguard queue list"


# 10–14 · the safety checks


class ConfirmationRequired(SocialGuardError):
    """{accounts} needs confirmation (last here: {last}). Nothing was sent."""

    exit_code = 10
    remedy = "Add: {words}"


class ConfirmationsRequired(ConfirmationRequired):
    """{accounts} need confirmation (last here: {last}). Nothing was sent."""

    @property
    def name(self) -> str:
        """The name that scripts know, for one account or several."""
        return "confirmation_required"


class PriceUnconfirmed(ConfirmationRequired):
    """A first backup of {accounts} costs up to {price}. Nothing of it was read."""


class Held(SocialGuardError):
    """Held: {detail}. Nothing was sent."""

    exit_code = 11
    remedy = "{fix}"


class NotAllowed(Held):
    """{who} may not {what}: {detail}. Nothing was sent."""

    remedy = "Ask an owner. Who may do what: socialguard access --all"


class OwnersNeeded(Held):
    """Only an owner can do this. Owners who must sign: {count}. Nothing was changed."""

    remedy = "Ask an owner. Who is one: socialguard member list"


class NotApproved(Held):
    """{delivery} for {account} has {given} of {needed} approvals that count now. Held, not sent."""

    remedy = "Ask again: socialguard queue release {delivery} --now"


class Expired(Held):
    """EXPIRED  {delivery} for {account}: {detail}. It is not sent."""

    remedy = "Its text is kept. To post it after all: socialguard draft show {draft}"


class Frozen(Held):
    """FROZEN  {account}, since {since}, by {actor}: "{reason}". Nothing was sent. Draft {draft} kept."""

    remedy = "To lift: socialguard thaw {words} --reason …"


class MemberFrozen(Frozen):
    """FROZEN  {member}, since {since}, by {actor}: "{reason}". Nothing of theirs goes out. Draft {draft} kept."""


class AgreementNeeded(Held):
    """Agreed, not lifted: {scope} needs {needed} persons, an owner among them; {given} agreed so far."""

    remedy = "Somebody else runs: socialguard thaw {words} --reason …"


class Late(Held):
    """LATE  {delivery} for {account} was due {due}; it is {now}. Held, not sent."""

    remedy = (
        "Still right? socialguard queue release {delivery} --now | --at TIME. "
        "Otherwise: socialguard queue cancel {delivery}"
    )


class InCrisis(Held):
    """CRISIS  {delivery} for {account} was queued before the crisis of {since}: "{reason}". Held, not sent."""

    remedy = (
        "Still right? socialguard queue release {delivery} --now | --at TIME, "
        "while the crisis lasts with --override crisis --reason … Otherwise: socialguard queue cancel {delivery}"
    )


class Embargoed(Held):
    """EMBARGO  {delivery} for {account} is due in an embargo: {window}. Held, not sent."""

    remedy = (
        "After it: socialguard queue release {delivery} --at TIME. On purpose: --override embargo --reason … "
        "Otherwise: socialguard queue cancel {delivery}"
    )


class NoSecondFactor(Held):
    """MFA  {delivery} for {account}: {detail}. Policy asks for better. Held, not sent."""

    remedy = (
        "Look at the network, then an owner runs: socialguard mfa set {account} --method app; "
        "then: socialguard queue release {delivery} --now | --at TIME"
    )


class NeverReached(Held):
    """{network} could not be reached: {delivery} for {account} was due {due}; it is {now}. Held, not sent."""

    remedy = (
        "Still right? socialguard queue release {delivery} --now | --at TIME. "
        "Otherwise: socialguard queue cancel {delivery}"
    )


class HeldByRestore(Held):
    """RESTORED  {delivery} for {account} was queued at the time that was brought back; since then it may have been
    sent, moved or cancelled. Held, not sent."""

    remedy = (
        "Look at the account. Public, or no longer right: socialguard queue cancel {delivery} --reason … "
        "Not public, and still right: socialguard queue release {delivery} --now | --at TIME"
    )


class HeldByIncident(Held):
    """INCIDENT  {delivery} for {account} was queued before the log was begun again; in what is lost it may have
    been sent, moved or cancelled. Held, not sent."""

    remedy = HeldByRestore.remedy


class ClockWrong(Held):
    """CLOCK  This machine's clock differs from that of {network} by {difference}. {delivery} for {account} was
    held, not sent."""

    remedy = "Set the clock, then: socialguard queue release {delivery} --now"


class OverBudget(Held):
    """BUDGET  {budget} allows no more posts for {account}: {spent} of {limit} are spent, {waiting} more wait, and
    this costs {price}. It begins anew {anew}. Nothing was sent."""

    remedy = "Raise it in socialguard.toml, {section}, or wait until then."


class ThreadStopped(Held):
    """Part {part} of {of} of the thread for {account} was not sent: part {before} ({delivery}) is {state}."""

    remedy = "To go on from there: socialguard queue resume {delivery}"


class HeldByBudget(OverBudget):
    """BUDGET  {budget} does not allow {delivery} for {account}: {spent} of {limit} are spent, {waiting} more are
    under way, and it costs {price}. It begins anew {anew}. Held, not sent."""

    remedy = "Raise it in socialguard.toml, {section}, or wait; then: socialguard queue release {delivery} --now"


class ReadsStopped(OverBudget):
    """BUDGET  {budget} allows no more reads for {account}: of {limit}, {spent} are spent, {waiting} will go to
    waiting posts and {kept} are kept for posts; this costs {price}. It begins anew {anew}. Posts go on."""


class OutcomeUnknown(SocialGuardError):
    """{network} did not answer; the post of {account} may be public ({detail}). Do not post it again."""

    exit_code = 12
    remedy = "Run: socialguard queue reconcile"


class Tampered(SocialGuardError):
    """{what} was changed outside this program: {detail} Nothing was sent."""

    exit_code = 13
    remedy = "Run: socialguard audit verify; docs/operations.md says what to do at this alarm."


class ArchiveDamaged(Tampered):
    """The archive was changed outside this program: {detail}"""

    remedy = "Run: socialguard backup verify; docs/operations.md says what to do at this alarm."


class NotAdopted(Tampered):
    """This machine does not know this workspace: {detail} Nothing was sent."""

    remedy = "If it is yours, run: socialguard workspace adopt --reason …"


class KeysElsewhere(NotAdopted):
    """This needs the keys of a {kind}, and this machine has none. Nothing was sent."""

    remedy = "Do it on the machine that has them: socialguard member list"


class WrongIdentity(SocialGuardError):
    """The credential of {account} belongs to {found}. Nothing was sent."""

    exit_code = 14
    remedy = "Run: socialguard account verify {account}"


# 15–18


class Unreadable(SocialGuardError):
    """{path} cannot be read: {detail}"""

    exit_code = 15
    remedy = "Check its permissions and the disk; docs/operations.md says how to restore it."


class DatabaseAway(Unreadable):
    """The database {path} cannot be reached: {detail}"""

    exit_code = 1  # it comes back by itself: a daemon is started again
    remedy = "Is its server running, and the way there open? Then repeat the command."


class Stale(SocialGuardError):
    """{detail}"""

    exit_code = 16


class NotAnchored(SocialGuardError):
    """No anchor outside this machine holds the log: {detail}"""

    exit_code = 17
    remedy = "Name one in socialguard.toml, [audit] anchors; docs/operations.md shows how."


class AnchorOverdue(NotAnchored):
    """No anchor outside this machine has taken the audit log since {since}: nothing is sent until one has."""

    remedy = "Bring an anchor back, then run: socialguard audit checkpoint. What was queued goes out by itself."


class PartlyDone(SocialGuardError):
    """{detail}"""

    exit_code = 18


class AuditUnwritable(SocialGuardError):
    """The audit log cannot be written ({detail}). Nothing was sent."""

    exit_code = 74
    remedy = "Free space, then retry."


class Interrupted(SocialGuardError):
    """Interrupted. {detail}"""

    exit_code = 130
