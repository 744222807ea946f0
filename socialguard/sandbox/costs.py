"""What X charges, counted here by itself: for reads by what is returned, for the rest by the request.

Prices of mid 2026 in millionths of a US dollar. X says that it charges the same resource only once in a day; that
is no promise, and is not counted off here either. Objects in `includes` cost nothing."""

from __future__ import annotations

from typing import Any

from socialguard.sandbox.state import World

PRICES = {
    "posts.read": 5_000,
    "own_posts.read": 1_000,
    "user.read": 10_000,
    "post": 15_000,
    "post_with_url": 200_000,
    "delete": 10_000,
    "media.describe": 5_000,
}


def charge(world: World, user_id: str, operation: str, units: int) -> None:
    """Note one call of an account that returned, or did, so many."""
    row = world.costs.setdefault(user_id, {}).setdefault(operation, [0, 0, 0])
    row[0] += 1
    row[1] += units
    row[2] += units * PRICES[operation]


def cost_rows(world: World) -> list[dict[str, Any]]:
    """Return the count by account and operation, in a fixed order."""
    rows = []
    for user_id, operations in sorted(world.costs.items()):
        account = world.account("x", user_id)
        for operation, (calls, units, micros) in sorted(operations.items()):
            rows.append(
                {
                    "network": "x",
                    "account": account.handle if account else "",
                    "user_id": user_id,
                    "operation": operation,
                    "calls": calls,
                    "units": units,
                    "micros": micros,
                }
            )
    return rows
