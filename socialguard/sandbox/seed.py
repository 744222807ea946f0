"""Turn a seed document into a world; without one, invent a few accounts with random credentials.

A seed is `{"accounts": [{"network", "handle", "user_id", "display_name", "credential": {...},
"posts": [{"text", "created_at", "metrics": {}}]}]}`. Optional keys of an account: `followers_count`,
`description`, `protected`, `subscriber` (long posts, edits), `scopes`, `app_name`, `credentials` (further ones);
for X `bearer_token` (app-only), `read_only` (the app's permission), `owns_app` (reads its own posts for less) and
`mentions`; for Facebook `app_live`, `proof_required`, `user_token` (one user token may own several Pages) and
`visitors`. What posts, mentions and the like may hold is in `seed_posts`. A `settings` object beside `accounts`
sets what control's `POST /settings` sets.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from socialguard.sandbox.clock import parse_moment
from socialguard.sandbox.seed_posts import add_posts
from socialguard.sandbox.state import FACEBOOK_SCOPES, X_SCOPES, Account, App, Settings, Token, World

NETWORKS = ("x", "facebook")
TWO_YEARS = 2 * 365 * 86400
RANDOM_ACCOUNTS = (
    ("x", "acme"),
    ("x", "acme_fr"),
    ("x", "globex"),
    ("facebook", "acme"),
    ("facebook", "globex"),
)


class SeedError(ValueError):
    """The seed is not what the sandbox reads; the message names the place."""


def build_world(seed: Mapping[str, Any] | None) -> World:
    """Return a fresh world of the seed's accounts (None: random ones); SeedError if it cannot be read."""
    world = World()
    document = random_seed() if seed is None else seed
    accounts = document.get("accounts")
    if not isinstance(accounts, list):
        raise SeedError("the seed has no list `accounts`")
    # first everybody, then what they wrote: a text may name any of them
    for add in (add_account, add_activity):
        for number, entry in enumerate(accounts):
            try:
                add(world, entry)
            except (KeyError, TypeError, ValueError) as error:
                raise SeedError(f"accounts[{number}]: {type(error).__name__}: {error}") from error
    for name, value in document.get("settings", {}).items():
        change_setting(world.settings, name, value)
    return world


def change_setting(settings: Settings, name: str, value: object) -> None:
    """Set one switch; SeedError for an unknown name or another type."""
    current = getattr(settings, name, None) if not name.startswith("_") else None
    if current is None or type(current) is not type(value):
        raise SeedError(f"there is no setting {name!r} of this type")
    setattr(settings, name, value)


def random_seed() -> dict[str, Any]:
    """Return a seed of a few accounts; each run has other credentials."""
    accounts = []
    for network, handle in RANDOM_ACCOUNTS:
        accounts.append(
            {
                "network": network,
                "handle": handle,
                "user_id": str(10**15 + secrets.randbelow(9 * 10**15)),
                "display_name": handle.replace("_", " ").title(),
                "followers_count": 100 + secrets.randbelow(10_000),
                "credential": random_credential(network),
                "posts": [{"text": f"Hello from {handle}."}],
            }
        )
    return {"accounts": accounts}


def random_credential(network: str) -> dict[str, str]:
    """Return a fresh credential document for an account of `network`."""
    if network == "facebook":
        app = {"app_id": str(10**14 + secrets.randbelow(10**14)), "app_secret": secrets.token_hex(16)}
        return {"kind": "page", "page_token": "EAA" + secrets.token_urlsafe(60), **app}
    return {
        "kind": "oauth1",
        "consumer_key": secrets.token_urlsafe(18),
        "consumer_secret": secrets.token_urlsafe(36),
        "access_token": f"{secrets.randbelow(10**15)}-{secrets.token_urlsafe(24)}",
        "access_token_secret": secrets.token_urlsafe(32),
    }


