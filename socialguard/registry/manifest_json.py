"""The manifest's JSON form, both ways: no field is guessed, none is ignored."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypedDict

from socialguard import errors
from socialguard.canon import jcs
from socialguard.model.mfa import Method, Mfa
from socialguard.registry.signed import Grant, LogKey, Member, RecoveryKey, Right, Role, SignedAccount, Status

if TYPE_CHECKING:
    from socialguard.registry.manifest import Manifest

VERSION = 1
_SHA256 = re.compile("[0-9a-f]{64}")
_FIELDS = frozenset(
    {"v", "epoch", "prev_sha256", "owners", "threshold", "members", "workers", "accounts", "recovery", "log_keys"}
    | {"policy_sha256"}
)
_MEMBER = frozenset({"id", "x25519", "ed25519", "role", "status", "contractor"})
_ACCOUNT = frozenset(
    {"id", "network", "user_id", "handle", "origin", "client", "short_name", "attended", "grants"}
)


class Malformed(ValueError):
    """A manifest that contradicts itself or is not of the documented form."""


class Fields(TypedDict):
    """What a body says, by the names of `Manifest`."""

    org: str
    epoch: int
    prev_sha256: str | None
    owners: tuple[str, ...]
    threshold: int
    members: tuple[Member, ...]
    workers: tuple[str, ...]
    accounts: tuple[SignedAccount, ...]
    recovery: tuple[RecoveryKey, ...]
    log_keys: tuple[LogKey, ...]
    policy_sha256: str


def document(manifest: "Manifest") -> dict[str, object]:
    """Return the JSON value of a manifest; epoch 1's has no `org`, which is its hash."""
    value: dict[str, object] = {
        "v": VERSION,
        "epoch": manifest.epoch,
        "prev_sha256": manifest.prev_sha256,
        "owners": list(manifest.owners),
        "threshold": manifest.threshold,
        "members": [
            {
                "id": one.id,
                "x25519": jcs.b64(one.x25519),
                "ed25519": jcs.b64(one.ed25519),
                "role": one.role.value,
                "status": one.status.value,
                "contractor": one.contractor,
                **({"name_sha256": one.name_sha256} if one.name_sha256 else {}),
            }
            for one in manifest.members
        ],
        "workers": list(manifest.workers),
        "accounts": [
            {
                "id": one.id,
                "network": one.network,
                "user_id": one.user_id,
                "handle": one.handle,
                "origin": one.origin,
                "client": one.client,
                "short_name": one.short_name,
                "attended": one.attended,
                "grants": [_grant_document(grant) for grant in one.grants],
                **_mfa_document(one.mfa),
            }
            for one in manifest.accounts
        ],
        "recovery": [
            {"id": one.id, "x25519": jcs.b64(one.x25519), "ed25519": jcs.b64(one.ed25519)}
            for one in manifest.recovery
        ],
        "log_keys": [_log_key(one) for one in manifest.log_keys],
        "policy_sha256": manifest.policy_sha256,
    }
    if manifest.epoch > 1:
        value["org"] = manifest.org
    return value


def fields(body: bytes) -> Fields:
    """Return the fields of canonical bytes; raises Malformed, or SchemaTooNew for another version."""
    try:
        value = jcs.decode(body)
        if not isinstance(value, dict):
            raise Malformed("its body is not an object")
        version = value.get("v")
        if version != VERSION:
            raise errors.SchemaTooNew(path="manifest", found=version, known=VERSION)
        return _fields(value)
    except Malformed:
        raise
    except ValueError as problem:  # NotCanonical, a role or right that does not exist, a key of a wrong length
        raise Malformed(str(problem)) from None


def _fields(value: Mapping[str, object]) -> Fields:
    epoch = _number(value, "epoch")
    _exactly(value, _FIELDS if epoch == 1 else _FIELDS | {"org"})
    recovery = [_exactly(one, {"id", "x25519", "ed25519"}) for one in _objects(value, "recovery")]
    log_keys = [
        _exactly(one, {"key", "from_size", "incarnation"} if "incarnation" in one else {"key", "from_size"})
        for one in _objects(value, "log_keys")
    ]
    previous = value["prev_sha256"]
    return Fields(
        org="" if epoch == 1 else _text(value, "org"),
        epoch=epoch,
        prev_sha256=None if previous is None else _text(value, "prev_sha256"),
        owners=_texts(value, "owners"),
        threshold=_number(value, "threshold"),
        members=_members(value),
        workers=_texts(value, "workers"),
        accounts=_accounts(value),
        recovery=tuple(
            RecoveryKey(_text(one, "id"), _key(one, "x25519"), _key(one, "ed25519")) for one in recovery
        ),
        log_keys=tuple(
            LogKey(
                _key(one, "key"),
                _number(one, "from_size"),
                _later(one) if "incarnation" in one else 0,
            )
            for one in log_keys
        ),
        policy_sha256=_text(value, "policy_sha256"),
    )


