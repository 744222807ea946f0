"""The dated limits and prices of the networks, and what an operator sets instead.

The figures lie in `data/limits.toml`: networks change them without a release of ours."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from socialguard import errors
from socialguard.model.stream import Stream
from socialguard.networks.interface import Limits, Reading

_FILE: Final = Path(__file__).with_name("data") / "limits.toml"
_NUMBERS: Final = ("text", "images", "image_bytes", "alt_text", "tallest", "widest")
_OWN_APP: Final = "own_app"
_PRICE: Final = "price_"

_overrides: Mapping[str, Mapping[str, int]] = {}


def use(overrides: Mapping[str, Mapping[str, int]]) -> None:
    """Make `overrides` (`settings.limits`: network → name → number) count for every adapter opened from now on.

    Raises SettingsInvalid for a network or a name that does not exist, or a negative number."""
    global _overrides
    for network, numbers in overrides.items():
        load_limits(network, numbers)
        load_prices(network, numbers)
    _overrides = overrides


def load_limits(network: str, overrides: Mapping[str, int] | None = None) -> Limits:
    """Return the limits of `network`, with `overrides` or, failing those, what `use` was told.

    Raises SettingsInvalid for a name that is none, or a negative number."""
    table = _table(network)
    numbers = {name: int(str(table[name])) for name in _NUMBERS}
    chosen = _chosen(network, overrides)
    numbers |= {name: value for name, value in chosen.items() if name in _NUMBERS}
    types = table["image_types"]
    assert isinstance(types, list)
    forbids = bool(table.get("forbids_copies"))
    return Limits(**numbers, image_types=tuple(types), dated=str(table["dated"]), forbids_copies=forbids)


def load_prices(network: str, overrides: Mapping[str, int] | None = None) -> dict[str, int]:
    """Return what calls of `network` cost by their name (`post`, `post_with_url`, …), in millionths of a US
    dollar; empty where it is free. Raises as `load_limits`."""
    table = _table(network)["price"]
    assert isinstance(table, dict)
    chosen = _chosen(network, overrides)
    mine = {name.removeprefix(_PRICE): value for name, value in chosen.items() if name.startswith(_PRICE)}
    return {name: int(value) for name, value in {**table, **mine}.items()}


def load_reading(network: str, overrides: Mapping[str, int] | None = None) -> Reading:
    """Return what reading an account of `network` costs and how far back it reaches. Own posts have the lower
    price only where `own_app` is set. Raises as `load_limits`."""
    table = _table(network)["reading"]
    assert isinstance(table, dict)
    prices = load_prices(network, overrides)
    post = prices.get("read_post", 0)
    own = prices.get("read_own_post", 0) if owns_app(network, overrides) else post
    return Reading(
        prices={Stream.POSTS: own, Stream.MENTIONS: post},
        reach={stream: int(table[stream.value]) or None for stream in Stream},
        page_size=int(table["page_size"]),
        profile_price=prices.get("read_user", 0),
        metrics_price=post,
        metrics_batch=int(table["metrics_batch"]),
    )


def owns_app(network: str, overrides: Mapping[str, int] | None = None) -> bool:
    """Return whether the accounts' own users are said to own the app; False, the dearer, unless an operator says
    so."""
    return bool(_chosen(network, overrides).get(_OWN_APP, _table(network).get(_OWN_APP, 0)))


def _chosen(network: str, overrides: Mapping[str, int] | None) -> Mapping[str, int]:
    chosen = _overrides.get(network, {}) if overrides is None else overrides
    prices = _table(network)["price"]
    assert isinstance(prices, dict)
    known = {*_NUMBERS, *(_PRICE + name for name in prices)}
    known |= {_OWN_APP} & set(_table(network))
    for name, value in chosen.items():
        if name not in known:
            raise errors.SettingsInvalid(
                path=f"[limits.{network}]", detail=f"there is no {name}; known are {', '.join(sorted(known))}."
            )
        if value < 0:
            raise errors.SettingsInvalid(path=f"[limits.{network}]", detail=f"{name} may not be negative.")
    return chosen


def _table(network: str) -> dict[str, object]:
    tables = _tables()
    if network not in tables:
        raise errors.SettingsInvalid(path=f"[limits.{network}]", detail=f"known are {', '.join(sorted(tables))}.")
    return tables[network]


@cache
def _tables() -> dict[str, dict[str, object]]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))
