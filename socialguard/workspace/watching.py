"""The watch of a workspace: what it is given by the other rooms."""

import threading
from typing import TYPE_CHECKING, Final

from socialguard.audit import usage
from socialguard.registry.signed import ALLOWED, Right, Role
from socialguard.watch.interface import Desk, Signer
from socialguard.watch.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from socialguard.model.account import Account
    from socialguard.registry.accounts import Facts
    from socialguard.registry.manifest import Manifest
    from socialguard.registry.signed import Member
    from socialguard.workspace.opened import Workspace


_LEAVING: Final = ("member.remove", "member.suspend")
_NEVER: Final = (-1, -1)


def _makes_ours(manifest: "Manifest", member: "Member", account_id: str) -> bool:
    """Whether a member's word can make a post on an account ours: what who left said while they were here, too,
    whose grants are gone."""
    if member.active and member.role is not Role.WORKER:
        return manifest.may(member.id, Right.PUBLISH, account_id)
    return Right.SEND in ALLOWED[member.role] or Right.PUBLISH in ALLOWED[member.role]


def watch(workspace: "Workspace") -> Watch:
    """Return the watch; what it reads of a network comes in by the backup."""

    def fetch(account: "Account") -> None:
        workspace.backup.run(account, threading.Event())

    def read_lists(account: "Account") -> None:
        workspace.backup.read_lists(account, threading.Event())

    def facts(connection: "Connection", account_id: str) -> "Facts":
        return workspace.signed.books(connection).registry.facts(connection, account_id)

    def watcher(account_id: str) -> str:
        return workspace.actor.id if workspace.readers.holds(account_id) else ""

    def signers(connection: "Connection", account_id: str) -> "Mapping[str, Signer]":
        manifest = workspace.signed.books(connection).manifest
        left = usage.newest_about(connection, _LEAVING)
        return {
            one.signing_id: Signer(one.ed25519, None if one.active else left.get(one.id, _NEVER))
            for one in manifest.members
            if _makes_ours(manifest, one, account_id)
        }

    def judges(connection: "Connection", account_id: str) -> "Mapping[str, bytes]":
        manifest = workspace.signed.books(connection).manifest
        may = [one for one in manifest.members if manifest.may(one.id, Right.PUBLISH, account_id)]
        return {one.signing_id: one.ed25519 for one in may}

    def sign(kind: str, body: "Mapping[str, object]") -> tuple[str, bytes]:
        member = workspace.keys.member()
        return member.signing_id, member.sign(kind, workspace.org, body)

    return Watch(
        Desk(
            database=workspace.database,
            archive=lambda: workspace.archive,
            custody=lambda: workspace.custody,
            purse=workspace.purse,
            alerts=workspace.alerts,
            fetch=fetch,
            read_lists=read_lists,
            facts=facts,
            watcher=watcher,
            log=workspace.log,
            actor=workspace.actor,
            org=workspace.org,
            signers=signers,
            judges=judges,
            sign=sign,
        )
    )
