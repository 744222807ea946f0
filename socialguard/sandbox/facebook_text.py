"""What Facebook makes of a post's text: nothing. The post, its id and its empty counters."""

from __future__ import annotations

from socialguard.sandbox.state import Account, Post, World


def make_post(world: World, account: Account, text: str, moment: float) -> Post:
    """Return the post that a Page makes of `text`; the caller puts it into the world."""
    post_id = f"{account.user_id}_{world.new_id(moment)}"
    return Post(
        network="facebook",
        post_id=post_id,
        user_id=account.user_id,
        text=text,
        shown=text,
        created_at=moment,
        via="",
        edit_history=[post_id],
    )


def make_comment(world: World, author: Account, post: Post, text: str, moment: float) -> Post:
    """Return a comment of `author` under `post`; the caller puts it into the world."""
    comment = make_post(world, author, text, moment)
    comment.post_id = f"{post.post_id.rpartition('_')[2]}_{comment.post_id.rpartition('_')[2]}"
    comment.comment_on, comment.edit_history = post.post_id, [comment.post_id]
    return comment
