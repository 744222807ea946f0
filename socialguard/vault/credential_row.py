"""One sealed credential, byte for byte (FORMATS: Credential row).

`c` binds the row to organisation, account, network, user id, origin, row and generation; it is the associated
data of the ciphertext and, with the recipient, the `info` of each wrap. It is rebuilt here from the signed
manifest: nothing in a row says where it may be used. One signature covers c, nonce, ciphertext and all wraps.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from socialguard import errors
from socialguard.canon import envelope, jcs
from socialguard.model.credential import Credential
from socialguard.registry.signed import Member, Right, SignedAccount

if TYPE_CHECKING:
    from socialguard.registry.manifest import Manifest
    from socialguard.vault.keys import KeyPair

CONTEXT: Final = "socialguard/cred/v1"
ENVELOPE: Final = "credential"
_DEK_BYTES: Final = 32
_NONCE_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class SealedCredential:
    """A row and its wraps, as stored. `context` is JCS(c), `signer` a key id, `wraps` sealed keys by key id."""

    gen: int
    context: bytes
    nonce: bytes
    ciphertext: bytes
    signer: str
    signature: bytes
    wraps: Mapping[str, bytes]

    def statement(self) -> dict[str, object]:
        """Return the body that the writer signs; NotCanonical for a context that is not JCS."""
        return {
            "c": jcs.decode(self.context),
            "nonce": jcs.b64(self.nonce),
            "ct": jcs.b64(self.ciphertext),
            "wraps": [{"to": to, "sealed": jcs.b64(sealed)} for to, sealed in sorted(self.wraps.items())],
        }

    def sha256(self) -> str:
        """Return the hash of the signed body: what the log names as the proof of a `credential.write`."""
        return hashlib.sha256(jcs.encode(self.statement())).hexdigest()


def row_id(account_id: str, gen: int) -> str:
    """Return the id of the row that holds generation `gen` of an account's credential."""
    return f"{account_id}.{gen}"


def bound_to(org: str, account: SignedAccount, gen: int) -> dict[str, object]:
    """Return `c`: what a sealed credential of this account and generation is bound to."""
    return {
        "ctx": CONTEXT,
        "org": org,
        "account": account.id,
        "network": account.network,
        "user_id": account.user_id,
        "origin": account.origin,
        "cred": row_id(account.id, gen),
        "gen": gen,
    }


def recipients(manifest: "Manifest", account: SignedAccount) -> dict[str, bytes]:
    """Return the X25519 keys, by key id, that a credential is sealed to: the active workers that are granted
    the account, every owner (they must be able to seal it anew), the recovery keys."""
    members = (*_workers(manifest, account), *_owners(manifest))
    keys = {one.sealing_id: one.x25519 for one in members}
    return keys | {one.sealing_id: one.x25519 for one in manifest.recovery}


def seal(
    manifest: "Manifest", account: SignedAccount, gen: int, credential: Credential, writer: "KeyPair"
) -> SealedCredential:
    """Return a credential sealed under a fresh key to all its recipients and signed by `writer`.

    Raises UsageError where the writer is neither an owner nor a worker granted the account."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from socialguard.vault.keys import seal_to

    if _writer(manifest, account, writer.signing_id) is None:
        raise errors.UsageError(detail="Only an owner, or a worker granted the account, may write its credential.")
    c = bound_to(manifest.org, account, gen)
    context = jcs.encode(c)
    key, nonce = secrets.token_bytes(_DEK_BYTES), secrets.token_bytes(_NONCE_BYTES)
    wraps = {
        to: seal_to(public, key, jcs.encode(c | {"to": to}))
        for to, public in recipients(manifest, account).items()
    }
    unsigned = SealedCredential(
        gen=gen,
        context=context,
        nonce=nonce,
        ciphertext=AESGCM(key).encrypt(nonce, jcs.encode(credential.document()), context),
        signer=writer.signing_id,
        signature=b"",
        wraps=wraps,
    )
    signature = writer.sign(ENVELOPE, manifest.org, unsigned.statement())
    return SealedCredential(gen, context, nonce, unsigned.ciphertext, writer.signing_id, signature, wraps)


def verify(manifest: "Manifest", account: SignedAccount, row: SealedCredential) -> str:
    """Return `SealedCredential.sha256` of a row that was written for this account by someone who may; raises
    Tampered for any other."""
    signer = _writer(manifest, account, row.signer)
    if signer is None:
        raise tampered(account, "it was not written by an owner or by a worker granted the account.")
    try:
        stored = jcs.encode(row.statement())
        envelope.verify(signer.ed25519, row.signature, ENVELOPE, manifest.org, stored)
    except ValueError:
        raise tampered(account, "its signature is not over what is stored.") from None
    # Only now is the row's generation worth anything: it is the one part of c that the manifest cannot give.
    if row.context != jcs.encode(bound_to(manifest.org, account, row.gen)):
        raise tampered(account, "it belongs to another account, user, origin or generation.")
    return hashlib.sha256(stored).hexdigest()


def open_row(manifest: "Manifest", account: SignedAccount, row: SealedCredential, reader: "KeyPair") -> Credential:
    """Return the credential of a verified row; raises NotFound where it is not sealed to the reader, Tampered
    where it does not open."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    c = bound_to(manifest.org, account, row.gen)
    wrapped = row.wraps.get(reader.sealing_id)
    if wrapped is None:
        raise errors.NotFound(
            kind="credential for this key of",
            name=f"{account.network}:@{account.handle}",
            hint="An owner can seal it anew: socialguard vault rewrap",
        )
    key = reader.open(wrapped, jcs.encode(c | {"to": reader.sealing_id}))
    try:
        document = jcs.decode(AESGCM(key).decrypt(row.nonce, row.ciphertext, jcs.encode(c)))
    except (InvalidTag, ValueError):
        raise tampered(account, "it does not open.") from None
    if not isinstance(document, dict) or not all(isinstance(value, str) for value in document.values()):
        raise tampered(account, "what it holds is not a credential.")
    kind = document.pop("kind", "")
    return Credential(account.network, kind, document)


def tampered(account: SignedAccount, detail: str) -> errors.Tampered:
    """Return the refusal of a row of this account."""
    return errors.Tampered(what=f"The credential of {account.network}:@{account.handle}", detail=detail)


def _writer(manifest: "Manifest", account: SignedAccount, signing_id: str) -> Member | None:
    """Return the active member who may write this credential and has that key, None where there is none."""
    member = manifest.member_of_key(signing_id)
    if member is None:
        return None
    allowed = member.id in manifest.owners or manifest.may(member.id, Right.SEND, account.id)
    return member if allowed else None


def _owners(manifest: "Manifest") -> list[Member]:
    return [one for one in manifest.members if one.id in manifest.owners]


def _workers(manifest: "Manifest", account: SignedAccount) -> list[Member]:
    granted = {grant.member for grant in account.grants if grant.right is Right.SEND}
    return [one for one in manifest.members if one.id in manifest.workers and one.id in granted]
