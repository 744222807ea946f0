"""Entries as events of the Open Cybersecurity Schema Framework (OCSF 1.8), which collectors of security logs read.

Every event carries the entry's index and leaf hash (`metadata.sequence`, `metadata.uid`, and `unmapped`), so that
whoever finds one there can find its proof here. What has no class of its own is API activity (6003)."""

from collections.abc import Mapping
from typing import Final

from socialguard import __version__
from socialguard.audit.reader import Logged
from socialguard.canon import jcs

SCHEMA: Final = "1.8.0"
ACCOUNT_CHANGE, AUTHENTICATION, ENTITY_MANAGEMENT, USER_ACCESS, API_ACTIVITY = 3001, 3002, 3004, 3005, 6003
_OTHER: Final = 99
_CREATE, _READ, _UPDATE, _DELETE = 1, 2, 3, 4
# by action, or by what stands before its first dot: class and activity
_KNOWN: Final[Mapping[str, tuple[int, int]]] = {
    "vault.unlock": (AUTHENTICATION, 1),
    "vault.lock": (AUTHENTICATION, 2),
    "grant": (USER_ACCESS, 1),
    "revoke": (USER_ACCESS, 2),
    "account": (ACCOUNT_CHANGE, _OTHER),
    "account.add": (ACCOUNT_CHANGE, 1),
    "account.login": (ACCOUNT_CHANGE, 1),
    "account.remove": (ACCOUNT_CHANGE, 6),
    "account.verify": (API_ACTIVITY, _READ),
    "account.identify": (API_ACTIVITY, _READ),
    "credential.rotate": (ACCOUNT_CHANGE, 3),
    "credential.rotation_due": (ACCOUNT_CHANGE, _OTHER),
    "credential.revoke": (ACCOUNT_CHANGE, 5),
    "freeze": (ACCOUNT_CHANGE, 9),
    "thaw": (ACCOUNT_CHANGE, 12),
    "thaw.agree": (ACCOUNT_CHANGE, _OTHER),
    "recover": (ACCOUNT_CHANGE, _OTHER),
    "member": (ACCOUNT_CHANGE, _OTHER),
    "member.add": (ACCOUNT_CHANGE, 1),
    "member.suspend": (ACCOUNT_CHANGE, 5),
    "member.resume": (ACCOUNT_CHANGE, 2),
    "member.remove": (ACCOUNT_CHANGE, 6),
    "member.role": (ACCOUNT_CHANGE, 7),
    "policy": (ENTITY_MANAGEMENT, _UPDATE),
    "manifest": (ENTITY_MANAGEMENT, _UPDATE),
    "workspace": (ENTITY_MANAGEMENT, _UPDATE),
    "workspace.found": (ENTITY_MANAGEMENT, _CREATE),
    "log_key": (ENTITY_MANAGEMENT, _UPDATE),
    "vault": (ENTITY_MANAGEMENT, _UPDATE),
    "recovery": (ENTITY_MANAGEMENT, _UPDATE),
    "incident": (ENTITY_MANAGEMENT, _UPDATE),
    "crisis": (ENTITY_MANAGEMENT, _UPDATE),
    "archive": (ENTITY_MANAGEMENT, _UPDATE),
    "archive.shred": (ENTITY_MANAGEMENT, _DELETE),
    "watch": (API_ACTIVITY, _READ),
    "delivery.send": (API_ACTIVITY, _CREATE),
    "delivery.delete": (API_ACTIVITY, _DELETE),
    "backup": (API_ACTIVITY, _READ),
    "audit": (API_ACTIVITY, _READ),
}
_FAILED: Final = frozenset({"failed", "refused", "tampered", "unknown", "held", "expired"})
_INFORMATIONAL, _MEDIUM, _CRITICAL = 1, 3, 5


