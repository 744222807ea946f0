"""What protects an account: `policy.toml`, applied into the signed manifest.

The most specific section wins: `[account."x:@acme"]` over `[label.fr]` over `[defaults]` over what is built in;
of several labels the strictest. Labels are not signed one by one, so an applied policy lists who wears the labels
that it has rules for: taking a label off a row in the database takes no protection off the account. The hash in
the manifest is SHA-256 of the stored text, which is the file's own bytes where no label has rules.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from socialguard import clock, errors
from socialguard.canon import jcs
from socialguard.model.account import Account, AccountName
from socialguard.registry import manifest as manifests
from socialguard.registry import policy_file
from socialguard.registry.interface import OwnerSigner
from socialguard.registry.manifest import EMPTY_POLICY, Manifest
from socialguard.registry.policy_file import APPROVERS, HOLDS, LEVELS, PolicySet, Rules

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for one account. `grace` and `max_late` are seconds, `reconfirm_after` minutes, `approvals` how
    many.

    `approver` is the role that must give them (`any`, `approver`, `owner`), `approval_hours` how long one counts;
    `holds` says what passes a hold, a person's `override` or an `approval`;
    `thaw_by` how many persons lift a freeze. `checks` maps a check to `off`,
    `note`, `warn`, `hold` or `block` where it is not the check's own choice. `places` says for each value which
    section it came from."""

    secure: bool = False
    grace: int = 10
    reconfirm_after: int = 30
    approvals: int = 0
    max_late: int = 900
    checks: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    approver: str = "any"
    approval_hours: int = 72
    holds: str = "override"
    thaw_by: int = 1


# Of two labels the strictest holds, since their order says nothing.
_STRICTER: Final[Mapping[str, Callable[[Any, Any], Any]]] = {  # Any: a flag, a number or a level
    "secure": lambda one, other: one or other,
    "grace": max,
    "reconfirm_after": min,
    "approvals": max,
    "approver": lambda one, other: max(one, other, key=APPROVERS.index),
    "approval_hours": min,
    "holds": lambda one, other: max(one, other, key=HOLDS.index),
    "max_late": min,
    "thaw_by": max,
}


@lru_cache(maxsize=1024)
def effective(policy: PolicySet, account: Account) -> Policy:
    """Return what holds for an account, and where each value came from."""
    values: dict[str, Any] = {}  # Any: a flag or a number, by the name of Policy's field
    checks: dict[str, str] = {}
    places: dict[str, str] = {}
    for layer in layers(policy, account):
        layer_values, layer_checks = _strictest(layer)
        for key, (value, place) in layer_values.items():
            values[key], places[key] = value, place
        for check, (level, place) in layer_checks.items():
            checks[check], places[f"checks.{check}"] = level, place
    return Policy(**values, checks=MappingProxyType(checks), places=MappingProxyType(places))


def layers(policy: PolicySet, account: Account) -> list[dict[str, Rules]]:
    """Return the sections that hold for an account by where they stand, the most specific rank last."""
    worn = [name for name, wearers in policy.wearers.items() if account.id in wearers]
    return [
        {"[defaults]": policy.defaults},
        {f"[label.{name}]": policy.labels[name] for name in worn if name in policy.labels},
        {f'[account."{account.name}"]': policy.accounts.get(str(account.name), Rules())},
    ]


def load_applied(connection: "Connection", manifest: Manifest) -> PolicySet:
    """Return the policy that the manifest names; raises Tampered where the stored text is not it."""
    return policy_file.parse_stored(_stored(connection, manifest))


def applied_text(connection: "Connection", manifest: Manifest) -> str:
    """Return the text of the file that was applied; raises as `load_applied`."""
    return policy_file.own_text(_stored(connection, manifest))


