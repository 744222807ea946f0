"""The policy of a workspace as people handle it: a file that is read, checked, applied into the signed manifest,
and compared with what is in force."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from socialguard import errors
from socialguard.guard.checks import SET_BY_POLICY, level_of
from socialguard.model.parameter import Value
from socialguard.registry import policy as policies
from socialguard.registry import policy_file
from socialguard.registry.policy_checks import LEVEL, check_rules
from socialguard.registry.policy_file import PolicySet

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from socialguard.model.account import Account
    from socialguard.registry.interface import OwnerSigner
    from socialguard.registry.manifest import Manifest
    from socialguard.registry.policy import Policy
    from socialguard.workspace.opened import Workspace

ACTION: Final = "policy.apply"
_OWN: Final = ("secure", "grace", "reconfirm_after", "approvals", "max_late", "thaw_by")
MAX_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Rule:
    """One value that holds for an account; `place` is the section that sets it, None where it is built in."""

    name: str
    value: Value
    place: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """A rule that would have another value on some accounts; None where a list of words is not there."""

    name: str
    before: Value | None
    after: Value | None
    accounts: "tuple[Account, ...]"


def read(path: Path) -> str:
    """Return the text of a policy file; raises NotFound, Unreadable, UsageError where it is too large."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        text = data.decode("utf-8-sig")  # some editors begin a file with a mark that TOML does not know
    except FileNotFoundError:
        raise errors.NotFound(kind="policy file", name=path, hint="Name one, or write it there.") from None
    except UnicodeDecodeError:
        raise errors.Unreadable(
            path=path, detail="it is not UTF-8.", remedy="Save it as UTF-8 in your editor."
        ) from None
    except OSError as problem:
        raise errors.Unreadable(path=path, detail=problem.strerror or "it cannot be opened.") from None
    if len(data) > MAX_BYTES:
        raise errors.UsageError(detail=f"{path} is larger than {MAX_BYTES >> 20} MB: that is no policy.")
    return text


def check(workspace: "Workspace", path: Path) -> PolicySet:
    """Return the policy of a file that could be applied here; raises SettingsInvalid, all lines in it."""
    return _checked(workspace, read(path), path.name)


def _checked(workspace: "Workspace", source: str, file: str) -> PolicySet:
    with workspace.database.read() as connection:
        manifest = workspace.signed.books(connection).manifest
    known = [f"{one.network}:@{one.handle}" for one in manifest.accounts]
    return policy_file.parse(source, file, checks=SET_BY_POLICY, accounts=known)


def apply(workspace: "Workspace", path: Path, reason: str | None) -> "tuple[Manifest, bool, list[Change]]":
    """Put a file in force, signed; return the manifest that names it, whether that is a new one, and what it
    changes: whoever signs sees what a file says that others may write, too."""
    source = read(path)
    changed = _changes(workspace, source, path.name)
    with workspace.database.read() as connection:
        before = workspace.signed.books(connection).manifest

    def act(connection: "Connection", owner: "OwnerSigner", manifest: "Manifest") -> "Manifest":
        return policies.apply(connection, owner, manifest, source, checks=SET_BY_POLICY)

    after = workspace.custody.amend(ACTION, None, act, reason=reason)
    return after, after.epoch > before.epoch, changed


def in_force(workspace: "Workspace", selector: str) -> "tuple[Account, Policy, Sequence[Rule], str]":
    """Return an account, what holds for it, the same rule by rule with every check, and the hash of the policy
    that the manifest names."""
    with workspace.database.read() as connection:
        books = workspace.signed.books(connection)
        found = books.registry.resolve(connection, [selector])
        policy = policies.load_applied(connection, books.manifest)
    if len(found) != 1:
        raise errors.UsageError(detail=f"{selector} names {len(found)} accounts; name one.")
    account = found[0]
    return account, policies.effective(policy, account), rules_of(policy, account), books.manifest.policy_sha256


def rules_of(policy: PolicySet, account: "Account") -> list[Rule]:
    """Return every rule that holds for an account: the policy's own, then level and parameters of each check."""
    found = policies.effective(policy, account)
    rules = [Rule(name, getattr(found, name), found.places.get(name)) for name in _OWN]
    for name, of_check in check_rules(policy, account, SET_BY_POLICY).items():
        rules.append(Rule(f"checks.{name}", level_of(name, of_check), of_check.places.get(LEVEL)))
        for key, value in of_check.parameters.items():
            rules.append(Rule(f"checks.{name}.{key}", value, of_check.places.get(key)))
    return rules


def changes(workspace: "Workspace", path: Path) -> list[Change]:
    """Return what a policy file would change if it were applied now, each change with the accounts that it is for;
    raises SettingsInvalid with the line."""
    return _changes(workspace, read(path), path.name)


def _changes(workspace: "Workspace", source: str, file: str) -> list[Change]:
    _checked(workspace, source, file)
    with workspace.database.read() as connection:
        books = workspace.signed.books(connection)
        accounts = books.registry.all(connection)
        before = policies.load_applied(connection, books.manifest)
        after = policies.proposed(connection, books.manifest, source)
    found: dict[tuple[str, Value | None, Value | None], list[Account]] = {}
    for account in accounts:
        old = {rule.name: rule.value for rule in rules_of(before, account)}
        new = {rule.name: rule.value for rule in rules_of(after, account)}
        for name in dict.fromkeys((*old, *new)):
            if old.get(name) != new.get(name):
                found.setdefault((name, old.get(name), new.get(name)), []).append(account)
    return [Change(name, was, will_be, tuple(of)) for (name, was, will_be), of in found.items()]


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
