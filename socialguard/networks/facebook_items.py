"""What Graph tells of posts and comments as items of the archive. Import it inside functions only (pydantic).

What changes by itself is no part of an item's content: counts, the signed addresses of pictures (they end within
days), the time of the newest comment."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from socialguard.model.activity import Attachment, Item, Kind
from socialguard.networks.facebook_replies import Author, Id, Moment, Paging, Reply, parse
from socialguard.networks.facebook_text import url_of
from socialguard.networks.plain import TooDeep, fitting, plain, plain_text

POST_FIELDS: Final = (
    "id,message,story,created_time,permalink_url,is_published,status_type,parent_id,message_tags,place,from,shares,"
    "comments.limit(0).summary(true),reactions.limit(0).summary(true),"
    "attachments{type,media_type,title,description,unshimmed_url,target,media,subattachments}"
)
COMMENT_FIELDS: Final = "id,message,created_time,permalink_url,from,parent,like_count,comment_count,attachment"

Text = Annotated[str, BeforeValidator(fitting), Field(max_length=100_000)]
Name = Annotated[str, BeforeValidator(fitting), Field(max_length=1_000)]
Address = Annotated[str, BeforeValidator(fitting), Field(max_length=10_000)]
Count = Annotated[int, Field(strict=True, ge=0, lt=2**53)]

# Fields of `Item`, what is measured, and what is made again below.
_ELSEWHERE: Final = frozenset(
    {"id", "message", "created_time", "permalink_url", "from", "shares", "comments", "reactions", "like_count"}
    | {"comment_count", "attachments", "attachment", "is_published"}
)


class _Named(Author):
    name: Name = ""


class _Image(Reply):
    src: Address | None = None


class _Media(Reply):
    image: _Image = Field(default_factory=_Image)
    source: Address | None = None


class _Target(Reply):
    id: Name | None = None


class _Part(Reply):
    type: Name = ""
    media_type: Name = ""
    title: Text = ""
    description: Text = ""
    unshimmed_url: Address | None = None
    target: _Target = Field(default_factory=_Target)
    media: _Media | None = None
    subattachments: "_Parts | None" = None


class _Parts(Reply):
    data: list[_Part] = Field(default_factory=list)


class _Shares(Reply):
    count: Count


class _Total(Reply):
    total_count: Count = 0


class _Comments(Reply):
    data: list[dict[str, Any]] = Field(default_factory=list)
    paging: Paging = Field(default_factory=Paging)
    summary: _Total | None = None


class _Row(Reply):
    id: Id
    message: Text = ""
    created_time: Moment
    permalink_url: Address | None = None
    author: _Named | None = Field(None, alias="from")


class Post(_Row):
    """A post of a Page, or of a visitor on it."""

    is_published: bool | None = None
    shares: _Shares | None = None
    comments: _Comments = Field(default_factory=_Comments)
    reactions: _Comments = Field(default_factory=_Comments)
    attachments: _Parts = Field(default_factory=_Parts)

    @property
    def counts(self) -> dict[str, int]:
        """What everybody can count."""
        totals = {"comments": self.comments.summary, "reactions": self.reactions.summary}
        found = {name: total.total_count for name, total in totals.items() if total is not None}
        # A post that was never shared has no `shares`.
        return {**found, "shares": self.shares.count if self.shares else 0}


class Comment(_Row):
    """A comment, or an answer to one."""

    parent: Author | None = None
    attachment: _Part | None = None
    like_count: Count | None = None
    comment_count: Count | None = None


class Rows(Reply):
    """A page of posts or comments, each row as it came."""

    data: list[dict[str, Any]]
    paging: Paging = Field(default_factory=Paging)


def post_item(row: Mapping[str, object], page_id: str) -> tuple[Post, Item] | None:
    """Return a post, parsed and as an item; None where the row is none."""
    post = parse(Post, row)
    content = _content(row)
    if post is None or content is None:
        return None
    # A Page's own token shows no `from` on some of its own posts; those of others always have one.
    own = post.author is None or post.author.id == page_id
    parts = list(_parts(post.attachments))
    if parts:
        content["attachments"] = [_described(part) for part in parts]
    return post, Item(
        network_id=post.id,
        kind=Kind.POST,
        own=own,
        author_id=post.author.id if post.author else page_id,
        author_name=plain_text(post.author.name) if post.author else "",
        text=plain_text(post.message),
        created_at=post.created_time,
        url=_address(post),
        attachments=tuple(found for part in parts if (found := _attachment(part))),
        content=content,
        metrics=post.counts,
    )


def comment_item(row: Mapping[str, object], page_id: str, post_id: str) -> Item | None:
    """Return a comment under `post_id` as an item; None where the row is none."""
    comment = parse(Comment, row)
    content = _content(row)
    if comment is None or content is None:
        return None
    content["post"] = post_id
    parts = [comment.attachment] if comment.attachment else []
    if parts:
        content["attachments"] = [_described(part) for part in parts]
    counts = {"likes": comment.like_count, "comments": comment.comment_count}
    author = comment.author
    return Item(
        network_id=comment.id,
        kind=Kind.COMMENT,
        own=author is not None and author.id == page_id,
        author_id=author.id if author else "",
        author_name=plain_text(author.name) if author else "",
        text=plain_text(comment.message),
        created_at=comment.created_time,
        url=_address(comment),
        reply_to=comment.parent.id if comment.parent else post_id,
        attachments=tuple(found for part in parts if (found := _attachment(part))),
        content=content,
        metrics={name: count for name, count in counts.items() if count is not None},
    )


def _content(row: Mapping[str, object]) -> dict[str, object] | None:
    try:
        kept = plain({name: value for name, value in row.items() if name not in _ELSEWHERE})
    except TooDeep:
        return None
    assert isinstance(kept, dict)
    return kept


def _parts(attachments: _Parts) -> list[_Part]:
    """Return the attachments, those of an album one by one."""
    found: list[_Part] = []
    for part in attachments.data:
        inner = part.subattachments.data if part.subattachments else []
        found += inner or [part]
    return found


def _described(part: _Part) -> dict[str, object]:
    told = {
        "type": part.type,
        "media_type": part.media_type,
        "title": part.title,
        "description": part.description,
        "url": part.unshimmed_url if part.media is None else None,
        "target": part.target.id,
    }
    return {name: plain_text(value) for name, value in told.items() if value}


def _attachment(part: _Part) -> Attachment | None:
    """Return the picture or video of an attachment; None for a link's preview, which is not the Page's own."""
    address = (part.media.source or part.media.image.src) if part.media else None
    kind = part.media_type or part.type
    if address is None or kind in ("link", "share"):
        return None
    return Attachment(plain_text(part.target.id or address.partition("?")[0]), plain_text(kind), address)


def _address(row: _Row) -> str:
    named = row.permalink_url or ""
    return plain_text(named) if named.startswith("https://") else url_of(row.id)
