"""Accounts and subjects to check, made of plain values."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from socialguard.guard.interface import (
    Check,
    Copy,
    Crisis,
    Ours,
    Reached,
    Recent,
    Settings,
    Subject,
)
from socialguard.model.account import Account
from socialguard.model.delivery import Content, Media
from socialguard.model.finding import Finding
from socialguard.model.parameter import Value
from socialguard.networks.interface import Limits

NOW: Final = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)
LIMITS: Final = Limits(
    text=280,
    images=4,
    image_bytes=5_000_000,
    image_types=("image/jpeg", "image/png"),
    alt_text=1_000,
    dated="2026-08-01",
)


def account(name: str, client: str | None = None, short_name: str | None = None) -> Account:
    """Return the account `x:@acme`, of a client and with a short name like its handle."""
    network, _, handle = name.partition(":@")
    return Account(
        id=f"a-{name}",
        network=network,
        handle=handle,
        user_id="1",
        origin="https://api.example",
        client=client or handle,
        short_name=short_name or handle,
    )


ACME: Final = account("x:@acme")
PAGE: Final = account("facebook:@acme", short_name="acme-facebook")
LYON: Final = account("x:@ville-lyon", client="ville-lyon")


def media(**changes: Any) -> Media:
    """Return a picture that every network takes, but for `changes`."""
    fields: dict[str, Any] = {
        "sha256": "0" * 64,
        "content_type": "image/png",
        "size": 1000,
        "alt": "A plan",
        "file_name": "plan.png",
    }
    return Media(**{**fields, **changes})


def subject(content: Content, *, length: int = 10, recent: tuple[Recent, ...] = (), network: str = "x") -> Subject:
    """Return a delivery to check, on x:@acme or that account of another network."""
    return Subject(
        account=replace(ACME, network=network), content=content, length=length, limits=LIMITS, recent=recent
    )


def checked(
    check: Check,
    text: str = "",
    *,
    link: str | None = None,
    content: Content | None = None,
    account: Account | None = None,
    limits: Limits = LIMITS,
    due: datetime | None = None,
    slots: tuple[datetime, ...] = (),
    past: tuple[str, ...] = (),
    recent: tuple[Recent, ...] = (),
    ours: tuple[Ours, ...] = (),
    copies: tuple[Copy, ...] = (),
    crises: tuple[Crisis, ...] = (),
    link_price: int = 0,
    reached: Mapping[str, Reached] = MappingProxyType({}),
    **parameters: Value,
) -> list[Finding]:
    """Return what one check says of a text on x:@acme; `parameters` are the check's, as policy sets them."""
    unset = {name: one.default for name, one in check.PARAMETERS.items()}
    seen = Subject(
        account=account or ACME,
        content=content or Content(text, link=link),
        length=10,
        limits=limits,
        recent=recent,
        settings=Settings({**unset, **parameters}),
        due=due,
        slots=slots,
        past=past,
        ours=ours,
        copies=copies,
        crises=crises,
        link_price=link_price,
        reached=reached,
    )
    return list(check.check(seen))


def posted(text: str, state: str = "sent", link: str | None = None) -> Recent:
    """Return a recent post of the account."""
    return Recent("8f2c", text, link, state, NOW)
