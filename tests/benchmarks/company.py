"""A large company's workspace, made fast: 1,000 accounts and 100,000 deliveries, every row as the program would
have written it (signed manifest, pins, fingerprints, submitters' signatures, receipts)."""

import os
import random
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, insert

from socialguard.canon import jcs
from socialguard.ledger import rows
from socialguard.model.account import AccountState
from socialguard.model.delivery import Act, Content, Delivery, State
from socialguard.model.fingerprint import body, fingerprint
from socialguard.publishing.submission import SUBMISSION
from socialguard.registry import manifest as manifests
from socialguard.registry.signed import Grant, Right, SignedAccount
from socialguard.store import tables
from socialguard.vault.kek import Kind, create_kek
from socialguard.vault.keys import KeyPair
from socialguard.workspace import founding
from socialguard.workspace.layout import Layout
from socialguard.workspace.opened import Workspace

ACCOUNTS: Final = 1_000
DELIVERIES: Final = 100_000
_CLIENTS: Final = 50
_BATCH: Final = 5_000
_NOW: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)
_SENT_SHARE: Final = 0.95
_WORDS: Final = ("spring", "launch", "of", "the", "new", "line", "today", "in", "our", "shop", "with", "coffee")


@dataclass(frozen=True, slots=True)
class Company:
    """A workspace on this disk."""

    home: Path
    identity: Path

    @property
    def environment(self) -> dict[str, str]:
        """The variables that select it."""
        return {"SOCIALGUARD_HOME": str(self.home), "SOCIALGUARD_IDENTITY": str(self.identity)}


@contextmanager
def under(environment: Mapping[str, str]) -> Iterator[None]:
    """Add variables to this process for the time of the block."""
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def found(base: Path) -> Company:
    """Found an empty workspace in `base`."""
    company = Company(base / "workspace", base / "identity")
    company.identity.mkdir(mode=0o700, parents=True)
    kek = create_kek(Kind.FILE, str(base / "kek"))
    founding.found(Layout(company.home), company.identity, org_name="Acme", owner_name="Marie", kek=kek, url=None)
    return company


def build(base: Path, accounts: int = ACCOUNTS, deliveries: int = DELIVERIES) -> Company:
    """Found a workspace in `base` with so many accounts and deliveries."""
    company = found(base)
    chance = random.Random(4711)
    with under(company.environment), Workspace(company.home) as workspace:
        with workspace.database.write() as connection:
            signed = _enrol(connection, workspace, accounts)
        with workspace.database.write() as connection:
            member, signer = workspace.identity.member_id, workspace.keys.member()
            _deliver(connection, workspace.org, member, signer, signed, chance, deliveries)
    return company


def _enrol(connection: Connection, workspace: Workspace, count: int) -> list[SignedAccount]:
    grants = (Grant(workspace.identity.worker_id, Right.SEND),)
    signed = [
        SignedAccount(
            id=f"a-{secrets.token_hex(8)}",
            network=("x", "facebook")[number % 2],
            user_id=str(10**15 + number),
            handle=f"brand{number:04d}",
            origin="http://127.0.0.1:9",
            client=f"client{number % _CLIENTS:02d}",
            short_name=f"brand-{number:04d}",
            grants=grants,
        )
        for number in range(count)
    ]
    stamp = jcs.timestamp(_NOW - timedelta(days=400))
    names = sorted({one.client for one in signed})
    connection.execute(insert(tables.client), [{"name": name, "created_at": stamp} for name in names])
    facts = {
        "attended": False,
        "followers": 1000,
        "zone": "Europe/Paris",
        "state": AccountState.ACTIVE.value,
        "created_at": stamp,
    }
    trusted = ("id", "network", "handle", "user_id", "origin", "client", "short_name")
    connection.execute(
        insert(tables.account),
        [
            {**{name: getattr(one, name) for name in trusted}, "display_name": one.handle, **facts}
            for one in signed
        ],
    )
    known = workspace.trust.books(connection).manifest
    following = known.successor(accounts=tuple(sorted(signed, key=lambda one: one.id)))
    manifests.append(connection, following, [workspace.keys.member()])
    workspace.pins.pin_manifest(following.epoch, following.sha256)
    return signed


def _deliver(
    connection: Connection,
    org: str,
    member: str,
    signer: KeyPair,
    accounts: list[SignedAccount],
    chance: random.Random,
    count: int,
) -> None:
    for low in range(0, count, _BATCH):
        made = [
            _delivery(org, member, signer, chance.choice(accounts), chance, number)
            for number in range(low, min(low + _BATCH, count))
        ]
        drafts = [
            {
                "id": rows.draft_number(one.draft_id),
                "text": one.content.text,
                "payload": "{}",
                "author": member,
                "created_at": jcs.timestamp(one.created_at),
            }
            for one in made
        ]
        connection.execute(insert(tables.draft), drafts)
        connection.execute(insert(tables.delivery), [rows.from_delivery(one) for one in made])
        receipts = [_receipt(one, low + at) for at, one in enumerate(made) if one.state is State.SENT]
        connection.execute(insert(tables.receipt), receipts)


def _delivery(
    org: str, member: str, signer: KeyPair, account: SignedAccount, chance: random.Random, number: int
) -> Delivery:
    created = _NOW - timedelta(days=365 * chance.random())
    sent = chance.random() < _SENT_SHARE
    due = created if sent else _NOW + timedelta(days=30 * chance.random())
    state = State.SENT if sent else chance.choice([State.QUEUED, State.HELD, State.CANCELLED, State.FAILED])
    delivery_id, nonce = f"{number:08x}", secrets.token_hex(16)
    content = Content(text=" ".join(chance.choices(_WORDS, k=20)) + f" {number}")
    statement = body(
        org=org,
        delivery=delivery_id,
        nonce=nonce,
        act=Act.PUBLISH,
        account=account.id,
        user_id=account.user_id,
        content=content,
        not_before=None if sent else due,
        max_late=900,
    )
    return Delivery(
        id=delivery_id,
        draft_id=f"d-{number + 1}",
        account_id=account.id,
        act=Act.PUBLISH,
        content=content,
        nonce=nonce,
        fingerprint=fingerprint(statement),
        submitter=member,
        signature=signer.sign(SUBMISSION, org, statement),
        state=state,
        due=due,
        created_at=created,
        not_before=None if sent else due,
    )


def _receipt(value: Delivery, number: int) -> dict[str, object]:
    stamp = jcs.timestamp(value.due)
    network_id = str(2**60 + number)
    return {
        "delivery_id": value.id,
        "account_id": value.account_id,
        "network_id": network_id,
        "url": f"https://x.com/brand/status/{network_id}",
        "published_at": stamp,
        "recorded_at": stamp,
        "how": "answer",
    }
