"""Becoming a member: an invitation carried outside the database, keys made on the member's own machine, a request
that proves them, and a code that both sides read to one another.

An invitation names organisation, epoch and manifest, signed by an owner: whoever joins pins what it says, and
believes no database that says otherwise. A request carries public keys only and is signed with the new key. Its
code is what the owner asks for by telephone or face to face: who types it has checked whose keys these are.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from socialguard import clock, errors
from socialguard.canon import envelope, jcs
from socialguard.registry.interface import OwnerSigner
from socialguard.registry.manifest import Manifest
from socialguard.registry.signed import Member, Role
from socialguard.vault import identity, private_files
from socialguard.vault.kek import Kek
from socialguard.vault.keys import KeyPair
from socialguard.workspace import mail

INVITATION: Final = "invitation"
REQUEST: Final = "join-request"
LIFETIME: Final = timedelta(days=7)
VERSION: Final = 1
_CODE: Final = b"socialguard/join-code/v1\n"
_FILE: Final = "request"
_FIELDS: Final = frozenset(
    {"v", "org", "invite", "epoch", "manifest_sha256", "name", "role", "contractor", "expires", "owner"}
)


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who is invited as what, and which manifest the organisation has. `owner` is the inviting owner's signing
    key, `id` counts an invitation once."""

    org: str
    id: str
    epoch: int
    manifest_sha256: str
    name: str
    role: Role
    contractor: bool
    expires: datetime
    owner: bytes

    def body(self) -> dict[str, object]:
        """Return what the owner signs."""
        return {
            "v": VERSION,
            "org": self.org,
            "invite": self.id,
            "epoch": self.epoch,
            "manifest_sha256": self.manifest_sha256,
            "name": self.name,
            "role": self.role.value,
            "contractor": self.contractor,
            "expires": jcs.timestamp(self.expires),
            "owner": jcs.b64(self.owner),
        }


@dataclass(frozen=True, slots=True)
class Request:
    """Whoever wants to join: the invitation, and the public halves of the keys made on that machine. `code` is
    what both sides compare."""

    invitation: Invitation
    member: Member
    code: str


def invite(
    manifest: Manifest, owner: KeyPair, name: str, role: Role, contractor: bool, lifetime: timedelta = LIFETIME
) -> tuple[Invitation, str]:
    """Return an invitation and its file; raises UsageError for a contractor that nobody could restrict."""
    if contractor and role in (Role.OWNER, Role.WORKER):
        raise errors.UsageError(detail=f"A member of role {role.value} cannot be a contractor.")
    made = Invitation(
        org=manifest.org,
        id=secrets.token_hex(8),
        epoch=manifest.epoch,
        manifest_sha256=manifest.sha256,
        name=name,
        role=role,
        contractor=contractor,
        expires=clock.now() + lifetime,
        owner=owner.ed25519,
    )
    return made, _document(INVITATION, made.body(), owner, manifest.org)


def join(base: Path, source: str, chosen: Callable[[], Kek]) -> tuple[Request, str]:
    """Make keys for an invitation in the identity directory, sealed under the key that `chosen` gives, pin what
    the invitation names, and return the request and its file. The same invitation again returns the same request.

    Raises UsageError where the invitation has ended, is not one, or there are other keys here."""
    invitation, _, _ = _invitation(source)
    place = identity.directory(base, invitation.org)
    again = _kept(place)
    if again is not None and again[0].invitation == invitation:
        return again
    if clock.now() >= invitation.expires:
        raise errors.UsageError(detail="This invitation has ended.", remedy="Ask the owner for another one.")
    pair = KeyPair.generate()
    is_worker = invitation.role is Role.WORKER
    id = f"{'w' if is_worker else 'm'}-{secrets.token_hex(6)}"
    body = {
        "v": VERSION,
        "invitation": source.strip(),
        "id": id,
        "ed25519": jcs.b64(pair.ed25519),
        "x25519": jcs.b64(pair.x25519),
    }
    file = _document(REQUEST, body, pair, invitation.org)
    kind = identity.WORKER if is_worker else identity.MEMBER
    pin = (invitation.epoch, invitation.manifest_sha256)
    identity.create_one(base, invitation.org, chosen(), kind, id, pair, pin)
    private_files.replace(place / _FILE, file.encode())
    return read_request(file), file


