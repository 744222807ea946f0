"""The X accounts that the tests know, and short ways to use them."""

import struct
import zlib
from typing import Any

from socialguard.model.credential import Credential
from socialguard.networks.interface import Outgoing, Session
from socialguard.networks.x import XAdapter

OAUTH1: dict[str, str] = {
    "kind": "oauth1",
    "consumer_key": "ConsumerKey-4711",
    "consumer_secret": "ConsumerSecret-4711",
    "access_token": "111-AccessToken-4711",
    "access_token_secret": "AccessTokenSecret-4711",
}
PUBLIC: dict[str, str] = {
    "kind": "oauth2",
    "client_id": "PublicClient-0815",
    "access_token": "PublicAccess-0815",
    "refresh_token": "PublicRefresh-0815",
}
CONFIDENTIAL: dict[str, str] = {
    "kind": "oauth2",
    "client_id": "ConfidentialClient-0816",
    "client_secret": "ClientSecret-0816",
    "access_token": "ConfidentialAccess-0816",
    "refresh_token": "ConfidentialRefresh-0816",
}
SECRETS = [
    value
    for document in (OAUTH1, PUBLIC, CONFIDENTIAL)
    for name, value in document.items()
    if name not in ("kind", "client_id", "consumer_key")
]
OLD_POST = "An old post."
X_SEED: dict[str, Any] = {
    "accounts": [
        {
            "network": "x",
            "handle": "acme",
            "user_id": "111",
            "display_name": "Acme",
            "followers_count": 4711,
            "credential": OAUTH1,
            "posts": [{"text": OLD_POST, "created_at": "2026-01-01T00:00:00Z"}],
        },
        {"network": "x", "handle": "public", "user_id": "222", "display_name": "Public", "credential": PUBLIC},
        {
            "network": "x",
            "handle": "confidential",
            "user_id": "333",
            "display_name": "Confidential",
            "credential": CONFIDENTIAL,
        },
    ]
}


def credential(document: dict[str, str] = OAUTH1) -> Credential:
    """Return the credential of a document."""
    return XAdapter().credential(document)


def session(origin: str, document: dict[str, str] = OAUTH1) -> Session:
    """Return a session of the account of `document`."""
    handle = {OAUTH1["kind"]: "acme"}.get(document["kind"], "public")
    return XAdapter().open(credential(document), origin, f"x:@{handle}")


def publish(of: Session, text: str = "Hello", **more: Any) -> str:
    """Publish a post; return its id."""

    def never(_step: str) -> None:
        raise AssertionError("X has no steps")

    return of.publish(Outgoing(text, **more), never).network_id


def png(width: int = 1) -> bytes:
    """Return a small image."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, 1, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" + bytes(3 * width))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
