"""Things that happen to an account without any client of ours: what a break-in or a colleague would do.

`{"network", "account", "kind"}` with `kind`: `post` (the default: `text`, `created_at`?, `link`?, `reply_to`?),
`profile` (`display_name`?, `description`?, `handle`?, `followers_count`?, `protected`?), `delete` and `undelete`
(`id`), `edit` (`id`, `text`), `metrics` (`id`, `metrics`), `comment` (Facebook: `id`, `text`, `from`?), `mention`
(X: `text`, `from`?), `visitor` (Facebook: `text`, `from`?: a visitor's post on the Page). `from` is a name;
without it the account itself writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from socialguard.sandbox import x_text
from socialguard.sandbox.control_views import account_view, post_view
from socialguard.sandbox.seed import SeedError
from socialguard.sandbox.seed_posts import add_comment, add_mention, add_post, add_visitor, set_metrics
from socialguard.sandbox.state import Account, Post, World

PROFILE = {"display_name": str, "description": str, "handle": str, "followers_count": int, "protected": bool}


def happen(world: World, document: Mapping[str, Any]) -> dict[str, Any]:
    """Let it happen and return what changed; SeedError where it cannot."""
    network, kind = document["network"], document.get("kind", "post")
    account = world.account(network, str(document["account"]))
    if account is None:
        raise SeedError(f"there is no {network}:@{document['account']}")
    if kind == "post":
        return post_view(world, add_post(world, account, document, foreign=True))
    if kind in ("mention", "visitor"):
        add = add_mention if kind == "mention" else add_visitor
        return post_view(world, add(world, account, document))
    if kind == "profile":
        for name, parse in PROFILE.items():
            if name in document:
                setattr(account, name, parse(document[name]))
        return account_view(world, account)
    post = world.posts.get(str(document.get("id")))
    if post is None or post.network != network:
        raise SeedError("there is no such post")
    return post_view(world, _to_post(world, account, post, kind, document))


def _to_post(world: World, account: Account, post: Post, kind: str, document: Mapping[str, Any]) -> Post:
    if kind == "delete":
        post.deleted_at = world.clock.now()
    elif kind == "undelete":
        post.deleted_at = None
    elif kind == "metrics":
        set_metrics(post, document["metrics"])
    elif kind == "comment" and post.network == "facebook":
        return add_comment(world, post, document, account)
    elif kind == "edit" and post.network == "facebook":
        post.text = post.shown = str(document["text"])
        post.edited_at = world.clock.now()
    elif kind == "edit":
        version = x_text.make_version(world, account, post, str(document["text"]), world.clock.now())
        version.foreign, version.via = True, post.via
        return version
    else:
        raise SeedError(f"unknown kind {kind!r}")
    return post
