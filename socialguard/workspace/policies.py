"""The policy of a workspace as people handle it: a file that is read, checked, applied into the signed manifest,
and compared with what is in force."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from socialguard import errors
from socialguard.guard.checks import SET_BY_POLICY
from socialguard.registry import policy as policies
from socialguard.registry import policy_file
from socialguard.registry.policy_file import PolicySet

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from socialguard.model.account import Account
    from socialguard.registry.interface import OwnerSigner
    from socialguard.registry.manifest import Manifest
    from socialguard.registry.policy import Policy
    from socialguard.workspace.opened import Workspace

ACTION: Final = "policy.apply"
MAX_BYTES: Final = 1 << 20


def read(path: Path) -> str:
    """Return the text of a policy file; raises NotFound, Unreadable, UsageError where it is too large."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        text = data.decode("utf-8")
    except FileNotFoundError:
        raise errors.NotFound(kind="policy file", name=path, hint="Name one, or write it there.") from None
    except UnicodeDecodeError:
        raise errors.Unreadable(path=path, detail="it is not UTF-8.") from None
    except OSError as problem:
        raise errors.Unreadable(path=path, detail=problem.strerror or "it cannot be opened.") from None
    if len(data) > MAX_BYTES:
        raise errors.UsageError(detail=f"{path} is larger than {MAX_BYTES >> 20} MB: that is no policy.")
    return text


def check(workspace: "Workspace", path: Path) -> PolicySet:
    """Return the policy of a file that could be applied here; raises SettingsInvalid with the line."""
    return _checked(workspace, read(path), path.name)


def _checked(workspace: "Workspace", source: str, file: str) -> PolicySet:
    found = policy_file.parse(source, file, checks=SET_BY_POLICY)
    with workspace.database.read() as connection:
        manifest = workspace.signed.books(connection).manifest
    known = [f"{one.network}:@{one.handle}" for one in manifest.accounts]
    policy_file.require_accounts(found, known, source, file)
    return found


def apply(workspace: "Workspace", path: Path, reason: str | None) -> "tuple[Manifest, bool]":
    """Put a file in force, signed; return the manifest that names it and whether that is a new one."""
    source = read(path)
    _checked(workspace, source, path.name)
    with workspace.database.read() as connection:
        before = workspace.signed.books(connection).manifest

    def act(connection: "Connection", owner: "OwnerSigner", manifest: "Manifest") -> "Manifest":
        return policies.apply(connection, owner, manifest, source, checks=SET_BY_POLICY)

    after = workspace.custody.amend(ACTION, None, act, reason=reason)
    return after, after.epoch > before.epoch


def in_force(workspace: "Workspace", selector: str) -> "tuple[Account, Policy, str]":
    """Return an account, what holds for it, and the hash of the policy that the manifest names."""
    with workspace.database.read() as connection:
        books = workspace.signed.books(connection)
        found = books.registry.resolve(connection, [selector])
        policy = policies.load_applied(connection, books.manifest)
    if len(found) != 1:
        raise errors.UsageError(detail=f"{selector} names {len(found)} accounts; name one.")
    return found[0], policies.effective(policy, found[0]), books.manifest.policy_sha256


def is_applied(workspace: "Workspace") -> bool:
    """Whether the policy file of the workspace, where there is one, is what is in force."""
    try:
        source = read(workspace.layout.policy)
    except errors.NotFound:
        return True
    except (errors.Unreadable, errors.UsageError):
        return False
    with workspace.database.read() as connection:
        return source == policies.applied_text(connection, workspace.signed.books(connection).manifest)
