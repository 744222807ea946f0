"""Accounts with a past at the sandbox, and what the archive of an office holds of it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from socialguard.store.archive_tables import item
from tests.office import Office


def seeded(
    office: Office, name: str = "x:@acme", *, posts: int, mentions: int = 0, media: int = 0, step_s: int = 600
) -> dict[str, Any]:
    """Return the office's seed with a past for one account: `posts` posts, the newest an hour old, the first
    `media` of them with a picture."""
    network, _, handle = name.partition(":@")
    start = datetime.now(UTC) - timedelta(hours=1) - timedelta(seconds=step_s * max(posts, mentions))

    def at(number: int) -> str:
        return (start + timedelta(seconds=step_s * number)).isoformat()

    def post(number: int) -> dict[str, Any]:
        made: dict[str, Any] = {"text": f"Post {number} of {handle}", "created_at": at(number)}
        if number < media:
            made["media"] = [{"bytes": 2_000 + number, "alt_text": f"Picture {number}"}]
        return made

    others = "mentions" if network == "x" else "visitors"
    said = [
        {"text": f"Word {number} to @{handle}", "created_at": at(number), "from": f"fan{number % 7}"}
        for number in range(mentions)
    ]
    accounts = [
        entry | {"posts": [post(number) for number in range(posts)], others: said}
        if (entry["network"], entry["handle"]) == (network, handle)
        else entry
        for entry in office.seed["accounts"]
    ]
    return {**office.seed, "accounts": accounts}


def joined(*seeds: dict[str, Any]) -> dict[str, Any]:
    """Return one seed in which each account has the past that any of these gives it."""
    pasts: dict[tuple[str, str], dict[str, Any]] = {}
    for seed in seeds:
        for entry in seed["accounts"]:
            pasts.setdefault((entry["network"], entry["handle"]), {}).update(entry)
    return {**seeds[0], "accounts": list(pasts.values())}


def item_ids(office: Office) -> Sequence[str]:
    """Return account and id at the network of every kept item."""
    with office.entered() as workspace, workspace.archive.database.read() as connection:
        rows = connection.execute(select(item.c.account_id, item.c.network_id))
        return [f"{row.account_id}/{row.network_id}" for row in rows]


SEEN = ("items_new", "items_total", "gaps_open", "files_new", "files_failed", "error")


def back_up(office: Office, name: str = "x:@acme", *, code: int | None = 0, **environment: str) -> dict[str, Any]:
    """Back up one account and return its row; `code` is how that must end, None for any way."""
    done = office.cli("backup", "run", name, "--max-cost", "100", "--json", **environment)
    assert code in (None, done.code), done
    (row,) = done.document["accounts"]
    return dict(row)


def without_others(seed: dict[str, Any]) -> dict[str, Any]:
    """Return a seed in which the Pages' tokens may not read what visitors wrote."""
    scopes = ["pages_show_list", "pages_manage_posts", "pages_read_engagement", "read_insights"]
    accounts = [
        {**entry, "scopes": scopes} if entry["network"] == "facebook" else entry for entry in seed["accounts"]
    ]
    return {**seed, "accounts": accounts}