def read_request(source: str) -> Request:
    """Return a request whose own signature holds; who invited is checked against the manifest (`require_invited`).

    Raises UsageError for anything else."""
    body, stored, signature = _parsed(REQUEST, source)
    try:
        if set(body) != {"v", "invitation", "id", "ed25519", "x25519"} or body["v"] != VERSION:
            raise ValueError
        invitation, _, _ = _invitation(str(body["invitation"]))
        ed25519, x25519 = (jcs.unb64(str(body[name])) for name in ("ed25519", "x25519"))
        envelope.verify(ed25519, signature, REQUEST, invitation.org, stored)
        id = str(body["id"])
        if len(x25519) != len(ed25519) or not _is_id(id, invitation.role):
            raise ValueError
    except ValueError:
        raise errors.UsageError(detail="This is no request to join that its keys signed.") from None
    member = Member(id, x25519, ed25519, invitation.role, contractor=invitation.contractor)
    return Request(invitation, member, code_of(stored))


def require_invited(request: Request, source: str, manifest: Manifest, code: str) -> None:
    """Refuse a request unless an owner of this organisation invited it, in time, and `code` is its code."""
    body, _, _ = _parsed(REQUEST, source)
    invitation, stored, signature = _invitation(str(body["invitation"]))
    owners = [one for one in manifest.members if one.id in manifest.owners]
    owner = next((one for one in owners if one.ed25519 == invitation.owner), None)
    if owner is None or invitation.org != manifest.org:
        raise errors.UsageError(detail="No owner of this organisation invited this.")
    try:
        envelope.verify(owner.ed25519, signature, INVITATION, manifest.org, stored)
    except ValueError:
        raise errors.UsageError(detail="No owner of this organisation invited this.") from None
    if clock.now() >= invitation.expires:
        raise errors.UsageError(detail="This invitation has ended.", remedy="Invite the member anew.")
    if _plain(code) != _plain(request.code):
        raise errors.UsageError(
            detail="This is not the code of the request: the keys in it may be another's.",
            remedy="Let the person read the code that member join printed, over a channel that you trust.",
        )


def code_of(stored: bytes) -> str:
    """Return the code that both sides compare: the first 64 bits of a hash, in four groups."""
    digits = hashlib.sha256(_CODE + stored).hexdigest()[:16]
    return "-".join(digits[start : start + 4] for start in range(0, 16, 4))


def _invitation(source: str) -> tuple[Invitation, bytes, bytes]:
    body, stored, signature = _parsed(INVITATION, source)
    try:
        if set(body) != _FIELDS or body["v"] != VERSION:
            raise ValueError
        epoch, contractor, owner = body["epoch"], body["contractor"], jcs.unb64(str(body["owner"]))
        if not isinstance(epoch, int) or not isinstance(contractor, bool):
            raise ValueError
        found = Invitation(
            org=str(body["org"]),
            id=str(body["invite"]),
            epoch=epoch,
            manifest_sha256=str(body["manifest_sha256"]),
            name=str(body["name"]),
            role=Role(str(body["role"])),
            contractor=contractor,
            expires=jcs.parse_timestamp(str(body["expires"])),
            owner=owner,
        )
        # Only that it is whole: whose key this is, the person knows who was handed the invitation.
        envelope.verify(owner, signature, INVITATION, found.org, stored)
    except ValueError:
        raise errors.UsageError(detail="This is no invitation, or it was changed on the way.") from None
    return found, stored, signature


def _document(kind: str, body: dict[str, object], signer: OwnerSigner, org: str) -> str:
    """Return a signed file: the body as signed, and the signature."""
    signature = signer.sign(kind, org, body)
    return mail.written(kind, {"body": jcs.encode(body).decode(), "signature": jcs.b64(signature)})


def _parsed(kind: str, source: str) -> tuple[dict[str, object], bytes, bytes]:
    """Return the body of a signed file, its bytes as signed, and the signature; UsageError for another file."""
    value = mail.read(kind, source)
    try:
        stored = str(value["body"]).encode()
        body = jcs.decode(stored)
        if not isinstance(body, dict):
            raise ValueError
        return body, stored, jcs.unb64(str(value["signature"]))
    except (ValueError, KeyError):
        raise errors.UsageError(detail=f"This is not a file of the kind {kind}.") from None


def _kept(place: Path) -> tuple[Request, str] | None:
    try:
        file = private_files.read(place / _FILE).decode()
    except FileNotFoundError:
        return None
    return read_request(file), file


def _is_id(id: str, role: Role) -> bool:
    prefix, digits = id[:2], id[2:]
    return prefix == ("w-" if role is Role.WORKER else "m-") and len(digits) == 12 and digits.isalnum()


def _plain(code: str) -> str:
    return "".join(char for char in code.casefold() if char.isalnum())
