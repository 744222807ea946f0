"""Find out what an id of Graph is, and do what is asked of it."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import JSONResponse, Response

from socialguard.sandbox import facebook_insights, facebook_lists, facebook_photos, facebook_posts
from socialguard.sandbox.facebook_comments import comments, render_comment
from socialguard.sandbox.facebook_errors import graph_error, invalid_parameter, missing_object, missing_permission
from socialguard.sandbox.facebook_fields import asked_fields, pick
from socialguard.sandbox.facebook_render import render_page, render_photo, render_post
from socialguard.sandbox.facebook_tokens import require_page_token
from socialguard.sandbox.gateway import Call, Handler, Operation
from socialguard.sandbox.state import Account, App, Post

MAX_IDS = 50
READ, POST_AS, ENGAGE = "pages_read_engagement", "pages_manage_posts", "pages_manage_engagement"
# What visitors wrote: posts on the Page, which its feed has too, and comments.
READ_OTHERS = "pages_read_user_content"


def operations() -> list[tuple[str, str, Operation]]:
    """Return method, path and operation of everything under an id."""
    lists = facebook_lists
    return [
        ("GET", "/", Operation("read", read_nodes)),
        ("GET", "/{node}", Operation(_read_name, read_node)),
        ("POST", "/{node}", Operation(_change_name, change_node, changes=True)),
        ("DELETE", "/{node}", Operation("delete", delete_node, changes=True)),
        ("POST", "/{node}/feed", _of_page("publish", facebook_posts.create_post, POST_AS, changes=True)),
        (
            "POST",
            "/{node}/photos",
            _of_page(_photo_name, facebook_photos.upload_photo, POST_AS, changes=True),
        ),
        ("GET", "/{node}/photos", _of_page("timeline", lists.photos, READ)),
        ("GET", "/{node}/feed", _of_page("timeline", lists.feed, READ_OTHERS)),
        ("GET", "/{node}/posts", _of_page("timeline", lists.published_posts, READ)),
        ("GET", "/{node}/published_posts", _of_page("timeline", lists.published_posts, READ)),
        ("GET", "/{node}/visitor_posts", _of_page("timeline", lists.visitor_posts, READ_OTHERS)),
        ("GET", "/{node}/scheduled_posts", _of_page("timeline", lists.scheduled_posts, READ)),
        ("GET", "/{node}/comments", Operation("comment", _comments)),
        ("POST", "/{node}/comments", Operation("comment", _add_comment, changes=True)),
        ("GET", "/{node}/insights", Operation("read", _insights)),
    ]


def _of_page(
    name: str | Callable[[Call], str],
    act: Callable[[Call, Account], Response],
    scope: str,
    *,
    changes: bool = False,
) -> Operation:
    def handler(call: Call) -> Response:
        page = _page(call, call.params["node"])
        if page is None:
            raise missing_object(call.request.method, call.params["node"])
        require_page_token(call, page)
        _require(call, scope)
        return act(call, page)

    checked: Handler = handler
    return Operation(name, checked, changes=changes)


def _require(call: Call, scope: str) -> None:
    if call.token is None or scope not in call.token.scopes:
        raise missing_permission(scope)


def _page(call: Call, node: str) -> Account | None:
    if node == "me":
        return call.account
    return call.world.account("facebook", node)


def _post(call: Call, node: str) -> Post | None:
    post = call.world.posts.get(node)
    is_there = post is not None and post.network == "facebook" and post.deleted_at is None
    return post if is_there else None


def _own_post(call: Call, scope: str, node: str = "") -> Post:
    node = node or call.params["node"]
    post = _post(call, node)
    owner = None
    if post is not None:
        original = call.world.posts.get(post.comment_on) if post.comment_on else post
        owner = call.world.account("facebook", original.on_page or original.user_id) if original else None
    if (
        post is None
        or owner is None
        or call.token is None
        or call.token.user_id not in (owner.user_id, owner.owner_id)
    ):
        raise missing_object(call.request.method, node)
    _require(call, scope)
    return post


def _read_name(call: Call) -> str:
    node = call.params["node"]
    if node == "me" or call.world.account("facebook", node):
        return "identity"
    return "inspect" if call.world.app("facebook", node) else "read"


def _change_name(call: Call) -> str:
    return "publish_step" if call.value("is_published") is not None else "edit"


def _photo_name(call: Call) -> str:
    published = (call.value("published") or "true").lower()
    return "upload" if published in ("false", "0") else "publish"


def read_node(call: Call) -> Response:
    """GET /{id}: me, a Page, a post, a comment, a photo, the app."""
    node = call.params["node"]
    assert call.token is not None
    if node == "me" and call.token.kind == "user":
        return JSONResponse(
            pick({"id": call.token.user_id, "name": "A Person"}, asked_fields(call, ("name",)), "User")
        )
    if node == "me" and call.token.kind == "app":
        raise graph_error(2500, "An active access token must be used to query information about the current user.")
    if (page := _page(call, node)) is not None:
        if call.token.user_id not in (page.user_id, page.owner_id):
            raise missing_permission(READ)
        return JSONResponse(render_page(call.world, page, asked_fields(call, ("name",))))
    if (app := call.world.app("facebook", node)) is not None:
        return _read_app(call, app)
    if (photo := call.world.media.get(node)) is not None and photo.owner_id == call.token.user_id:
        return JSONResponse(render_photo(call, photo, asked_fields(call, ("created_time",))))
    post = _own_post(call, READ)
    if post.comment_on:
        fields = asked_fields(call, ("created_time", "from", "message"))
        return JSONResponse(render_comment(call.world, post, fields))
    return facebook_posts.get_post(call, post)


def read_nodes(call: Call) -> Response:
    """GET /?ids=: up to 50 posts by id; one that is missing fails them all."""
    ids = [node for node in (call.value("ids") or "").split(",") if node]
    if not 1 <= len(ids) <= MAX_IDS:
        raise invalid_parameter(f"Param ids must have from 1 to {MAX_IDS} elements")
    fields = asked_fields(call, facebook_posts.DEFAULT_FIELDS)
    found = {node: _own_post(call, READ, node) for node in ids}
    return JSONResponse({node: render_post(call, post, fields) for node, post in found.items()})


def _read_app(call: Call, app: App) -> Response:
    assert call.token is not None
    if call.token.app_id != app.app_id:
        raise missing_object("GET", app.app_id)
    # Graph tells nothing of an app being Live or in development
    everything = {
        "id": app.app_id,
        "name": app.name,
        "category": "Business and Pages",
        "namespace": None,
        "link": f"https://www.facebook.com/games/?app_id={app.app_id}",
    }
    return JSONResponse(pick(everything, asked_fields(call, ("category", "link", "name")), "Application"))


def change_node(call: Call) -> Response:
    """POST /{id}: publish or edit a post, edit a comment."""
    return facebook_posts.change_post(call, _own_post(call, _scope_to_change(call)))


def delete_node(call: Call) -> Response:
    """DELETE /{id}: a post, a comment, or an unattached photo."""
    photo = call.world.media.get(call.params["node"])
    if photo is not None and call.token is not None and photo.owner_id == call.token.user_id:
        del call.world.media[photo.media_id]
        return JSONResponse({"success": True})
    return facebook_posts.delete_post(call, _own_post(call, _scope_to_change(call)))


def _scope_to_change(call: Call) -> str:
    post = _post(call, call.params["node"])
    return ENGAGE if post is not None and post.comment_on else POST_AS


def _comments(call: Call) -> Response:
    return comments(call, _own_post(call, READ_OTHERS))


def _add_comment(call: Call) -> Response:
    post = _own_post(call, ENGAGE)
    page = call.world.account("facebook", post.user_id)
    if page is None:
        raise missing_object("POST", post.post_id)
    require_page_token(call, page)
    return facebook_posts.add_comment(call, post, page)


def _insights(call: Call) -> Response:
    _require(call, "read_insights")
    if (page := _page(call, call.params["node"])) is not None:
        require_page_token(call, page)
        return facebook_insights.page_insights(call, page)
    return facebook_insights.post_insights(call, _own_post(call, READ))
