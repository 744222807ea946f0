"""A credential of this machine's own that can only read, taken in for the watch."""

from typing import TYPE_CHECKING, Final

from socialguard import errors
from socialguard.networks import scopes
from socialguard.vault.admission import require_user

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socialguard.model.account import Account
    from socialguard.networks.interface import Inspection, Session
    from socialguard.workspace.opened import Workspace

TAKE: Final = "watch.credential"


class CanWrite(errors.UsageError):
    """The credential of {account} can do more than read: {scopes}. Nothing was kept."""

    remedy = "Make one whose app or token has reading scopes only, and give that."


class ScopesUnknown(errors.UsageError):
    """Nothing tells what the credential of {account} may do. Nothing was kept."""

    remedy = "Where you made sure at the network that it can only read, add --unproven."


def take(
    workspace: "Workspace", account: "Account", document: "Mapping[str, object]", *, unproven: bool = False
) -> tuple[str, ...]:
    """Keep a reading credential of an account beside this machine's keys, after its network said whose it is and
    what it may do; return its scopes.

    Raises WrongIdentity, CanWrite, ScopesUnknown (unless `unproven`), and what the network's refusal means."""
    custody = workspace.custody
    credential = custody.read_document(account.name, document)

    def call(session: "Session") -> "Inspection":
        require_user(session, account)
        return session.inspect()

    found = custody.with_given(TAKE, account.id, account.name, account.origin, credential, call, account=account)
    beyond = scopes.beyond_reading(found.scopes)
    if beyond:
        raise CanWrite(account=account, scopes=", ".join(beyond))
    if not found.scopes and not unproven:
        raise ScopesUnknown(account=account)
    workspace.readers.keep(account.id, credential.document())
    return found.scopes


def drop(workspace: "Workspace", account: "Account") -> bool:
    """Forget this machine's reading credential of an account; return whether there was one."""
    gone = workspace.readers.remove(account.id)
    with workspace.database.write() as connection:
        said = workspace.custody.entry(TAKE, "forgotten", account.id)
        workspace.log.append(connection, said)
    return gone
