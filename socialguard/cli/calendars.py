"""The card of a calendar: what would be queued, by client and account, from when to when, and what it costs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from socialguard.cli import prompts, words
from socialguard.cli.times_told import instant
from socialguard.cli.words import _, counted, say
from socialguard.model.account import Account

if TYPE_CHECKING:
    from socialguard.publishing.calendar.sheet import Sheet


def card(sheet: "Sheet", width: int) -> list[str]:
    """Return the lines above the one question for a whole calendar."""
    by_client: dict[str, list[str]] = {}
    accounts = list(counts(sheet))
    for account, count in accounts:
        by_client.setdefault(account.client, []).append(f"{account} × {count}")
    posts = sum(count for _account, count in accounts)
    lines = [
        f"{counted('{count} POST', '{count} POSTS', posts)}, "
        f"{counted('{count} ACCOUNT', '{count} ACCOUNTS', len(accounts))}, "
        f"{counted('{count} CLIENT', '{count} CLIENTS', len(by_client))}"
    ]
    if not accounts:
        return lines
    lines.extend(prompts.by_clients(by_client, width))
    due = sorted(
        (one.when, one.account.zone) for row in sheet.good for one in row.plan.candidates if one.when is not None
    )
    first, last = instant(*due[0]), instant(*due[-1])
    lines.append(say(" from {first} to {last}", first=first, last=last) if first != last else f" {first}")
    cost = total(sheet)
    lines.append(" " + say("Total {price}", price=words.price(cost) if cost else _("free")))
    return lines


def counts(sheet: "Sheet") -> Iterator[tuple[Account, int]]:
    """Yield each account with how many posts it would get."""
    from socialguard.publishing.calendar.sheet import accounts_of

    return accounts_of(sheet.good)


def total(sheet: "Sheet") -> int:
    """Return what all of it will cost, in millionths of a US dollar."""
    return sum(one.price for row in sheet.good for one in row.plan.candidates)