def event(entry: Logged, org: str, names: Mapping[str, str]) -> dict[str, object]:
    """Return the event of an entry; `names` are those of accounts and members, by id."""
    known = _KNOWN.get(entry.action) or _KNOWN.get(entry.action.partition(".")[0]) or (API_ACTIVITY, _OTHER)
    class_uid, activity = known
    made: dict[str, object] = {
        "class_uid": class_uid,
        "category_uid": class_uid // 1000,
        "activity_id": activity,
        "type_uid": class_uid * 100 + activity,
        "severity_id": _severity(entry),
        "status_id": _status(entry),
        "status_code": entry.outcome,
        "time": int(jcs.parse_timestamp(entry.ts).timestamp() * 1000),
        "message": f"{entry.action}: {entry.outcome}",
        "metadata": _metadata(entry, org),
        "actor": {"user": _user(entry.actor.id, names), "app_name": "SocialGuard"},
        "unmapped": _unmapped(entry, names),
    }
    if class_uid == AUTHENTICATION:
        made |= {"user": _user(entry.actor.id, names), "service": {"name": "SocialGuard vault"}}
    elif class_uid == ACCOUNT_CHANGE:
        made["user"] = _user(_subject(entry), names)
    elif class_uid == USER_ACCESS:
        made |= {"user": _user(_subject(entry), names), "privileges": _rights(entry)}
        if entry.account is not None:
            made["resources"] = [{"uid": entry.account, "name": names.get(entry.account, entry.account)}]
    elif class_uid == ENTITY_MANAGEMENT:
        made["entity"] = {"name": entry.action.partition(".")[0], "uid": org}
    else:
        made["api"] = {"operation": entry.action, "service": {"name": _network(entry, names)}}
        made["src_endpoint"] = {"uid": str(entry.src.get("host", "")), "name": str(entry.src.get("host", ""))}
    return made


def _metadata(entry: Logged, org: str) -> dict[str, object]:
    made: dict[str, object] = {
        "version": SCHEMA,
        "product": {"name": "SocialGuard", "vendor_name": "SocialGuard", "version": __version__},
        "uid": entry.leaf_hash.hex(),
        "sequence": entry.seq,
        "log_name": f"socialguard/{org}/{entry.incarnation}",
        "event_code": entry.action,
    }
    if entry.corr is not None:
        made["correlation_uid"] = entry.corr
    return made


def _unmapped(entry: Logged, names: Mapping[str, str]) -> dict[str, object]:
    found = {
        "seq": entry.seq,
        "leaf_hash": entry.leaf_hash.hex(),
        "incarnation": entry.incarnation,
        "account": entry.account,
        "account_name": names.get(entry.account or ""),
        "fingerprint": entry.fingerprint,
        "via": entry.actor.via,
        "proof": entry.actor.proof,
        "reason": entry.reason,
        "obj": entry.obj,
    }
    return {key: value for key, value in found.items() if value is not None}


def _severity(entry: Logged) -> int:
    if entry.outcome == "tampered":
        return _CRITICAL
    return _MEDIUM if entry.outcome in _FAILED else _INFORMATIONAL


def _status(entry: Logged) -> int:
    if entry.outcome == "intent":
        return _OTHER
    return 2 if entry.outcome in _FAILED else 1


def _subject(entry: Logged) -> str:
    """Return whose access it is about: a member where one is named, else the account."""
    member = entry.obj.get("member")
    return member if isinstance(member, str) else entry.account or entry.actor.id


def _user(identity: str, names: Mapping[str, str]) -> dict[str, object]:
    return {"uid": identity, "name": names.get(identity, identity)}


def _rights(entry: Logged) -> list[str]:
    right, rights = entry.obj.get("right"), entry.obj.get("rights")
    return [str(one) for one in rights] if isinstance(rights, list) else [str(right)]


def _network(entry: Logged, names: Mapping[str, str]) -> str:
    name = names.get(entry.account or "", "")
    return name.partition(":")[0] or "SocialGuard"