def _log_key(one: LogKey) -> dict[str, object]:
    """The first incarnation goes without saying, as manifests had it before keys were ever changed."""
    said: dict[str, object] = {"key": jcs.b64(one.key), "from_size": one.from_size}
    return {**said, "incarnation": one.incarnation} if one.incarnation else said


def _later(one: Mapping[str, object]) -> int:
    """Return an incarnation that is named: never the first, or one manifest would have two forms."""
    found = _number(one, "incarnation")
    if found < 1:
        raise Malformed("the first incarnation of a log key is not named")
    return found


def _members(value: Mapping[str, object]) -> tuple[Member, ...]:
    found = []
    for one in _objects(value, "members"):
        is_named = "name_sha256" in one
        _exactly(one, _MEMBER | {"name_sha256"} if is_named else _MEMBER)
        found.append(
            Member(
                id=_text(one, "id"),
                x25519=_key(one, "x25519"),
                ed25519=_key(one, "ed25519"),
                role=Role(_text(one, "role")),
                status=Status(_text(one, "status")),
                contractor=_flag(one, "contractor"),
                name_sha256=_digest(one, "name_sha256") if is_named else "",
            )
        )
    return tuple(found)


def _accounts(value: Mapping[str, object]) -> tuple[SignedAccount, ...]:
    found = []
    for one in _objects(value, "accounts"):
        _exactly(one, _ACCOUNT | {"mfa"} if "mfa" in one else _ACCOUNT)
        found.append(
            SignedAccount(
                id=_text(one, "id"),
                network=_text(one, "network"),
                user_id=_text(one, "user_id"),
                handle=_text(one, "handle"),
                origin=_text(one, "origin"),
                client=_text(one, "client"),
                short_name=_text(one, "short_name"),
                attended=_flag(one, "attended"),
                grants=tuple(_grant(grant) for grant in _objects(one, "grants")),
                mfa=_mfa(one["mfa"]) if "mfa" in one else None,
            )
        )
    return tuple(found)


def _mfa_document(mfa: Mfa | None) -> dict[str, object]:
    """An account of which nobody knows says nothing, as before there were any."""
    if mfa is None:
        return {}
    return {"mfa": {"method": mfa.method.value, "checked_at": jcs.timestamp(mfa.checked_at), "by": mfa.by}}


def _mfa(value: object) -> Mfa:
    if not isinstance(value, dict):
        raise Malformed("mfa is not an object")
    _exactly(value, {"method", "checked_at", "by"})
    checked_at = jcs.parse_timestamp(_text(value, "checked_at"))
    return Mfa(Method(_text(value, "method")), checked_at, _text(value, "by"))


def _grant_document(grant: Grant) -> dict[str, object]:
    """Return a grant; one without an end has no `until`, as before there were any."""
    value: dict[str, object] = {"member": grant.member, "right": grant.right.value}
    return value | {"until": grant.until} if grant.until else value


def _grant(value: Mapping[str, object]) -> Grant:
    ends = "until" in value
    _exactly(value, {"member", "right", "until"} if ends else {"member", "right"})
    if ends:
        jcs.parse_timestamp(_text(value, "until"))
    return Grant(_text(value, "member"), Right(_text(value, "right")), _text(value, "until") if ends else "")


def _exactly(value: Mapping[str, object], fields: frozenset[str] | set[str]) -> Mapping[str, object]:
    if set(value) != fields:
        raise Malformed("its fields are not the documented ones")
    return value


def _text(value: Mapping[str, object], name: str) -> str:
    found = value[name]
    if not isinstance(found, str):
        raise Malformed(f"{name} is not a string")
    return found


def _number(value: Mapping[str, object], name: str) -> int:
    found = value.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        raise Malformed(f"{name} is not a count")
    return found


def _flag(value: Mapping[str, object], name: str) -> bool:
    found = value[name]
    if not isinstance(found, bool):
        raise Malformed(f"{name} is neither true nor false")
    return found


def _digest(value: Mapping[str, object], name: str) -> str:
    found = _text(value, name)
    if not _SHA256.fullmatch(found):
        raise Malformed(f"{name} is not a hash")
    return found


def _key(value: Mapping[str, object], name: str) -> bytes:
    found = jcs.unb64(_text(value, name))
    if len(found) != 32:
        raise Malformed(f"{name} is not a public key of 32 bytes")
    return found


def _texts(value: Mapping[str, object], name: str) -> tuple[str, ...]:
    found = value[name]
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise Malformed(f"{name} is not a list of strings")
    return tuple(found)


def _objects(value: Mapping[str, object], name: str) -> list[dict[str, object]]:
    found = value[name]
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Malformed(f"{name} is not a list of objects")
    return found