def add_account(world: World, entry: Mapping[str, Any]) -> Account:
    """Add one account of a seed, with its credentials but without posts; SeedError if it exists."""
    network = entry["network"]
    if network not in NETWORKS:
        raise SeedError(f"network is {network!r}, not x or facebook")
    handle, user_id = str(entry["handle"]).removeprefix("@"), str(entry["user_id"])
    if world.account(network, handle) or world.account(network, user_id):
        raise SeedError(f"{network}:@{handle} is there already")
    now = world.clock.now()
    account = Account(
        network=network,
        handle=handle,
        user_id=user_id,
        display_name=str(entry["display_name"]),
        created_at=parse_moment(entry.get("created_at", now - TWO_YEARS)),
        followers_count=int(entry.get("followers_count", 0)),
        protected=bool(entry.get("protected", False)),
        subscriber=bool(entry.get("subscriber", False)),
        description=str(entry.get("description", "")),
        owner_id=str(entry.get("owner_id", f"9{user_id}")),
        owns_app=bool(entry.get("owns_app", False)),
    )
    credentials = [*([entry["credential"]] if entry.get("credential") else []), *entry.get("credentials", [])]
    for credential in credentials:
        add_credential(world, account, credential, entry)
    world.accounts.append(account)
    if network == "x" and entry.get("bearer_token"):
        _add_bearer(world, entry)
    return account


def add_activity(world: World, entry: Mapping[str, Any]) -> None:
    """Add what an account of a seed wrote, and what others wrote to it."""
    account = world.account(entry["network"], str(entry["user_id"]))
    assert account is not None
    add_posts(world, account, entry)


def add_credential(
    world: World, account: Account, credential: Mapping[str, Any], options: Mapping[str, Any]
) -> None:
    """Make a credential document valid for an account; KeyError where a part is missing."""
    kind = credential["kind"]
    if (kind == "page") != (account.network == "facebook"):
        raise SeedError(f"a credential of kind {kind!r} does not fit {account.network}")
    add = {"oauth1": _add_oauth1, "oauth2": _add_oauth2, "page": _add_page}.get(kind)
    if add is None:
        raise SeedError(f"unknown credential kind {kind!r}")
    add(world, account, credential, options)


def _app(world: World, network: str, app_id: str, secret: str, options: Mapping[str, Any]) -> App:
    app = world.app(network, app_id)
    if app is None:
        app = App(network, app_id, secret, name=str(options.get("app_name", f"App of {options['handle']}")))
        world.apps.append(app)
    app.secret = app.secret or secret
    app.live = bool(options.get("app_live", app.live))
    app.proof_required = bool(options.get("proof_required", app.proof_required))
    app.read_only = bool(options.get("read_only", app.read_only))
    return app


def _add_oauth1(world: World, account: Account, doc: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    app = _app(world, "x", doc["consumer_key"], doc["consumer_secret"], options)
    token = Token("x", "oauth1", doc["access_token"], app.app_id, account.user_id, world.clock.now())
    token.secret = doc["access_token_secret"]
    world.tokens[token.value] = token


def _add_oauth2(world: World, account: Account, doc: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    app = _app(world, "x", doc["client_id"], doc.get("client_secret") or "", options)
    token = Token("x", "oauth2", doc["access_token"], app.app_id, account.user_id, world.clock.now())
    token.scopes = [str(scope) for scope in options.get("scopes", X_SCOPES)]
    token.refresh_token = doc.get("refresh_token") or ""
    expires_at = doc.get("expires_at")
    token.expires_at = world.clock.now() + 7200 if expires_at is None else parse_moment(expires_at)
    world.tokens[token.value] = token


def _add_bearer(world: World, options: Mapping[str, Any]) -> None:
    credential = options.get("credential") or {}
    app_id = str(credential.get("consumer_key") or credential.get("client_id") or "app-only")
    app = _app(world, "x", app_id, "", options)
    value = str(options["bearer_token"])
    world.tokens[value] = Token("x", "app", value, app.app_id, "", world.clock.now())


def _add_page(world: World, account: Account, doc: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    app_id = str(doc.get("app_id") or "100000000000001")
    app = _app(world, "facebook", app_id, doc.get("app_secret") or "", options)
    scopes = [str(scope) for scope in options.get("scopes", FACEBOOK_SCOPES)]
    now = world.clock.now()
    token = Token("facebook", "page", doc["page_token"], app.app_id, account.user_id, now, scopes=scopes)
    if doc.get("expires_at") is not None:
        token.expires_at = parse_moment(doc["expires_at"])
    token.data_access_expires_at = now + 90 * 86400
    world.tokens[token.value] = token
    if user_token := options.get("user_token"):
        owner = Token("facebook", "user", str(user_token), app.app_id, account.owner_id, now, scopes=scopes)
        owner.expires_at = owner.data_access_expires_at = now + 60 * 86400
        if existing := world.tokens.get(owner.value):
            account.owner_id = existing.user_id
        else:
            world.tokens[owner.value] = owner
