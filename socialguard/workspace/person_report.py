"""One signed file about one member, for the day on which somebody leaves: could, did, withdrawn, tokens changed,
left to do. Signed by whoever makes it, in the envelope of every signed statement (type `person-report`)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from socialguard import clock
from socialguard.audit import usage
from socialguard.canon import envelope, jcs
from socialguard.registry.manifest import Manifest
from socialguard.registry.signed import Member
from socialguard.vault.resealing import DUE
from socialguard.workspace import auditing, membership
from socialguard.workspace.auditing import CHANGED, NOT_SHOWN, WRITE, Standing
from socialguard.workspace.membership import REVOKE, corr_of
from socialguard.workspace.owner import OwnerSigner

if TYPE_CHECKING:
    from socialguard.workspace.opened import Workspace

TYPE: Final = "person-report"
REMOVE: Final = "member.remove"
VERSION: Final = 1


def body(workspace: "Workspace", member: Member, name: str, until: datetime) -> dict[str, object]:
    """Return what is known of a member up to an instant; raises as `auditing.picture`."""
    rights = _rights(workspace, member, until)
    with workspace.database.read() as connection:
        manifest = workspace.signed.books(connection).manifest
        uses = usage.uses(connection, until, (REVOKE, WRITE, DUE, *CHANGED))
        steps = usage.about(connection, corr_of(member.id), until)
        waiting = membership.waiting_deliveries(connection, member.id)
        opened = _tokens(connection, manifest, member, uses)
        removed = _removed_at(steps)
    had = rights if removed is None else _rights(workspace, member, removed)
    named = {one.id: auditing.name_of(one) for one in manifest.accounts}
    did = sorted(
        (named.get(account or "", account or ""), action, use.count, use.first, use.last)
        for (account, actor, action), use in uses.items()
        if actor == member.id
    )
    withdrawn = [one for one in steps if one.action in (REVOKE, "member.suspend", REMOVE, "member.role")]
    return {
        "v": VERSION,
        "member": {"id": member.id, "name": name, "role": member.role.value, "status": member.status.value},
        "until": jcs.timestamp(until),
        "made_at": jcs.timestamp(clock.now()),
        "epoch": manifest.epoch,
        "could": [_right(one) for one in had],
        "did": [
            {"account": account or None, "action": action, "count": count, "first": first, "last": last}
            for account, action, count, first, last in did
        ],
        "withdrawn": [
            {
                "at": one.ts,
                "by": one.actor,
                "what": one.action,
                "account": named.get(one.account or "", one.account),
            }
            for one in withdrawn
        ],
        "tokens": opened,
        "left": {
            "to_rotate": [str(one["account"]) for one in opened if not one["changed_after"]],
            "still_may": sorted({one.account for one in rights if one.counts}),
            "deliveries": list(waiting),
        },
        "not_shown": list(NOT_SHOWN),
    }


def signed(workspace: "Workspace", report: Mapping[str, object]) -> bytes:
    """Return the file: the report as canonical JSON in a string, who signed it, and the signature over it."""
    text = jcs.encode(dict(report))
    signer = OwnerSigner(workspace.keys.member())
    signature = signer.sign(envelope.signed_bytes(TYPE, workspace.org, text))
    return jcs.encode(
        {
            "type": TYPE,
            "org": workspace.org,
            "body": text.decode("utf-8"),
            "signer": workspace.identity.member_id,
            "key": jcs.b64(signer.public),
            "signature": jcs.b64(signature),
        }
    )


def opened(file: bytes, org: str, manifest: Manifest) -> dict[str, object]:
    """Return the report of a file that an active or former member of the manifest signed.

    Raises ValueError for anything else."""
    value = json.loads(file)
    member = manifest.member(str(value["signer"]))
    if member is None:
        raise envelope.BadSignature("its signer is no member")
    stored = str(value["body"]).encode("utf-8")
    return envelope.opened(member.ed25519, jcs.unb64(str(value["signature"])), TYPE, org, stored)


def _rights(workspace: "Workspace", member: Member, at: datetime) -> list[Standing]:
    return [one for one in auditing.picture(workspace, at).rights if one.member == member.id]


def _removed_at(steps: Sequence[usage.Told]) -> datetime | None:
    """Return when the member was removed, None while it is one: what it could do is what stood until then."""
    times = [one.ts for one in steps if one.action == REMOVE]
    return jcs.parse_timestamp(times[-1]) if times else None


def _right(one: Standing) -> dict[str, object]:
    return {key: value for key, value in asdict(one).items() if key not in ("member", "name", "account_id")}


def _tokens(
    connection: Connection, manifest: Manifest, member: Member, uses: usage.Uses
) -> list[dict[str, object]]:
    """Return each account whose credential was ever sealed to a member: until when, and whether another token came
    after that. While it is still sealed to it, no change counts."""
    places = [at for (_, _, action), one in uses.items() if action in (WRITE, *CHANGED) for at in one.at]
    last: dict[str, str] = {}
    holds: dict[str, bool] = {}
    ended: dict[str, str] = {}
    changed: dict[str, str] = {}
    for one in sorted(usage.entries(connection, places), key=lambda each: each.ts):
        account = one.account or ""
        recipients = one.obj.get("recipients")
        if one.action == WRITE and isinstance(recipients, list):
            holds[account] = member.sealing_id in recipients
            if holds[account]:
                last[account] = one.ts
            else:
                ended.setdefault(account, one.ts)
        elif one.action in CHANGED and one.outcome in ("ok", "done") and account in ended:
            changed[account] = one.ts
    return [
        {
            "account": auditing.name_of(signed),
            "sealed_last": last[signed.id],
            "still_opens": holds[signed.id],
            "changed_after": changed.get(signed.id),
        }
        for signed in manifest.accounts
        if signed.id in last
    ]