def apply(
    connection: "Connection",
    owner: OwnerSigner,
    manifest: Manifest,
    source: str,
    *,
    checks: policy_file.Known | None = None,
) -> Manifest:
    """Put a policy file's text in force and return the manifest that names it (the same, if it already does).

    The wearers of a label stay those that were signed; those of a label without rules so far are read from
    the registry. Raises SettingsInvalid with file, line and what is allowed; `checks` as for
    `policy_file.parse`."""
    sha256 = _store(connection, _composed(connection, manifest, source, checks))
    if sha256 == manifest.policy_sha256:
        return manifest
    return manifests.append(connection, manifest.with_policy(sha256), [owner])


def proposed(
    connection: "Connection", manifest: Manifest, source: str, *, checks: policy_file.Known | None = None
) -> PolicySet:
    """Return the policy that would hold if a file's text were applied now; raises as `apply`."""
    return policy_file.parse_stored(_composed(connection, manifest, source, checks))


def with_labels(
    connection: "Connection", manifest: Manifest, following: Manifest, account_id: str, worn: Collection[str]
) -> Manifest:
    """Return `following` with the policy hash that covers which labels an account wears from now on.

    Only this account's part of the applied text changes: what the database says of others is not signed."""
    stored = _stored(connection, manifest)
    before = policy_file.parse_stored(stored).wearers
    after = {name: (ids | {account_id}) if name in worn else (ids - {account_id}) for name, ids in before.items()}
    if after == before:
        return following
    sha256 = _store(connection, policy_file.compose(policy_file.own_text(stored), after))
    return replace(following, policy_sha256=sha256)


def _composed(connection: "Connection", manifest: Manifest, source: str, checks: policy_file.Known | None) -> str:
    """Return the stored form of a file's text: the wearers that were signed stay."""
    known = [str(AccountName(one.network, one.handle)) for one in manifest.accounts]
    wanted = policy_file.parse(source, checks=checks, accounts=known)
    before = load_applied(connection, manifest).wearers
    wearers = {
        name: before[name] if name in before else _wearing(connection, manifest, name) for name in wanted.labels
    }
    return policy_file.compose(source, wearers)


def _strictest(
    layer: Mapping[str, Rules],
) -> tuple[dict[str, tuple[Any, str]], dict[str, tuple[str, str]]]:
    """Return the strictest value of each key among sections of one rank, each with the section it is from."""
    values: dict[str, tuple[Any, str]] = {}
    checks: dict[str, tuple[str, str]] = {}
    for place, rules in layer.items():
        for key, value in rules.values.items():
            if key not in values or _STRICTER[key](values[key][0], value) != values[key][0]:
                values[key] = (value, place)
        for check, level in rules.checks.items():
            if check not in checks or LEVELS.index(level) > LEVELS.index(checks[check][0]):
                checks[check] = (level, place)
    return values, checks


def _wearing(connection: "Connection", manifest: Manifest, name: str) -> frozenset[str]:
    from sqlalchemy import select

    from socialguard.store.tables import label

    ids = connection.execute(select(label.c.account_id).where(label.c.name == name)).scalars()
    return frozenset(one for one in ids if manifest.account(one) is not None)


def _stored(connection: "Connection", manifest: Manifest) -> str:
    from sqlalchemy import select

    from socialguard.store.tables import policy as table

    if manifest.policy_sha256 == EMPTY_POLICY:
        return ""
    source = connection.execute(
        select(table.c.source).where(table.c.sha256 == manifest.policy_sha256)
    ).scalar_one_or_none()
    if source is None:
        raise errors.Tampered(what="The policy", detail="the one that the owners signed is gone.")
    if _digest(source) != manifest.policy_sha256:
        raise errors.Tampered(what="The policy", detail="it is not the one that the owners signed.")
    return str(source)


def _store(connection: "Connection", stored: str) -> str:
    from sqlalchemy import delete, insert

    from socialguard.store.tables import policy as table

    sha256 = _digest(stored)
    # A row of that hash may be there from before, perhaps changed since: this text is the true one.
    connection.execute(delete(table).where(table.c.sha256 == sha256))
    connection.execute(insert(table).values(sha256=sha256, source=stored, applied_at=jcs.timestamp(clock.now())))
    return sha256


def _digest(stored: str) -> str:
    return hashlib.sha256(stored.encode("utf-8", "surrogatepass")).hexdigest()
