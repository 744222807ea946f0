"""What X answers, parsed: only the fields that are used, under the names of API 2.166 and of 2.167, which calls
a tweet a post. Import it inside functions only (pydantic)."""

from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AliasChoices,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic import ValidationError as _ValidationError

from socialguard.networks.plain import fitting, in_utc

Id = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}$")]
"""X's ids exceed 2^53, so they are strings everywhere."""

_MAX_COUNT = 2**53 - 1

Name = Annotated[str, BeforeValidator(fitting), StringConstraints(max_length=1_000)]
Address = Annotated[str, BeforeValidator(fitting), StringConstraints(max_length=10_000)]
Text = Annotated[str, BeforeValidator(fitting), StringConstraints(max_length=200_000)]
"""X's longest post has 25,000 characters, of which each `&` is written as five."""

Moment = Annotated[AwareDatetime, AfterValidator(in_utc)]

_Model = TypeVar("_Model", bound=BaseModel)


class Unusable(Exception):
    """An answer that lacks what it must hold; names the fields, never their values."""


class _Reply(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


Count = Annotated[int, Field(strict=True, ge=0, le=_MAX_COUNT)]
Counts = dict[str, Count | None]
"""Metrics by name. X adds and renames them: whatever comes is kept."""


class User(_Reply):
    """A user object."""

    id: Id
    name: Name = ""
    username: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    public_metrics: Counts = Field(default_factory=dict)

    @property
    def posts(self) -> int | None:
        """How many posts and reposts the user has, under either name."""
        counts = self.public_metrics
        return counts.get("tweet_count", counts.get("post_count"))


class _Problem(_Reply):
    type: str = ""
    value: str = ""
    detail: str = ""

    @property
    def is_suspended(self) -> bool:
        """Whether it is about a user whom X suspended: the handle is somebody's."""
        return "suspended" in self.detail.lower()


class FoundUsers(_Reply):
    """The users of some names, and of each other name why there is none."""

    data: list[User] = Field(default_factory=list)
    errors: list[_Problem] = Field(default_factory=list)


class _Url(_Reply):
    url: str
    expanded_url: str = ""
    display_url: str = ""
    media_key: str | None = None

    @property
    def is_media(self) -> bool:
        """Whether the link only stands for attached media."""
        return self.media_key is not None or self.display_url.startswith(("pic.x.com/", "pic.twitter.com/"))


class _Entities(_Reply):
    urls: list[_Url] = Field(default_factory=list)


class _Note(_Reply):
    text: Text
    entities: _Entities = Field(default_factory=_Entities)


class _Reference(_Reply):
    type: str
    id: Id


class Post(_Reply):
    """A post object."""

    id: Id
    text: Text
    created_at: Moment
    entities: _Entities = Field(default_factory=_Entities)
    note: _Note | None = Field(default=None, validation_alias=AliasChoices("note_tweet", "note_post"))
    references: list[_Reference] = Field(
        default_factory=list, validation_alias=AliasChoices("referenced_tweets", "referenced_posts")
    )

    @property
    def whole_text(self) -> str:
        """The text as X gives it, of a long post too."""
        return self.note.text if self.note else self.text

    @property
    def links(self) -> dict[str, str]:
        """Where each `t.co` link leads; an empty string for one that stands for media."""
        found = [*self.entities.urls, *(self.note.entities.urls if self.note else [])]
        return {link.url: "" if link.is_media else link.expanded_url or link.url for link in found}

    def refers(self, how: str) -> str | None:
        """Return the id of the post that this one `replied_to`, `retweeted` or `quoted`."""
        return next((reference.id for reference in self.references if reference.type == how), None)


class _Attachments(_Reply):
    media_keys: list[Name] = []


class ItemReply(Post):
    """A post object with what the archive keeps of it."""

    author_id: Id
    attachments: _Attachments = Field(default_factory=_Attachments)
    public_metrics: Counts = Field(default_factory=dict)


class _Variant(_Reply):
    url: Address | None = None
    content_type: str = ""
    bit_rate: int = 0


class Media(_Reply):
    """A picture or a video."""

    media_key: Name
    type: Name
    url: Address | None = None
    alt_text: Text = ""
    preview_image_url: Address | None = None
    variants: list[_Variant] = Field(default_factory=list)

    @property
    def address(self) -> str | None:
        """Where the whole thing is: a photo's own address, of a video the variant with the most bits."""
        films = [variant for variant in self.variants if variant.content_type == "video/mp4" and variant.url]
        best = max(films, key=lambda variant: variant.bit_rate, default=None)
        return self.url or (best.url if best else None) or self.preview_image_url


class _Includes(_Reply):
    users: list[User] = Field(default_factory=list)
    media: list[Media] = Field(default_factory=list)


class Measured(_Reply):
    """A post object with nothing but its metrics."""

    id: Id
    public_metrics: Counts = Field(default_factory=dict)
    non_public_metrics: Counts = Field(default_factory=dict)
    organic_metrics: Counts = Field(default_factory=dict)


class Measures(_Reply):
    """The answer to a question for the metrics of posts; a post without any is in `errors`."""

    data: list[Measured] = Field(default_factory=list)
    errors: list[dict[str, Any]] = Field(default_factory=list)


class _Meta(_Reply):
    next_token: Name | None = None


class Timeline(_Reply):
    """A page of posts."""

    data: list[Post] = Field(default_factory=list)
    meta: _Meta | None = None
    errors: list[Any] = Field(default_factory=list)


class Activity(_Reply):
    """A page of posts with their authors and media."""

    data: list[ItemReply] = Field(default_factory=list)
    includes: _Includes = Field(default_factory=_Includes)
    meta: _Meta | None = None


class Created(_Reply):
    """The answer to a new post, or to an upload."""

    id: Id


class Deleted(_Reply):
    """The answer to a deletion."""

    deleted: bool


def _printable(value: str) -> str:
    if not (value.isascii() and value.isprintable() and " " not in value):
        raise ValueError("not a token")
    return value


Token = Annotated[str, StringConstraints(min_length=1, max_length=4096), AfterValidator(_printable)]


class Tokens(_Reply):
    """The answer of the token endpoint (RFC 6749 §5.1)."""

    access_token: Token
    refresh_token: Token | None = None
    expires_in: int | None = Field(default=None, ge=0, le=10**9)
    scope: str = ""


def parse(model: type[_Model], document: object) -> _Model:
    """Return `document` as a `model`; Unusable where it is none."""
    problem = ""
    try:
        return model.model_validate(document)
    except _ValidationError as failed:
        found = failed.errors(include_url=False, include_input=False, include_context=False)
        problem = "; ".join(f"{'.'.join(map(str, entry['loc']))} {entry['type']}" for entry in found[:3])
    raise Unusable(problem)
